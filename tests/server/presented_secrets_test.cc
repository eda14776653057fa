// Ending tokens by presenting their secrets, one or many, through the authority in one thread.
#include <string>
#include <vector>

#include "absl/strings/match.h"
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
using ::testing::SizeIs;
using testing::StatusIs;
using testing::TestAuthority;

// Of the right form, and nobody's.
constexpr char kUnknown[] = "lkb_00000000000000000000000000000000000000000000jTibY";
constexpr char kReason[] = "found in a public repository";

class PresentedSecretsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* id : {"acme", "other"}) {
      v1::CreateWorkspaceRequest workspace;
      workspace.set_workspace_id(id);
      workspace.mutable_workspace()->set_display_name(id);
      workspace.set_primary_owner_id("ann");
      ASSERT_TRUE(authority_.Call(operator_, workspace).ok());
    }
    v1::CreateServiceRequest service;
    service.set_service_id("ci");
    service.mutable_service()->add_roles(v1::SERVICE_ROLE_AUDITOR);
    ASSERT_TRUE(authority_.Call(operator_, service).ok());
  }

  v1::IssuedToken Issue(const Caller& caller, const v1::IssueTokenRequest& request) {
    const auto issued = authority_.Call(caller, request);
    EXPECT_TRUE(issued.ok()) << issued.status();
    return issued.ok() ? issued->issued_token() : v1::IssuedToken();
  }
  v1::IssuedToken IssueTest(const std::string& workspace) {
    v1::IssueTokenRequest request;
    request.set_parent(workspace);
    request.set_kind(v1::TOKEN_KIND_TEST);
    return Issue(TestAuthority::Member(absl::StrCat(workspace, "/members/ann")), request);
  }
  v1::IssuedToken IssueService() {
    v1::IssueTokenRequest request;
    request.set_parent("services/ci");
    request.set_kind(v1::TOKEN_KIND_SERVICE);
    return Issue(operator_, request);
  }

  static v1::RevokeTokenRequest Presenting(const std::vector<std::string>& secrets) {
    v1::RevokeTokenRequest request;
    request.mutable_secrets();
    for (const std::string& secret : secrets) request.mutable_secrets()->add_secrets(secret);
    request.set_reason(kReason);
    return request;
  }

  // By somebody without credentials.
  absl::StatusOr<v1::RevokeTokenResponse> Present(const std::vector<std::string>& secrets) {
    return authority_.Call(nobody_, Presenting(secrets));
  }

  // The events after `sequence`.
  std::vector<v1::Event> EventsAfter(std::uint64_t sequence) {
    v1::ListEventsRequest request;
    request.set_after_revision(sequence);
    request.set_page_size(1000);
    const auto events = authority_->Read(operator_, request);
    EXPECT_TRUE(events.ok()) << events.status();
    if (!events.ok()) return {};
    return {events->events().begin(), events->events().end()};
  }

  std::uint64_t newest() { return authority_->events().newest(); }
  engine::Version commits() { return engine_.NewSnapshot()->version(); }

  engine::MemoryEngine engine_;
  ManualExecutor executor_;
  TestAuthority authority_{engine_, executor_, &executor_};
  const Caller operator_ = TestAuthority::Operator();
  const Caller nobody_;
};

TEST_F(PresentedSecretsTest, ManyEndInOneCommitWithAnEventForEachThatWasAlive) {
  const v1::IssuedToken test = IssueTest("workspaces/acme");
  const v1::IssuedToken service = IssueService();
  const v1::IssuedToken other = IssueTest("workspaces/other");
  const v1::IssuedToken dead = IssueService();
  ASSERT_TRUE(Present({dead.secret()}).ok());
  const std::uint64_t before = newest();
  const engine::Version commits_before = commits();

  const auto revoked = Present({test.secret(), kUnknown, dead.secret(), service.secret(),
                                test.secret(), "no secret at all", "", other.secret()});

  ASSERT_TRUE(revoked.ok()) << revoked.status();
  EXPECT_EQ(commits(), commits_before + 1);
  const std::vector<v1::Event> events = EventsAfter(before);
  std::vector<std::string> ended;
  std::vector<std::string> workspaces;
  for (const v1::Event& event : events) {
    ended.push_back(event.resource());
    workspaces.push_back(event.workspace());
    EXPECT_EQ(event.action(), v1::ACTION_TOKEN_REVOKE);
    EXPECT_EQ(event.decision().rule(), "revoke.bearer");
    EXPECT_EQ(event.actor().principal(), "bearer");
    EXPECT_EQ(event.reason(), kReason);
    EXPECT_EQ(event.after().token().revocation().principal(), "bearer");
    EXPECT_EQ(event.after().token().revocation().reason(), kReason);
    EXPECT_EQ(event.after().token().revocation().revision(), event.sequence());
    EXPECT_FALSE(absl::StrContains(event.DebugString(), test.secret().substr(4)));
  }
  EXPECT_THAT(ended,
              ElementsAre(test.token().name(), service.token().name(), other.token().name()));
  EXPECT_THAT(workspaces, ElementsAre("workspaces/acme", "", "workspaces/other"));
  EXPECT_EQ(revoked->revision(), newest());
  for (const auto* token : {&test, &service, &other}) {
    EXPECT_FALSE(authority_.IsActive(token->secret())) << token->token().name();
  }
}

