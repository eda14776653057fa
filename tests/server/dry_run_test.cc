// That a dry run says of what is not there, and of what may not be known of, what the act would.
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/executor.h"
#include "storage/engine/memory_engine.h"
#include "tests/server/test_authority.h"
#include "tests/testing/status_matchers.h"

namespace latchkey {
namespace {

using testing::StatusIs;
using testing::TestAuthority;

class DryRunTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* id : {"acme", "other"}) {
      v1::CreateWorkspaceRequest make;
      make.set_workspace_id(id);
      make.mutable_workspace()->set_display_name(id);
      make.set_primary_owner_id("ann");
      ASSERT_TRUE(Call(operator_, make).ok());
    }
    v1::CreateMemberRequest bo;
    bo.set_parent("workspaces/acme");
    bo.set_member_id("bo");
    bo.mutable_member()->set_role(v1::ROLE_MEMBER);
    ASSERT_TRUE(Call(operator_, bo).ok());
    MakeApp("acme", "tool", v1::APP_KIND_INTERNAL);
    MakeApp("acme", "bot", v1::APP_KIND_LEGACY_BOT);
    MakeApp("other", "theirs", v1::APP_KIND_INTERNAL);
  }

  void MakeApp(const std::string& workspace, const std::string& id, v1::AppKind kind) {
    v1::CreateAppRequest request;
    request.set_app_id(id);
    request.mutable_app()->set_home_workspace(absl::StrCat("workspaces/", workspace));
    request.mutable_app()->set_kind(kind);
    request.mutable_app()->add_bot_scopes("chat:write");
    ASSERT_TRUE(Call(Member(absl::StrCat("workspaces/", workspace, "/members/ann")), request).ok());
  }

  static Caller Member(const std::string& name) { return TestAuthority::Member(name); }

  template <typename Request>
  absl::StatusOr<ResponseOf<Request>> Call(const Caller& caller, const Request& request) {
    return authority_.Call(caller, request);
  }

  using Act = std::function<absl::Status(const Caller& caller, const std::string& name)>;

  template <typename Request>
  Act Change(std::function<void(Request&, const std::string&)> fill) {
    return [this, fill](const Caller& caller, const std::string& name) {
      Request request;
      fill(request, name);
      return Call(caller, request).status();
    };
  }
  template <typename Request>
  Act Named() {
    return Change<Request>([](Request& r, const std::string& name) { r.set_name(name); });
  }
  template <typename Request>
  Act Look() {
    return [this](const Caller& caller, const std::string& name) {
      Request request;
      request.set_name(name);
      return authority_->Read(caller, request).status();
    };
  }

  const Caller operator_ = TestAuthority::Operator();
  const Caller ann_ = Member("workspaces/acme/members/ann");
  const Caller bo_ = Member("workspaces/acme/members/bo");

 private:
  engine::MemoryEngine engine_;
  ManualExecutor executor_;

 protected:
  TestAuthority authority_{engine_, executor_, &executor_};
};

struct Case {
  v1::Action action;
  std::string resource;
  std::function<absl::Status(const Caller&, const std::string&)> act;
  std::string workspace = {};
  v1::TokenKind token_kind = v1::TOKEN_KIND_UNSPECIFIED;
};

