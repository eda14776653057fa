// What a plan takes: how many apps a workspace may be the home of.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "server/authority/errors.h"
#include "server/base/executor.h"
#include "storage/engine/memory_engine.h"
#include "tests/server/test_authority.h"
#include "tests/testing/status_matchers.h"

namespace latchkey {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::StatusIs;
using testing::TestAuthority;

class PlanTest : public ::testing::Test {
 protected:
  void MakeWorkspace(const std::string& id, v1::Plan plan) {
    v1::CreateWorkspaceRequest request;
    request.set_workspace_id(id);
    request.mutable_workspace()->set_plan(plan);
    request.set_primary_owner_id("ann");
    ASSERT_TRUE(Call(operator_, request).ok());
  }
  v1::UpdateWorkspaceResponse ChangePlan(const std::string& id, v1::Plan plan) {
    v1::UpdateWorkspaceRequest request;
    request.mutable_workspace()->set_name(absl::StrCat("workspaces/", id));
    request.mutable_workspace()->set_plan(plan);
    request.mutable_update_mask()->add_paths("plan");
    const auto changed = Call(operator_, request);
    EXPECT_TRUE(changed.ok()) << changed.status();
    return changed.value_or(v1::UpdateWorkspaceResponse());
  }
  std::vector<std::string> ExcessesOf(const std::string& id) {
    v1::GetWorkspaceRequest request;
    request.set_name(absl::StrCat("workspaces/", id));
    return Texts(authority_->Read(operator_, request)->plan_excesses());
  }
  static std::vector<std::string> Texts(
      const google::protobuf::RepeatedPtrField<v1::PlanExcess>& excesses) {
    std::vector<std::string> texts;
    for (const v1::PlanExcess& excess : excesses) {
      texts.push_back(absl::StrCat(excess.limit(), " ", excess.count(), "/", excess.allowed()));
    }
    return texts;
  }
  static v1::CreateAppRequest NewApp(const std::string& workspace, const std::string& id) {
    v1::CreateAppRequest request;
    request.set_app_id(id);
    request.mutable_app()->set_home_workspace(absl::StrCat("workspaces/", workspace));
    request.mutable_app()->set_kind(v1::APP_KIND_INTERNAL);
    return request;
  }
  absl::Status MakeApp(const std::string& workspace, const std::string& id) {
    return Call(Ann(workspace), NewApp(workspace, id)).status();
  }
  void MakeApps(const std::string& workspace, int first, int last) {
    for (int i = first; i <= last; ++i) {
      const absl::Status made = MakeApp(workspace, absl::StrCat(workspace, "-", i));
      ASSERT_TRUE(made.ok()) << i << ": " << made;
    }
  }
  void DeleteApp(const std::string& workspace, const std::string& id) {
    v1::DeleteAppRequest request;
    request.set_name(absl::StrCat("apps/", id));
    ASSERT_TRUE(Call(Ann(workspace), request).ok());
  }
  static Caller Ann(const std::string& workspace) {
    return TestAuthority::Member(absl::StrCat("workspaces/", workspace, "/members/ann"));
  }
  static auto Metadata(const absl::Status& status) {
    return GetDetail<google::rpc::ErrorInfo>(status).metadata();
  }

  template <typename Request>
  absl::StatusOr<ResponseOf<Request>> Call(const Caller& caller, const Request& request) {
    return authority_.Call(caller, request);
  }

