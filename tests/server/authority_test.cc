// The authority in one thread: memory store, fake clock, executor run by hand.
#include "server/authority/authority.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/base/executor.h"
#include "tests/server/events_of.h"
#include "tests/server/test_authority.h"
#include "tests/testing/ghost_commit_engine.h"
#include "tests/testing/status_matchers.h"

namespace latchkey {
namespace {

using testing::StatusIs;
using testing::TestAuthority;

constexpr char kRequestId[] = "3f1c9a52-7d41-4c1e-9a6b-0d5e2f7a8b90";

class AuthorityTest : public ::testing::Test {
 protected:
  void SetUp() override {
    authority_.MakeAcme();
    v1::CreateAppRequest app;
    app.set_app_id("deploys");
    app.mutable_app()->set_home_workspace("workspaces/acme");
    app.mutable_app()->set_kind(v1::APP_KIND_CUSTOM_INTEGRATION);
    ASSERT_TRUE(Call(ann(), app).ok());
  }

  static Caller ann() { return TestAuthority::Member("workspaces/acme/members/ann"); }

  template <typename Request>
  absl::StatusOr<ResponseOf<Request>> Call(const Caller& caller, const Request& request) {
    return authority_.Call(caller, request);
  }

  static v1::IssueTokenRequest BotToken() {
    v1::IssueTokenRequest request;
    request.set_parent("workspaces/acme");
    request.set_kind(v1::TOKEN_KIND_CUSTOM_BOT);
    request.set_app("apps/deploys");
    return request;
  }

  bool IsActive(const std::string& secret) { return authority_.IsActive(secret); }