TEST_F(DryRunTest, WhatTheActWouldNotFindADryRunDoesNotFindInTheSameWords) {
  const Act install = Change<v1::InstallAppRequest>([](auto& r, const std::string& name) {
    r.set_parent("workspaces/acme");
    r.set_app(name);
  });
  const auto issue = [this](v1::TokenKind kind) {
    return Change<v1::IssueTokenRequest>([kind](auto& r, const std::string& name) {
      r.set_parent("workspaces/acme");
      r.set_kind(kind);
      r.set_app(name);
    });
  };
  const Act approve = Change<v1::ApproveAppRequest>([](auto& r, const std::string& name) {
    r.set_parent("workspaces/acme");
    r.set_app(name);
  });
  const Act update_member = Change<v1::UpdateMemberRequest>([](auto& r, const std::string& name) {
    r.mutable_member()->set_name(name);
    r.mutable_update_mask()->add_paths("display_name");
  });
  const Act update_workspace =
      Change<v1::UpdateWorkspaceRequest>([](auto& r, const std::string& name) {
        r.mutable_workspace()->set_name(name);
        r.mutable_update_mask()->add_paths("display_name");
      });
  const Act create_member = Change<v1::CreateMemberRequest>([](auto& r, const std::string& name) {
    r.set_parent(name);
    r.set_member_id("new");
    r.mutable_member();
  });
  const Act withdraw =
      Change<v1::ResolveApprovalRequestRequest>([](auto& r, const std::string& name) {
        r.set_name(name);
        r.set_resolution(v1::ResolveApprovalRequestRequest::RESOLUTION_WITHDRAW);
      });
  const std::string acme = "workspaces/acme";
  const std::vector<Case> cases = {
      {v1::ACTION_APP_INSTALL, "apps/nope", install, acme},
      {v1::ACTION_APP_INSTALL, "apps/theirs", install, acme},
      {v1::ACTION_APP_APPROVE, "apps/nope", approve, acme},
      {v1::ACTION_APP_APPROVE, "apps/theirs", approve, acme},
      {v1::ACTION_APP_REINSTALL, "workspaces/acme/installations/nope",
       Named<v1::ReinstallAppRequest>()},
      {v1::ACTION_APP_REINSTALL, "workspaces/acme/installations/tool",
       Named<v1::ReinstallAppRequest>()},
      {v1::ACTION_APP_REINSTALL, "workspaces/other/installations/theirs",
       Named<v1::ReinstallAppRequest>()},
      {v1::ACTION_APP_UNINSTALL, "workspaces/acme/installations/nope",
       Named<v1::UninstallAppRequest>()},
      {v1::ACTION_APP_UNINSTALL, "workspaces/acme/installations/tool",
       Named<v1::UninstallAppRequest>()},
      {v1::ACTION_APP_READ, "apps/nope", Look<v1::GetAppRequest>()},
      {v1::ACTION_APP_READ, "apps/theirs", Look<v1::GetAppRequest>()},
      {v1::ACTION_APP_DELETE, "apps/nope", Named<v1::DeleteAppRequest>()},
      {v1::ACTION_APP_DELETE, "apps/theirs", Named<v1::DeleteAppRequest>()},
      {v1::ACTION_MEMBER_READ, "workspaces/acme/members/nope", Look<v1::GetMemberRequest>()},
      {v1::ACTION_MEMBER_READ, "workspaces/other/members/ann", Look<v1::GetMemberRequest>()},
      {v1::ACTION_MEMBER_UPDATE, "workspaces/acme/members/nope", update_member},
      {v1::ACTION_MEMBER_DEACTIVATE, "workspaces/acme/members/nope",
       Named<v1::DeactivateMemberRequest>()},
      {v1::ACTION_MEMBER_CREATE, "workspaces/nope", create_member},
      {v1::ACTION_WORKSPACE_READ, "workspaces/nope", Look<v1::GetWorkspaceRequest>()},
      {v1::ACTION_WORKSPACE_READ, "workspaces/other", Look<v1::GetWorkspaceRequest>()},
      {v1::ACTION_WORKSPACE_UPDATE, "workspaces/nope", update_workspace},
      {v1::ACTION_SERVICE_DELETE, "services/nope", Named<v1::DeleteServiceRequest>()},
      {v1::ACTION_ORGANIZATION_READ, "organizations/nope", Look<v1::GetOrganizationRequest>()},
      {v1::ACTION_REQUEST_WITHDRAW, "workspaces/acme/approvalRequests/nope", withdraw},
      {v1::ACTION_TOKEN_READ, "workspaces/acme/tokens/nope", Look<v1::GetTokenRequest>()},
      {v1::ACTION_TOKEN_REVOKE, "workspaces/acme/tokens/nope", Named<v1::RevokeTokenRequest>()},
      {v1::ACTION_TOKEN_REGENERATE, "workspaces/acme/tokens/nope",
       Named<v1::RegenerateTokenRequest>()},
      {v1::ACTION_TOKEN_BULK_CANCEL, "workspaces/acme/bulkRevocations/nope",
       Named<v1::CancelBulkRevocationRequest>()},
      {v1::ACTION_TOKEN_ISSUE, "apps/nope", issue(v1::TOKEN_KIND_LEGACY_BOT), acme,
       v1::TOKEN_KIND_LEGACY_BOT},
      {v1::ACTION_TOKEN_ISSUE, "apps/theirs", issue(v1::TOKEN_KIND_LEGACY_BOT), acme,
       v1::TOKEN_KIND_LEGACY_BOT},
      {v1::ACTION_TOKEN_ISSUE, "apps/nope", issue(v1::TOKEN_KIND_CUSTOM_BOT), acme,
       v1::TOKEN_KIND_CUSTOM_BOT},
      {v1::ACTION_TOKEN_ISSUE, "apps/nope", issue(v1::TOKEN_KIND_APP), acme, v1::TOKEN_KIND_APP},
      // And what there is, of which nothing is hidden.
      {v1::ACTION_APP_INSTALL, "apps/tool", install, acme},
      {v1::ACTION_TOKEN_ISSUE, "apps/bot", issue(v1::TOKEN_KIND_LEGACY_BOT), acme,
       v1::TOKEN_KIND_LEGACY_BOT},
      {v1::ACTION_MEMBER_READ, "workspaces/acme/members/bo", Look<v1::GetMemberRequest>()},
  };
  for (const Caller& caller : {operator_, ann_, bo_}) {
    for (const Case& c : cases) {
      SCOPED_TRACE(absl::StrCat(caller.principal, " ", v1::Action_Name(c.action), " ", c.resource));
      v1::CheckPermissionRequest ask;
      ask.set_action(c.action);
      ask.set_resource(c.resource);
      ask.set_workspace(c.workspace);
      ask.set_token_kind(c.token_kind);

      const auto dry = authority_->Read(caller, ask);
      const absl::Status act = c.act(caller, c.resource);

      if (absl::IsNotFound(act)) {
        EXPECT_THAT(dry, StatusIs(absl::StatusCode::kNotFound));
        EXPECT_EQ(dry.status().message(), act.message());
      } else {
        ASSERT_TRUE(dry.ok()) << dry.status();
        EXPECT_EQ(dry->decision().outcome() == v1::OUTCOME_DENIED, absl::IsPermissionDenied(act))
            << dry->decision().reason() << " but " << act;
      }
    }
  }
}