TEST_F(PresentedSecretsTest, TheAnswerIsTheSameForLiveDeadAndUnknownOnes) {
  const std::string live = IssueService().secret();

  const auto unknown = Present({kUnknown, "nothing"});
  const auto first = Present({live, live});
  const auto again = Present({live});

  for (const auto* answer : {&unknown, &first, &again}) {
    ASSERT_TRUE(answer->ok()) << answer->status();
    v1::RevokeTokenResponse bare = **answer;
    EXPECT_GT(bare.revision(), 0U);
    bare.clear_revision();
    EXPECT_EQ(bare.ByteSizeLong(), 0U) << bare.DebugString();
  }
  EXPECT_EQ(again->revision(), first->revision());
  EXPECT_EQ(again->revision(), newest());
}

TEST_F(PresentedSecretsTest, WhatIsUnknownOrDeadIsNotWritten) {
  const std::string dead = IssueService().secret();
  ASSERT_TRUE(Present({dead}).ok());
  const engine::Version before = commits();

  ASSERT_TRUE(Present({kUnknown, dead, ""}).ok());

  EXPECT_EQ(commits(), before);
}

TEST_F(PresentedSecretsTest, WhatChangesNothingTakesNoPlaceAmongTheChanges) {
  const auto changes = [&] {
    return authority_->Read(operator_, v1::GetStatusRequest())->mutations();
  };
  const std::string dead = IssueTest("workspaces/acme").secret();
  ASSERT_TRUE(Present({dead}).ok());
  const std::uint64_t before = changes();
  ASSERT_TRUE(Present({kUnknown, dead}).ok());
  v1::RotateTokenRequest rotate;
  rotate.set_refresh_secret(kUnknown);
  rotate.set_request_id("0d9bb5a3-5f26-4f0e-9a1c-3f1b5b1f2a10");
  EXPECT_THAT(authority_.Call(nobody_, rotate).status(),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(changes(), before);
  ASSERT_TRUE(Present({IssueTest("workspaces/acme").secret()}).ok());
  EXPECT_EQ(changes(), before + 2);  // issued and ended
}

TEST_F(PresentedSecretsTest, AThousandAreTakenAndOneMoreIsNot) {
  std::vector<std::string> secrets;
  for (int i = 0; i < 999; ++i) secrets.emplace_back(kUnknown);
  const std::string live = IssueService().secret();
  secrets.push_back(live);
  std::vector<std::string> too_many = secrets;
  too_many.emplace_back(kUnknown);

  EXPECT_THAT(Present(too_many), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_TRUE(authority_.IsActive(live));
  EXPECT_TRUE(Present(secrets).ok());
  EXPECT_FALSE(authority_.IsActive(live));
}

TEST_F(PresentedSecretsTest, AListThatIsNotOfTheFormEndsNothingAndIsNotQuoted) {
  const std::string live = IssueService().secret();
  const std::string longest = live + std::string(1024 - live.size(), 'x');
  const std::uint64_t before = newest();
  for (const std::vector<std::string>& secrets :
       {std::vector<std::string>{}, {live, longest + "x"}, std::vector<std::string>(1001, live)}) {
    const auto refused = Present(secrets);

    ASSERT_THAT(refused, StatusIs(absl::StatusCode::kInvalidArgument));
    const auto details = GetDetail<google::rpc::BadRequest>(refused.status());
    ASSERT_THAT(details.field_violations(), SizeIs(1));
    EXPECT_TRUE(absl::StartsWith(details.field_violations(0).field(), "secrets.secrets"));
    EXPECT_FALSE(absl::StrContains(refused.status().ToString(), live.substr(4)));
  }
  EXPECT_EQ(newest(), before);
  EXPECT_TRUE(Present({longest}).ok());
  EXPECT_TRUE(authority_.IsActive(live));
}

TEST_F(PresentedSecretsTest, WhoeverHasCredentialsIsNamedInTheEvents) {
  const v1::IssuedToken token = IssueTest("workspaces/acme");
  const std::uint64_t before = newest();

  // Of a service that may do nothing to tokens.
  ASSERT_TRUE(
      authority_.Call(TestAuthority::Service("services/ci"), Presenting({token.secret()})).ok());

  ASSERT_THAT(EventsAfter(before), SizeIs(1));
  EXPECT_EQ(EventsAfter(before)[0].actor().principal(), "services/ci");
  EXPECT_EQ(EventsAfter(before)[0].decision().rule(), "revoke.bearer");
}

TEST_F(PresentedSecretsTest, ARequestIdIsNotUsed) {
  v1::RevokeTokenRequest request = Presenting({kUnknown});
  request.set_request_id("3f1c9a52-7d41-4c1e-9a6b-0d5e2f7a8b90");
  const engine::Version before = commits();
  ASSERT_TRUE(authority_.Call(nobody_, request).ok());
  EXPECT_EQ(commits(), before);

  const std::string live = IssueService().secret();
  request.mutable_secrets()->add_secrets(live);
  ASSERT_TRUE(authority_.Call(nobody_, request).ok());
  EXPECT_FALSE(authority_.IsActive(live));
}

}  // namespace
}  // namespace latchkey
