// What may not be done, seen or learned, through the authority in one thread.
#include <optional>
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

using ::testing::HasSubstr;
using testing::StatusIs;
using testing::TestAuthority;

constexpr char kRequestId[] = "3f1c9a52-7d41-4c1e-9a6b-0d5e2f7a8b90";

class AuthorizationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    MakeWorkspace("acme", "ann");
    MakeMember("acme", "bo");
    MakeService("portal", v1::SERVICE_ROLE_DELEGATE);
    MakeService("gateway", v1::SERVICE_ROLE_VERIFIER);
  }

  void MakeWorkspace(const std::string& id, const std::string& owner) {
    v1::CreateWorkspaceRequest request;
    request.set_workspace_id(id);
    request.mutable_workspace()->set_display_name(id);
    request.set_primary_owner_id(owner);
    ASSERT_TRUE(Call(operator_, request).ok());
  }
  void MakeMember(const std::string& workspace, const std::string& id) {
    v1::CreateMemberRequest request;
    request.set_parent(absl::StrCat("workspaces/", workspace));
    request.set_member_id(id);
    request.mutable_member()->set_role(v1::ROLE_MEMBER);
    ASSERT_TRUE(Call(operator_, request).ok());
  }
  void MakeService(const std::string& id, v1::ServiceRole role) {
    v1::CreateServiceRequest request;
    request.set_service_id(id);
    request.mutable_service()->set_display_name(id);
    request.mutable_service()->add_roles(role);
    ASSERT_TRUE(Call(operator_, request).ok());
  }
  void MakeApp(const std::string& workspace, const std::string& owner, const std::string& id,
               v1::AppKind kind) {
    v1::CreateAppRequest request;
    request.set_app_id(id);
    request.mutable_app()->set_home_workspace(absl::StrCat("workspaces/", workspace));
    request.mutable_app()->set_kind(kind);
    request.mutable_app()->add_bot_scopes("chat:write");
    ASSERT_TRUE(Call(Member(workspace, owner), request).ok());
  }
  void SwitchApprovalsOn() {
    v1::UpdateWorkspaceRequest request;
    request.mutable_workspace()->set_name("workspaces/acme");
    request.mutable_workspace()->mutable_settings()->set_app_approval_required(true);
    request.mutable_update_mask()->add_paths("settings.app_approval_required");
    ASSERT_TRUE(Call(operator_, request).ok());
  }
  // Approves the only pending request of acme.
  void ApproveIt() {
    v1::ListApprovalRequestsRequest list;
    list.set_parent("workspaces/acme");
    list.set_state(v1::APPROVAL_REQUEST_STATE_PENDING);
    const auto pending = authority_->Read(ann(), list);
    ASSERT_TRUE(pending.ok());
    ASSERT_EQ(pending->approval_requests_size(), 1);
    v1::ResolveApprovalRequestRequest request;
    request.set_name(pending->approval_requests(0).name());
    request.set_resolution(v1::ResolveApprovalRequestRequest::RESOLUTION_APPROVE);
    ASSERT_TRUE(Call(ann(), request).ok());
  }

  static Caller Member(const std::string& workspace, const std::string& id) {
    return TestAuthority::Member(absl::StrCat("workspaces/", workspace, "/members/", id));
  }
  static Caller ann() { return Member("acme", "ann"); }
  static Caller bo() { return Member("acme", "bo"); }

  template <typename Request>
  absl::StatusOr<ResponseOf<Request>> Call(const Caller& caller, const Request& request) {
    return authority_.Call(caller, request);
  }

  static v1::IssueTokenRequest TestToken(const std::vector<std::string>& scopes) {
    v1::IssueTokenRequest request;
    request.set_parent("workspaces/acme");
    request.set_kind(v1::TOKEN_KIND_TEST);
    for (const std::string& scope : scopes) request.add_scopes(scope);
    return request;
  }

  v1::Event EventAt(std::uint64_t sequence) {
    v1::GetEventRequest request;
    request.set_sequence(sequence);
    const auto event = authority_->Read(operator_, request);
    EXPECT_TRUE(event.ok()) << event.status();
    return event.ok() ? event->event() : v1::Event();
  }
  std::uint64_t newest() { return authority_->events().newest(); }

  void Tick() {
    authority_->Tick();
    executor_.RunAll();
  }

  engine::MemoryEngine engine_;
  ManualExecutor executor_;
  TestAuthority authority_{engine_, executor_, &executor_};
  const Caller operator_ = TestAuthority::Operator();
};