  testing::GhostCommitEngine engine_;
  ManualExecutor executor_;
  TestAuthority authority_{engine_, executor_, &executor_};
  const Caller operator_ = TestAuthority::Operator();
};

TEST_F(AuthorityTest, DeletingAnAppEndsItsTokensByAWriteThatDoesNotGrowWithThem) {
  std::optional<std::uint64_t> first_bytes;
  for (const int tokens : {1, 2000}) {
    const std::string app = absl::StrCat("app-", tokens);
    v1::CreateAppRequest create;
    create.set_app_id(app);
    create.mutable_app()->set_home_workspace("workspaces/acme");
    create.mutable_app()->set_kind(v1::APP_KIND_CUSTOM_INTEGRATION);
    ASSERT_TRUE(Call(ann(), create).ok());
    std::string secret;
    for (int i = 0; i < tokens; ++i) {
      v1::IssueTokenRequest request = BotToken();
      request.set_app(absl::StrCat("apps/", app));
      const auto issued = Call(ann(), request);
      ASSERT_TRUE(issued.ok()) << issued.status();
      secret = issued->issued_token().secret();
    }
    ASSERT_TRUE(IsActive(secret));
    const std::uint64_t before = engine_.SizeInBytes();
    v1::DeleteAppRequest remove;
    remove.set_name(absl::StrCat("apps/", app));

    ASSERT_TRUE(Call(ann(), remove).ok());

    const std::uint64_t written = engine_.SizeInBytes() - before;
    EXPECT_FALSE(IsActive(secret));
    if (!first_bytes.has_value()) first_bytes = written;
    EXPECT_LT(written, *first_bytes + 64);
  }
}

TEST_F(AuthorityTest, TheSameRequestIdGivesTheSameSecretAndChangesNothing) {
  v1::IssueTokenRequest request = BotToken();
  request.set_request_id(kRequestId);
  const auto first = Call(ann(), request);
  ASSERT_TRUE(first.ok()) << first.status();
  const std::uint64_t newest = authority_->events().newest();

  const auto again = Call(ann(), request);

  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->issued_token().secret(), first->issued_token().secret());
  EXPECT_EQ(authority_->events().newest(), newest);
  request.set_label("another");
  EXPECT_THAT(Call(ann(), request), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(AuthorityTest, ARegeneratedSecretEndsTheOldOneAtOnce) {
  const auto issued = Call(ann(), BotToken());
  ASSERT_TRUE(issued.ok());
  ASSERT_TRUE(IsActive(issued->issued_token().secret()));
  v1::RegenerateTokenRequest request;
  request.set_name(issued->issued_token().token().name());

  const auto fresh = Call(ann(), request);

  ASSERT_TRUE(fresh.ok()) << fresh.status();
  EXPECT_FALSE(IsActive(issued->issued_token().secret()));
  EXPECT_TRUE(IsActive(fresh->issued_token().secret()));
}

TEST_F(AuthorityTest, ADenialIsAnEventAndAFloodOfThemIsOneSummary) {
  v1::CreateWorkspaceRequest request;
  request.set_workspace_id("other");
  request.mutable_workspace()->set_display_name("Other");
  const std::uint64_t before = authority_->events().newest();

  for (int i = 0; i < 25; ++i) {
    EXPECT_THAT(Call(ann(), request), StatusIs(absl::StatusCode::kPermissionDenied));
  }
  EXPECT_EQ(authority_->events().newest(), before + 10);
  authority_.clock().Advance(absl::Minutes(1));
  authority_->Tick();
  executor_.RunAll();

  v1::GetEventRequest last;
  last.set_sequence(before + 11);
  const auto event = authority_->Read(operator_, last);
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(event->event().action(), v1::ACTION_DENIAL_SUMMARIZE);
  EXPECT_EQ(event->event().summary().count(), 15U);
}

TEST_F(AuthorityTest, AfterAFailedCommitTurnsUpMemoryFollowsTheStore) {
  const auto issued = Call(ann(), BotToken());
  ASSERT_TRUE(issued.ok());
  const std::string secret = issued->issued_token().secret();
  ASSERT_TRUE(IsActive(secret));
  const std::uint64_t before = authority_->events().newest();
  v1::RevokeTokenRequest revoke;
  revoke.set_name(issued->issued_token().token().name());
  engine_.FailNextCommit();
  EXPECT_THAT(Call(ann(), revoke), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Call(ann(), BotToken()), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(IsActive(secret));

  authority_->Tick();
  executor_.RunAll();

  EXPECT_FALSE(IsActive(secret));
  EXPECT_EQ(authority_->events().newest(), before + 1);
  ASSERT_TRUE(Call(ann(), BotToken()).ok());
  const auto batch = authority_->events().Read(before, {}, {});
  ASSERT_TRUE(batch.ok());
  const std::vector<v1::Event> events = testing::EventsOf(*batch);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].sequence(), before + 1);
  EXPECT_EQ(events[1].sequence(), before + 2);
}

TEST_F(AuthorityTest, TheTokensOfADeletedServiceStayListed) {
  v1::CreateServiceRequest create;
  create.set_service_id("gateway");
  create.mutable_service()->add_roles(v1::SERVICE_ROLE_VERIFIER);
  ASSERT_TRUE(Call(operator_, create).ok());
  v1::IssueTokenRequest issue;
  issue.set_parent("services/gateway");
  issue.set_kind(v1::TOKEN_KIND_SERVICE);
  ASSERT_TRUE(Call(operator_, issue).ok());
  v1::DeleteServiceRequest erase;
  erase.set_name("services/gateway");
  ASSERT_TRUE(Call(operator_, erase).ok());
  v1::ListTokensRequest list;
  list.set_parent("services/gateway");

  const auto listed = authority_->Read(operator_, list);

  ASSERT_TRUE(listed.ok()) << listed.status();
  ASSERT_EQ(listed->tokens_size(), 1);
  EXPECT_EQ(listed->tokens(0).state(), v1::TOKEN_STATE_REVOKED);
  list.set_parent("services/never");
  EXPECT_EQ(authority_->Read(operator_, list).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace latchkey