  engine::MemoryEngine engine_;
  ManualExecutor executor_;
  TestAuthority authority_{engine_, executor_, &executor_};
  const Caller operator_ = TestAuthority::Operator();
};

TEST_F(PlanTest, AWorkspaceIsTheHomeOfAsManyAppsAsItsPlanTakes) {
  MakeWorkspace("acme", v1::PLAN_FREE);
  MakeWorkspace("other", v1::PLAN_FREE);
  MakeApps("other", 1, 3);
  MakeApps("acme", 1, 10);
  const std::uint64_t before = authority_->events().newest();

  const absl::Status refused = MakeApp("acme", "one-more");

  ASSERT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(GetDetail<google::rpc::ErrorInfo>(refused).reason(), "PLAN_LIMIT");
  EXPECT_EQ(Metadata(refused).at("resource"), "workspaces/acme");
  EXPECT_EQ(Metadata(refused).at("plan"), "FREE");
  EXPECT_EQ(Metadata(refused).at("what"), "max_apps");
  EXPECT_EQ(Metadata(refused).at("limit"), "10");
  EXPECT_EQ(Metadata(refused).at("count"), "10");
  EXPECT_NE(refused.message().find("change the plan"), std::string::npos) << refused;
  EXPECT_EQ(authority_->events().newest(), before);
  EXPECT_TRUE(MakeApp("other", "fourth").ok());
}

TEST_F(PlanTest, ADeletedAppGivesItsPlaceFree) {
  MakeWorkspace("acme", v1::PLAN_FREE);
  MakeApps("acme", 1, 10);
  ASSERT_FALSE(MakeApp("acme", "one-more").ok());

  DeleteApp("acme", "acme-4");

  EXPECT_TRUE(MakeApp("acme", "one-more").ok());
  EXPECT_FALSE(MakeApp("acme", "two-more").ok());
}

TEST_F(PlanTest, AppsOfOneGroupOfChangesAreCountedToo) {
  MakeWorkspace("acme", v1::PLAN_FREE);
  int made = 0;
  for (int i = 0; i < 15; ++i) {
    authority_->Mutate(Ann("acme"), NewApp("acme", absl::StrCat("app-", i)),
                       [&](const auto& answer) { made += answer.ok() ? 1 : 0; });
  }

  executor_.RunAll();

  EXPECT_EQ(made, 10);
}

TEST_F(PlanTest, ASmallerPlanTakesNothingAwayAndSaysWhyNoMoreIsMade) {
  MakeWorkspace("acme", v1::PLAN_STANDARD);
  MakeApps("acme", 1, 12);

  const v1::UpdateWorkspaceResponse changed = ChangePlan("acme", v1::PLAN_FREE);

  EXPECT_THAT(Texts(changed.plan_excesses()), ElementsAre("max_apps 12/10"));
  EXPECT_NE(changed.plan_excesses(0).message().find("It has 12 apps, and its plan FREE takes 10"),
            std::string::npos);
  EXPECT_THAT(ExcessesOf("acme"), ElementsAre("max_apps 12/10"));
  v1::ListAppsRequest list;
  list.set_parent("workspaces/acme");
  EXPECT_EQ(authority_->Read(operator_, list)->apps_size(), 12);
  v1::InstallAppRequest install;
  install.set_parent("workspaces/acme");
  install.set_app("apps/acme-12");
  EXPECT_TRUE(Call(Ann("acme"), install).ok());
  const absl::Status refused = MakeApp("acme", "one-more");
  ASSERT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(Metadata(refused).at("limit"), "10");
  EXPECT_EQ(Metadata(refused).at("count"), "12");

  for (const char* app : {"acme-1", "acme-2"}) DeleteApp("acme", app);
  EXPECT_FALSE(MakeApp("acme", "one-more").ok());
  DeleteApp("acme", "acme-3");
  EXPECT_TRUE(MakeApp("acme", "one-more").ok());
}

TEST_F(PlanTest, SettingsThatASmallerPlanDoesNotTakeMayStayOrComeNearer) {
  MakeWorkspace("acme", v1::PLAN_STANDARD);
  const auto set = [&](int days, int hours, bool approval) {
    v1::UpdateWorkspaceRequest request;
    request.mutable_workspace()->set_name("workspaces/acme");
    auto& settings = *request.mutable_workspace()->mutable_settings();
    v1::IdleLimit& limit = *settings.add_idle_limits();
    limit.set_kind(v1::TOKEN_KIND_BOT);
    limit.mutable_limit()->set_seconds(days * 24 * 3600);
    settings.mutable_access_token_life()->set_seconds(hours * 3600);
    settings.set_app_approval_required(approval);
    request.mutable_update_mask()->add_paths("settings");
    return Call(Ann("acme"), request).status();
  };
  ASSERT_TRUE(set(180, 24, false).ok());
  EXPECT_THAT(ExcessesOf("acme"), IsEmpty());
  ChangePlan("acme", v1::PLAN_FREE);
  EXPECT_THAT(ExcessesOf("acme"),
              ElementsAre("max_idle_limit 15552000/7776000", "max_access_life 86400/43200"));

  EXPECT_TRUE(set(180, 24, true).ok());
  EXPECT_TRUE(set(170, 24, true).ok());
  const absl::Status refused = set(171, 24, true);
  ASSERT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition,
                                HasSubstr("takes a max_idle_limit of 2160h: it has 4080h")));
  EXPECT_EQ(Metadata(refused).at("limit"), "7776000");
  EXPECT_TRUE(set(90, 12, true).ok());
  EXPECT_THAT(ExcessesOf("acme"), IsEmpty());
  EXPECT_THAT(set(91, 12, true), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(set(90, 13, true), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(PlanTest, ConsumersBeyondASmallerPlanStayAndAreTold) {
  MakeWorkspace("acme", v1::PLAN_STANDARD);
  for (const char* id : {"siem", "copy"}) {
    v1::CreateConsumerRequest request;
    request.set_consumer_id(id);
    request.mutable_consumer()->mutable_filter()->set_workspace("workspaces/acme");
    ASSERT_TRUE(Call(operator_, request).ok());
  }
  EXPECT_THAT(ExcessesOf("acme"), IsEmpty());
  EXPECT_THAT(Texts(ChangePlan("acme", v1::PLAN_FREE).plan_excesses()),
              ElementsAre("max_consumers 2/1"));
  EXPECT_THAT(ExcessesOf("acme"), ElementsAre("max_consumers 2/1"));
}

TEST_F(PlanTest, EachPlanHasItsOwnLimit) {
  MakeWorkspace("acme", v1::PLAN_FREE);
  MakeApps("acme", 1, 10);
  ASSERT_FALSE(MakeApp("acme", "acme-11").ok());
  ChangePlan("acme", v1::PLAN_STANDARD);
  MakeApps("acme", 11, 250);
  ASSERT_FALSE(MakeApp("acme", "acme-251").ok());
  ChangePlan("acme", v1::PLAN_PLUS);
  MakeApps("acme", 251, 1000);
  EXPECT_EQ(Metadata(MakeApp("acme", "acme-1001")).at("plan"), "PLUS");
  ChangePlan("acme", v1::PLAN_ENTERPRISE_GRID);
  MakeApps("acme", 1001, 1010);
}

TEST_F(PlanTest, WhoMayMakeNoAppIsToldThatAndNotTheCount) {
  MakeWorkspace("acme", v1::PLAN_FREE);
  MakeWorkspace("other", v1::PLAN_FREE);
  MakeApps("acme", 1, 10);

  EXPECT_THAT(Call(Ann("other"), NewApp("acme", "x")), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(MakeApp("acme", "acme-1"), StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(PlanTest, AnyMemberReadsTheTable) {
  MakeWorkspace("acme", v1::PLAN_FREE);

  const auto plans = authority_->Read(Ann("acme"), v1::ListPlansRequest());

  ASSERT_TRUE(plans.ok()) << plans.status();
  ASSERT_EQ(plans->plans_size(), 4);
  EXPECT_EQ(plans->plans(0).plan(), v1::PLAN_FREE);
  EXPECT_EQ(plans->plans(0).max_apps(), 10U);
  EXPECT_EQ(plans->plans(0).max_grace().seconds(), 3600);
  EXPECT_EQ(plans->plans(3).plan(), v1::PLAN_ENTERPRISE_GRID);
  EXPECT_EQ(plans->plans(3).max_apps(), 0U);
  EXPECT_TRUE(plans->plans(3).organizations());
  EXPECT_THAT(authority_->Read(Caller(), v1::ListPlansRequest()),
              StatusIs(absl::StatusCode::kUnauthenticated));
}

}  // namespace
}  // namespace latchkey
