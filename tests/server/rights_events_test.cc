// Which commits make open streams look at their rights again.
#include "server/events/rights_events.h"

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "latchkey/v1/audit_service.pb.h"
#include "server/events/event_hub.h"
#include "storage/engine/memory_engine.h"

namespace latchkey {
namespace {

std::string EventOf(v1::Action action, v1::Outcome outcome = v1::OUTCOME_ALLOWED,
                    bool has_before = false) {
  v1::Event event;
  event.set_action(action);
  event.mutable_decision()->set_outcome(outcome);
  if (has_before) event.mutable_before()->mutable_token()->set_name("workspaces/a/tokens/t");
  return event.SerializeAsString();
}

bool Takes(const std::string& event) {
  EventFacets facets;
  EXPECT_TRUE(ReadFacets(event, facets).ok());
  return MayTakeRights(facets);
}

TEST(RightsEventsTest, WhatChangesRolesOrEndsCredentialsTakesRights) {
  for (const v1::Action action :
       {v1::ACTION_WORKSPACE_UPDATE, v1::ACTION_MEMBER_UPDATE, v1::ACTION_MEMBER_DEACTIVATE,
        v1::ACTION_SERVICE_DELETE, v1::ACTION_ORGANIZATION_UPDATE, v1::ACTION_TOKEN_REVOKE,
        v1::ACTION_TOKEN_REGENERATE, v1::ACTION_TOKEN_ROTATE, v1::ACTION_TOKEN_EXPIRE,
        v1::ACTION_TOKEN_BULK_REVOKE, v1::ACTION_TOKEN_FIRST_USE, v1::ACTION_TOKEN_IDLE_REVOKE}) {
    EXPECT_TRUE(Takes(EventOf(action))) << v1::Action_Name(action);
    EXPECT_FALSE(Takes(EventOf(action, v1::OUTCOME_DENIED))) << v1::Action_Name(action);
  }
}

TEST(RightsEventsTest, ARefusedReuseEndsAFamilyAllTheSame) {
  EXPECT_TRUE(Takes(EventOf(v1::ACTION_TOKEN_REUSE, v1::OUTCOME_DENIED)));
}

TEST(RightsEventsTest, ANewTokenTakesNoneUnlessItReplacesOne) {
  EXPECT_FALSE(Takes(EventOf(v1::ACTION_TOKEN_ISSUE)));
  EXPECT_TRUE(Takes(EventOf(v1::ACTION_TOKEN_ISSUE, v1::OUTCOME_ALLOWED, /*has_before=*/true)));
}

TEST(RightsEventsTest, TheHubKnowsTheLastOfThem) {
  engine::MemoryEngine engine;
  EventHub hub({engine}, 10);
  EXPECT_EQ(hub.rights_changed(), 0u);
  hub.Publish({EventOf(v1::ACTION_TOKEN_ISSUE), EventOf(v1::ACTION_TOKEN_REVOKE),
               EventOf(v1::ACTION_MEMBER_UPDATE), EventOf(v1::ACTION_TOKEN_ISSUE)},
              14);
  EXPECT_EQ(hub.rights_changed(), 13u);
  hub.Publish({EventOf(v1::ACTION_TOKEN_ISSUE)}, 15);
  EXPECT_EQ(hub.rights_changed(), 13u);
  hub.Reset(20);
  EXPECT_EQ(hub.rights_changed(), 20u);
}

}  // namespace
}  // namespace latchkey
