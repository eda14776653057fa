#include "server/authority/changed_fields.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace latchkey {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> ChangedOf(v1::Event event) {
  SetChanged(event);
  return {event.changed().paths().begin(), event.changed().paths().end()};
}

// An event about a workspace that has every kind of field.
v1::Event Unchanged() {
  v1::Event event;
  v1::Workspace& before = *event.mutable_before()->mutable_workspace();
  before.set_name("workspaces/acme");
  before.set_display_name("Acme");
  before.set_plan(v1::PLAN_PLUS);
  before.mutable_settings()->set_app_approval_required(true);
  before.mutable_create_time()->set_seconds(7);
  before.set_revision(1);
  *event.mutable_after() = event.before();
  event.mutable_after()->mutable_workspace()->set_revision(2);
  return event;
}

TEST(ChangedFieldsTest, TheRevisionAloneIsNoChange) {
  v1::Event event = Unchanged();
  SetChanged(event);
  EXPECT_FALSE(event.has_changed());
}

TEST(ChangedFieldsTest, NamesWhatDiffers) {
  v1::Event event = Unchanged();
  v1::Workspace& after = *event.mutable_after()->mutable_workspace();
  after.clear_display_name();
  after.set_plan(v1::PLAN_FREE);
  const auto changed = ChangedOf(event);
  EXPECT_THAT(changed, ::testing::UnorderedElementsAre("display_name", "plan"));
}

TEST(ChangedFieldsTest, GoesOneLevelDown) {
  v1::Event event = Unchanged();
  v1::WorkspaceSettings& after = *event.mutable_after()->mutable_workspace()->mutable_settings();
  after.set_app_approval_required(false);
  after.set_guests_may_use_apps(true);
  EXPECT_THAT(ChangedOf(event), ::testing::UnorderedElementsAre("settings.app_approval_required",
                                                                "settings.guests_may_use_apps"));
}

TEST(ChangedFieldsTest, AMessageThatOneSideLacksIsNamedAlone) {
  v1::Event event = Unchanged();
  event.mutable_after()->mutable_workspace()->clear_settings();
  EXPECT_THAT(ChangedOf(event), ElementsAre("settings"));
}

TEST(ChangedFieldsTest, TimesAreNotTakenApart) {
  v1::Event event = Unchanged();
  event.mutable_after()->mutable_workspace()->mutable_create_time()->set_seconds(8);
  EXPECT_THAT(ChangedOf(event), ElementsAre("create_time"));
}

TEST(ChangedFieldsTest, SeesListsInTheirOrder) {
  v1::Event event;
  v1::App& before = *event.mutable_before()->mutable_app();
  before.add_bot_scopes("a");
  before.add_bot_scopes("b");
  before.add_user_scopes("c");
  *event.mutable_after() = event.before();
  EXPECT_THAT(ChangedOf(event), IsEmpty());
  event.mutable_after()->mutable_app()->set_bot_scopes(0, "x");
  EXPECT_THAT(ChangedOf(event), ElementsAre("bot_scopes"));
  event.mutable_after()->mutable_app()->add_user_scopes("d");
  EXPECT_THAT(ChangedOf(event), ElementsAre("bot_scopes", "user_scopes"));
}

TEST(ChangedFieldsTest, LeavesEventsWithoutBothAlone) {
  v1::Event made;
  made.mutable_after()->mutable_app()->set_name("apps/bot");
  EXPECT_THAT(ChangedOf(made), IsEmpty());
  v1::Event erased;
  erased.mutable_before()->mutable_service()->set_name("services/ci");
  EXPECT_THAT(ChangedOf(erased), IsEmpty());
  v1::Event mixed;
  mixed.mutable_before()->mutable_service()->set_name("services/ci");
  mixed.mutable_after()->mutable_app()->set_name("apps/bot");
  EXPECT_THAT(ChangedOf(mixed), IsEmpty());
}

// The single writer does this for every change. The bound is loose, for builds that do not
// optimize.
TEST(ChangedFieldsTest, CostsLittle) {
  constexpr int kRounds = 2000;
  v1::Event event;
  v1::Token& before = *event.mutable_before()->mutable_token();
  before.set_name("workspaces/acme/tokens/01j9zzzzzzzzzzzzzzzz");
  for (const char* scope : {"chat:write", "files:read", "users:read"}) before.add_scopes(scope);
  before.mutable_create_time()->set_seconds(7);
  *event.mutable_after() = event.before();
  event.mutable_after()->mutable_token()->set_state(v1::TOKEN_STATE_REVOKED);
  event.mutable_after()->mutable_token()->mutable_revocation()->set_reason("gone");
  absl::Duration best = absl::InfiniteDuration();
  for (int attempt = 0; attempt < 5; ++attempt) {
    const absl::Time start = absl::Now();
    for (int i = 0; i < kRounds; ++i) {
      event.clear_changed();
      SetChanged(event);
    }
    best = std::min(best, (absl::Now() - start) / kRounds);
  }
  RecordProperty("each", absl::FormatDuration(best));
  EXPECT_LT(best, absl::Microseconds(50)) << best;
}

}  // namespace
}  // namespace latchkey