TEST_F(DryRunTest, AMemberOfAWorkspaceThatIsNotThereCannotBeMade) {
  v1::CheckPermissionRequest request;
  request.set_action(v1::ACTION_MEMBER_CREATE);
  request.set_resource("workspaces/nope/members/bob");
  EXPECT_THAT((*authority_).Read(operator_, request).status(),
              StatusIs(absl::StatusCode::kNotFound));
  request.set_resource("workspaces/acme/members/bob");
  EXPECT_EQ((*authority_).Read(operator_, request)->decision().outcome(), v1::OUTCOME_ALLOWED);
}

TEST_F(DryRunTest, WhatIsAboutNothingIsNotLookedFor) {
  for (const v1::Action action : {v1::ACTION_POLICY_READ, v1::ACTION_ADMIN_READ}) {
    v1::CheckPermissionRequest request;
    request.set_action(action);
    request.set_resource("workspaces/acme");
    EXPECT_EQ((*authority_).Read(operator_, request)->decision().outcome(), v1::OUTCOME_ALLOWED)
        << v1::Action_Name(action);
  }
}

TEST_F(DryRunTest, AStrangerDoesNotLearnThatAWorkspaceIsThereByItsSuspension) {
  v1::UpdateWorkspaceRequest suspend;
  suspend.mutable_workspace()->set_name("workspaces/other");
  suspend.mutable_workspace()->set_state(v1::WORKSPACE_STATE_SUSPENDED);
  suspend.mutable_update_mask()->add_paths("state");
  ASSERT_TRUE(Call(operator_, suspend).ok());
  v1::GetWorkspaceRequest get;
  get.set_name("workspaces/other");
  EXPECT_THAT((*authority_).Read(ann_, get).status(), StatusIs(absl::StatusCode::kNotFound));
  v1::GetAppRequest app;
  app.set_name("apps/theirs");
  EXPECT_THAT((*authority_).Read(ann_, app).status(), StatusIs(absl::StatusCode::kNotFound));
  v1::CheckPermissionRequest check;
  check.set_action(v1::ACTION_WORKSPACE_READ);
  check.set_resource("workspaces/other");
  check.set_principal("workspaces/acme/members/bo");
  EXPECT_THAT((*authority_).Read(ann_, check).status(), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(DryRunTest, WhoAsksForAnotherIsToldWhyAndLearnsOfNoOtherWorkspace) {
  v1::CheckPermissionRequest ask;
  ask.set_principal(bo_.principal);
  ask.set_action(v1::ACTION_APP_INSTALL);
  ask.set_resource("workspaces/other/installations/theirs");
  const auto theirs = authority_->Read(ann_, ask);
  ask.set_resource("workspaces/other/installations/nope");
  const auto nothing = authority_->Read(ann_, ask);
  EXPECT_THAT(theirs, StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(nothing, StatusIs(absl::StatusCode::kNotFound));

  // The operator may know of it, and so why it is not bo's.
  ask.set_resource("workspaces/other/installations/theirs");
  const auto why = authority_->Read(operator_, ask);
  ASSERT_TRUE(why.ok()) << why.status();
  EXPECT_EQ(why->decision().rule(), "caller.cross_workspace");
}

TEST_F(DryRunTest, OfAllThatTheOwnWorkspaceHasAMemberIsToldWhy) {
  for (const v1::Action action :
       {v1::ACTION_TOKEN_READ, v1::ACTION_REQUEST_READ, v1::ACTION_REQUEST_RESOLVE}) {
    v1::CheckPermissionRequest ask;
    ask.set_action(action);
    ask.set_resource("workspaces/acme");
    const auto own = authority_->Read(bo_, ask);
    ASSERT_TRUE(own.ok()) << own.status();
    EXPECT_EQ(own->decision().outcome(), v1::OUTCOME_DENIED) << v1::Action_Name(action);
    EXPECT_EQ(authority_->Read(ann_, ask)->decision().outcome(), v1::OUTCOME_ALLOWED)
        << v1::Action_Name(action);
    ask.set_resource("workspaces/other");
    EXPECT_THAT(authority_->Read(bo_, ask), StatusIs(absl::StatusCode::kNotFound));
  }
}

TEST_F(DryRunTest, WhoHoldsTheSecretMayDoWithItWhatAnybodyMay) {
  v1::IssueTokenRequest issue;
  issue.set_parent("workspaces/acme");
  issue.set_kind(v1::TOKEN_KIND_LEGACY_BOT);
  issue.set_app("apps/bot");
  const auto issued = Call(ann_, issue);
  ASSERT_TRUE(issued.ok()) << issued.status();
  v1::CheckPermissionRequest ask;
  ask.set_action(v1::ACTION_TOKEN_ROTATE);
  EXPECT_EQ(authority_->Read(bo_, ask)->decision().outcome(), v1::OUTCOME_DENIED);
  ask.set_presents_secret(true);
  EXPECT_EQ(authority_->Read(bo_, ask)->decision().rule(), "rotate.bearer");
  ask.set_action(v1::ACTION_TOKEN_REVOKE);
  EXPECT_EQ(authority_->Read(bo_, ask)->decision().rule(), "revoke.bearer");
  ask.set_resource(issued->issued_token().token().name());
  EXPECT_THAT(authority_->Read(bo_, ask), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(DryRunTest, AWorkspaceIsNotMovedByItsOwner) {
  v1::CheckPermissionRequest ask;
  ask.set_action(v1::ACTION_WORKSPACE_UPDATE);
  ask.set_resource("workspaces/acme");
  EXPECT_EQ(authority_->Read(ann_, ask)->decision().rule(), "workspace.manage");
  ask.set_moves_workspace(true);
  EXPECT_EQ(authority_->Read(ann_, ask)->decision().rule(), "workspace.organization");
}

TEST_F(DryRunTest, AGrantCoversTheScopesThatAreAskedFor) {
  v1::UpdateWorkspaceRequest approvals;
  approvals.mutable_workspace()->set_name("workspaces/acme");
  approvals.mutable_workspace()->mutable_settings()->set_app_approval_required(true);
  approvals.mutable_update_mask()->add_paths("settings.app_approval_required");
  ASSERT_TRUE(Call(operator_, approvals).ok());
  v1::IssueTokenRequest issue;
  issue.set_parent("workspaces/acme");
  issue.set_kind(v1::TOKEN_KIND_TEST);
  issue.add_scopes("files:read");
  ASSERT_THAT(Call(bo_, issue), StatusIs(absl::StatusCode::kFailedPrecondition));
  v1::ListApprovalRequestsRequest list;
  list.set_parent("workspaces/acme");
  v1::ResolveApprovalRequestRequest approve;
  approve.set_name(authority_->Read(ann_, list)->approval_requests(0).name());
  approve.set_resolution(v1::ResolveApprovalRequestRequest::RESOLUTION_APPROVE);
  ASSERT_TRUE(Call(ann_, approve).ok());

  v1::CheckPermissionRequest ask;
  ask.set_action(v1::ACTION_TOKEN_ISSUE);
  ask.set_resource("workspaces/acme");
  ask.set_token_kind(v1::TOKEN_KIND_TEST);
  ask.add_scopes("files:read");
  EXPECT_EQ(authority_->Read(bo_, ask)->decision().rule(), "request.approved");
  ask.add_scopes("admin");
  EXPECT_EQ(authority_->Read(bo_, ask)->decision().rule(), "test.request");
}

TEST_F(DryRunTest, AConsumerIsAskedAboutByItsName) {
  v1::CreateConsumerRequest create;
  create.set_consumer_id("siem");
  create.mutable_consumer()->mutable_filter()->set_workspace("workspaces/acme");
  ASSERT_TRUE(Call(ann_, create).ok());
  v1::CheckPermissionRequest ask;
  ask.set_action(v1::ACTION_CONSUMER_DELETE);
  ask.set_resource("consumers/siem");
  const auto owner = authority_->Read(ann_, ask);
  ASSERT_TRUE(owner.ok()) << owner.status();
  EXPECT_EQ(owner->decision().outcome(), v1::OUTCOME_ALLOWED);
  v1::DeleteConsumerRequest remove;
  remove.set_name("consumers/siem");
  const absl::Status act = Call(bo_, remove).status();
  EXPECT_EQ(authority_->Read(bo_, ask).status().message(), act.message());
  EXPECT_THAT(act, StatusIs(absl::StatusCode::kNotFound));
  ask.set_resource("consumers/nope");
  EXPECT_THAT(authority_->Read(ann_, ask), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(DryRunTest, NobodyLearnsOfAConsumerWhoseEventsTheyMayNotRead) {
  const auto create = [this](const Caller& owner, const std::string& id,
                             const std::string& workspace) {
    v1::CreateConsumerRequest request;
    request.set_consumer_id(id);
    request.mutable_consumer()->mutable_filter()->set_workspace(workspace);
    ASSERT_TRUE(Call(owner, request).ok());
  };
  create(Member("workspaces/other/members/ann"), "theirs", "workspaces/other");
  create(ann_, "ours", "workspaces/acme");
  const auto answer = [this](const Caller& asks, const std::string& about,
                             const std::string& consumer) {
    v1::CheckPermissionRequest ask;
    ask.set_action(v1::ACTION_CONSUMER_DELETE);
    ask.set_resource("consumers/" + consumer);
    ask.set_principal(about);
    return authority_->Read(asks, ask).status().code();
  };
  for (const std::string& about : {std::string(), bo_.principal, ann_.principal}) {
    EXPECT_EQ(answer(ann_, about, "theirs"), absl::StatusCode::kNotFound) << about;
    EXPECT_EQ(answer(ann_, about, "nope"), absl::StatusCode::kNotFound) << about;
    EXPECT_EQ(answer(ann_, about, "ours"), absl::StatusCode::kOk) << about;
  }
  for (const char* consumer : {"theirs", "ours", "nope"}) {
    EXPECT_EQ(answer(bo_, "", consumer), absl::StatusCode::kNotFound) << consumer;
  }
}

TEST_F(DryRunTest, TheEventsOfABulkRevocationCanBeAskedAbout) {
  v1::CheckPermissionRequest ask;
  ask.set_action(v1::ACTION_AUDIT_READ);
  ask.set_resource("workspaces/acme/bulkRevocations/nope");
  const auto answer = authority_->Read(bo_, ask);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->decision().outcome(), v1::OUTCOME_DENIED);
  EXPECT_EQ(authority_->Read(ann_, ask)->decision().outcome(), v1::OUTCOME_ALLOWED);
}

TEST_F(DryRunTest, WhatIsNotForTheActionIsRefused) {
  v1::CheckPermissionRequest ask;
  ask.set_action(v1::ACTION_APP_CREATE);
  ask.set_resource("workspaces/acme");
  ask.add_scopes("files:read");
  ask.set_presents_secret(true);
  ask.set_moves_workspace(true);
  const auto answer = authority_->Read(ann_, ask);
  EXPECT_THAT(answer, StatusIs(absl::StatusCode::kInvalidArgument));
  std::vector<std::string> fields;
  const auto bad = GetDetail<google::rpc::BadRequest>(answer.status());
  for (const auto& violation : bad.field_violations()) {
    fields.push_back(violation.field());
  }
  EXPECT_THAT(fields,
              ::testing::ElementsAre("scopes", "presents_secret", "resource", "moves_workspace"));
}

}  // namespace
}  // namespace latchkey