TEST_F(AuthorizationTest, AGrantIsForTheScopesThatWereApproved) {
  SwitchApprovalsOn();
  ASSERT_THAT(Call(bo(), TestToken({"files:read"})),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  ApproveIt();

  EXPECT_THAT(Call(bo(), TestToken({"files:read", "admin"})),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  const auto issued = Call(bo(), TestToken({"files:read"}));

  ASSERT_TRUE(issued.ok()) << issued.status();
  // The answer covers the end of the grant too.
  EXPECT_EQ(issued->revision(), newest());
}

TEST_F(AuthorizationTest, AServiceWithoutDelegateActsForNobody) {
  v1::IssueTokenRequest for_gateway;
  for_gateway.set_parent("services/gateway");
  for_gateway.set_kind(v1::TOKEN_KIND_SERVICE);
  const auto token = Call(operator_, for_gateway);
  ASSERT_TRUE(token.ok());
  const auto caller = authority_->Authenticate(token->issued_token().secret(),
                                               "workspaces/acme/members/ann", "ipv4:10.0.0.1:1");
  ASSERT_TRUE(caller.ok()) << caller.status();
  // What ann did with a request id is not given to somebody who only says to be her.
  v1::IssueTokenRequest request = TestToken({});
  request.set_request_id(kRequestId);
  ASSERT_TRUE(Call(ann(), request).ok());

  const auto stolen = Call(*caller, request);

  EXPECT_THAT(stolen, StatusIs(absl::StatusCode::kPermissionDenied));
  const v1::Event event = EventAt(newest());
  EXPECT_EQ(event.decision().outcome(), v1::OUTCOME_DENIED);
  EXPECT_EQ(event.decision().rule(), "caller.service_role");
  EXPECT_EQ(event.actor().principal(), "services/gateway");
  // Whose name was misused finds it.
  EXPECT_EQ(event.workspace(), "workspaces/acme");
  EXPECT_EQ(event.resource(), "workspaces/acme/members/ann");
  v1::GetWorkspaceRequest read;
  read.set_name("workspaces/acme");
  EXPECT_THAT(authority_->Read(*caller, read), StatusIs(absl::StatusCode::kPermissionDenied));
  const auto trust = authority_->AuthorizeVerify(*caller);
  EXPECT_THAT(trust, StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(std::string(trust.status().message()), HasSubstr("DELEGATE"));
}

TEST_F(AuthorizationTest, OfAWorkspaceThatIsNotThereNobodyIsImpersonated) {
  Caller gateway;
  gateway.kind = policy::CallerKind::kService;
  gateway.principal = "services/gateway";
  gateway.undelegated = "workspaces/nope/members/ann";

  EXPECT_THAT(Call(gateway, TestToken({})), StatusIs(absl::StatusCode::kPermissionDenied));

  EXPECT_EQ(EventAt(newest()).workspace(), "");
  EXPECT_EQ(EventAt(newest()).resource(), "");
}

TEST_F(AuthorizationTest, TakingARequestForLessBackNeedsNobodysApproval) {
  SwitchApprovalsOn();
  ASSERT_THAT(Call(bo(), TestToken({"files:read"})),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  const std::string first = EventAt(newest()).resource();

  ASSERT_THAT(Call(bo(), TestToken({"files:read", "admin"})),
              StatusIs(absl::StatusCode::kFailedPrecondition));

  const v1::Event withdrawn = EventAt(newest() - 1);
  EXPECT_EQ(withdrawn.resource(), first);
  EXPECT_EQ(withdrawn.action(), v1::ACTION_REQUEST_WITHDRAW);
  EXPECT_EQ(withdrawn.decision().outcome(), v1::OUTCOME_ALLOWED);
  EXPECT_EQ(withdrawn.decision().rule(), "request.own");
  EXPECT_EQ(withdrawn.actor().principal(), "workspaces/acme/members/bo");
  const v1::Event asked = EventAt(newest());
  EXPECT_EQ(asked.action(), v1::ACTION_TOKEN_ISSUE);
  EXPECT_EQ(asked.decision().outcome(), v1::OUTCOME_NEEDS_APPROVAL);
  EXPECT_EQ(asked.decision().rule(), "test.request");
}

TEST_F(AuthorizationTest, WhatIsNoAppsNameDoesNotGetIntoTheLog) {
  const std::string secret = "lkb_aVerySecretStringThatSomebodyPastedIntoTheWrongField0";
  v1::DeleteAppRequest remove;
  remove.set_name(secret);
  v1::UpdateAppRequest update;
  update.mutable_app()->set_name(secret);
  v1::AddCollaboratorRequest add;
  add.set_app(secret);
  const std::uint64_t before = newest();

  const auto removed = Call(bo(), remove);
  const auto updated = Call(bo(), update);
  const auto added = Call(bo(), add);

  EXPECT_FALSE(removed.ok());
  EXPECT_FALSE(updated.ok());
  EXPECT_FALSE(added.ok());
  for (std::uint64_t i = before + 1; i <= newest(); ++i) {
    EXPECT_EQ(EventAt(i).DebugString().find(secret), std::string::npos);
  }
}

TEST_F(AuthorizationTest, AServiceDoesNotSeeTheTokensOfAnother) {
  v1::ListTokensRequest request;
  request.set_parent("services/portal");

  const auto tokens = authority_->Read(TestAuthority::Service("services/gateway"), request);

  EXPECT_FALSE(tokens.ok());
  request.set_parent("services/gateway");
  EXPECT_TRUE(authority_->Read(TestAuthority::Service("services/gateway"), request).ok());
}

TEST_F(AuthorizationTest, AnErrorFitsIntoAHeaderWhateverWasWrong) {
  v1::UpdateWorkspaceRequest request;
  request.mutable_workspace()->set_name("workspaces/acme");
  for (int i = 0; i < 5000; ++i) request.mutable_update_mask()->add_paths(absl::StrCat("x", i));

  const auto updated = Call(operator_, request);

  ASSERT_THAT(updated, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(GetDetail<google::rpc::BadRequest>(updated.status()).field_violations_size(), 10);
  EXPECT_LT(updated.status().message().size(), 4096U);
}

TEST_F(AuthorizationTest, AnotherWorkspacesOwnAppIsAsIfItWereNot) {
  MakeWorkspace("other", "eve");
  MakeApp("other", "eve", "hidden", v1::APP_KIND_INTERNAL);
  v1::InstallAppRequest hidden;
  hidden.set_parent("workspaces/acme");
  hidden.set_app("apps/hidden");
  v1::InstallAppRequest absent = hidden;
  absent.set_app("apps/absent");

  const auto one = Call(ann(), hidden);
  const auto none = Call(ann(), absent);

  EXPECT_THAT(none, StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(one.status().code(), none.status().code());
  std::string words(none.status().message());
  words.replace(words.find("absent"), 6, "hidden");
  EXPECT_EQ(one.status().message(), words);

  v1::CheckPermissionRequest ask;
  ask.set_action(v1::ACTION_APP_INSTALL);
  ask.set_resource("apps/hidden");
  ask.set_workspace("workspaces/acme");
  EXPECT_EQ(authority_->Read(ann(), ask).status().message(), one.status().message());
  ask.set_resource("apps/absent");
  EXPECT_EQ(authority_->Read(ann(), ask).status().message(), none.status().message());
}

TEST_F(AuthorizationTest, TheEventOfAnAppThatIsNotThereSaysThatAndNothingOfItsKind) {
  v1::InstallAppRequest install;
  install.set_parent("workspaces/acme");
  install.set_app("apps/nope");
  v1::IssueTokenRequest issue;
  issue.set_parent("workspaces/acme");
  issue.set_kind(v1::TOKEN_KIND_LEGACY_BOT);
  issue.set_app("apps/nope");

  EXPECT_THAT(Call(ann(), install), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(EventAt(newest()).decision().rule(), "default.deny");
  EXPECT_THAT(EventAt(newest()).decision().reason(), HasSubstr("There is no such app"));
  EXPECT_THAT(Call(operator_, install), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(EventAt(newest()).decision().reason(), HasSubstr("There is no such app"));
  EXPECT_THAT(Call(ann(), issue), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(EventAt(newest()).decision().reason(), HasSubstr("There is no such app"));
}

TEST_F(AuthorizationTest, AMistypedTokenIsNotFound) {
  v1::RegenerateTokenRequest request;
  request.set_name("workspaces/acme/tokens/nosuchtoken");

  EXPECT_THAT(Call(ann(), request), StatusIs(absl::StatusCode::kNotFound));
  v1::CheckPermissionRequest ask;
  ask.set_action(v1::ACTION_TOKEN_REGENERATE);
  ask.set_resource(request.name());
  EXPECT_THAT(authority_->Read(ann(), ask), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(AuthorizationTest, ADryRunDoesNotTellOfATokenThatMayNotBeRead) {
  const auto issued = Call(ann(), TestToken({}));
  ASSERT_TRUE(issued.ok());
  v1::CheckPermissionRequest ask;
  ask.set_action(v1::ACTION_TOKEN_REVOKE);
  ask.set_resource(issued->issued_token().token().name());

  EXPECT_THAT(authority_->Read(bo(), ask), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_TRUE(authority_->Read(ann(), ask).ok());
}

TEST_F(AuthorizationTest, NobodyWithoutCredentialsWritesEventsOneByOne) {
  Caller nobody;
  nobody.peer = "ipv4:10.0.0.9:1234";
  const std::uint64_t before = newest();

  for (int i = 0; i < 25; ++i) {
    EXPECT_THAT(Call(nobody, TestToken({})), StatusIs(absl::StatusCode::kUnauthenticated));
  }
  EXPECT_EQ(newest(), before);
  authority_.clock().Advance(absl::Minutes(1));
  Tick();

  ASSERT_EQ(newest(), before + 1);
  const v1::Event event = EventAt(newest());
  EXPECT_EQ(event.action(), v1::ACTION_AUTHENTICATION_FAIL);
  EXPECT_EQ(event.actor().peer(), "ipv4:10.0.0.9");
  EXPECT_EQ(event.summary().count(), 25U);
}

TEST_F(AuthorizationTest, WhatWasCountedIsWrittenWhenTheAuthorityCloses) {
  Caller nobody;
  nobody.peer = "ipv4:10.0.0.9:1234";
  EXPECT_FALSE(Call(nobody, TestToken({})).ok());
  const std::uint64_t before = newest();

  authority_->Close();
  executor_.RunAll();

  ASSERT_EQ(newest(), before + 1);
  EXPECT_EQ(EventAt(newest()).summary().count(), 1U);
}

TEST_F(AuthorizationTest, AskingAgainForWhatWaitsDoesNotFloodTheLog) {
  SwitchApprovalsOn();
  ASSERT_THAT(Call(bo(), TestToken({})), StatusIs(absl::StatusCode::kFailedPrecondition));
  const std::uint64_t before = newest();

  for (int i = 0; i < 50; ++i) {
    EXPECT_THAT(Call(bo(), TestToken({})), StatusIs(absl::StatusCode::kFailedPrecondition));
  }

  EXPECT_EQ(newest(), before + 10);
  EXPECT_EQ(EventAt(newest()).decision().outcome(), v1::OUTCOME_NEEDS_APPROVAL);
}

TEST_F(AuthorizationTest, WhoeverHoldsASecretIsTheBearer) {
  const auto issued = Call(ann(), TestToken({}));
  ASSERT_TRUE(issued.ok());
  v1::RevokeTokenRequest request;
  request.set_secret(issued->issued_token().secret());

  const auto revoked = Call(Caller(), request);

  ASSERT_TRUE(revoked.ok()) << revoked.status();
  const v1::Event event = EventAt(revoked->revision());
  EXPECT_EQ(event.actor().principal(), "bearer");
  EXPECT_EQ(event.after().token().revocation().principal(), "bearer");
}

TEST_F(AuthorizationTest, ARequestIdUsedAgainAfterItsWindowHasAWholeWindow) {
  v1::IssueTokenRequest request = TestToken({});
  request.set_request_id(kRequestId);
  const auto first = Call(ann(), request);
  ASSERT_TRUE(first.ok());
  authority_.clock().Advance(absl::Minutes(10));
  // Before the sweep of the first window comes by.
  const auto second = Call(ann(), request);
  ASSERT_TRUE(second.ok());
  EXPECT_NE(second->issued_token().secret(), first->issued_token().secret());
  authority_.clock().Advance(absl::Minutes(1));
  Tick();

  const auto again = Call(ann(), request);

  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->issued_token().secret(), second->issued_token().secret());
}

TEST_F(AuthorizationTest, AQuietMinuteMakesRefusalsRecordedAgain) {
  v1::CreateWorkspaceRequest request;
  request.set_workspace_id("mine");
  request.mutable_workspace()->set_display_name("Mine");
  for (int minute = 0; minute < 3; ++minute) {
    const std::uint64_t before = newest();
    for (int i = 0; i < 10; ++i) EXPECT_FALSE(Call(bo(), request).ok());
    EXPECT_EQ(newest(), before + 10) << "in minute " << minute;
    authority_.clock().Advance(absl::Minutes(1));
  }
}

TEST_F(AuthorizationTest, ADeletedAppIsInstalledNowhere) {
  MakeApp("acme", "bo", "ci", v1::APP_KIND_INTERNAL);
  v1::InstallAppRequest install;
  install.set_parent("workspaces/acme");
  install.set_app("apps/ci");
  ASSERT_TRUE(Call(bo(), install).ok());
  v1::DeleteAppRequest remove;
  remove.set_name("apps/ci");
  ASSERT_TRUE(Call(bo(), remove).ok());

  v1::ListInstallationsRequest list;
  list.set_parent("workspaces/acme");
  const auto installations = authority_->Read(ann(), list);

  ASSERT_TRUE(installations.ok());
  ASSERT_EQ(installations->installations_size(), 1);
  EXPECT_EQ(installations->installations(0).state(), v1::INSTALLATION_STATE_UNINSTALLED);
}

}  // namespace
}  // namespace latchkey
