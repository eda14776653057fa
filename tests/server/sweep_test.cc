// What happens to tokens by itself: warnings, expiry, idle revocation, purges. One thread, fake
// clock.
#include <cstdint>
#include <string>
#include <vector>

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

constexpr absl::Duration kDay = absl::Hours(24);

class SweepTest : public ::testing::Test {
 protected:
  void SetUp() override {
    v1::CreateWorkspaceRequest workspace;
    workspace.set_workspace_id("acme");
    workspace.mutable_workspace()->set_display_name("Acme");
    workspace.mutable_workspace()->set_plan(v1::PLAN_PLUS);
    workspace.set_primary_owner_id("ann");
    ASSERT_TRUE(Call(TestAuthority::Operator(), workspace).ok());
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

  v1::IssuedToken Issue(absl::Duration life = absl::InfiniteDuration()) {
    v1::IssueTokenRequest request;
    request.set_parent("workspaces/acme");
    request.set_kind(v1::TOKEN_KIND_CUSTOM_BOT);
    request.set_app("apps/deploys");
    if (life != absl::InfiniteDuration()) {
      request.mutable_expire_time()->set_seconds(
          absl::ToUnixSeconds(authority_.clock().Now() + life));
    }
    const auto issued = Call(ann(), request);
    EXPECT_TRUE(issued.ok()) << issued.status();
    return issued.ok() ? issued->issued_token() : v1::IssuedToken();
  }
  void SetIdleLimit(absl::Duration limit) {
    v1::UpdateWorkspaceRequest request;
    request.mutable_workspace()->set_name("workspaces/acme");
    v1::IdleLimit& own = *request.mutable_workspace()->mutable_settings()->add_idle_limits();
    own.set_kind(v1::TOKEN_KIND_CUSTOM_BOT);
    own.mutable_limit()->set_seconds(absl::ToInt64Seconds(limit));
    request.mutable_update_mask()->add_paths("settings.idle_limits");
    ASSERT_TRUE(Call(TestAuthority::Operator(), request).ok());
  }

  bool IsActive(const v1::IssuedToken& issued) { return authority_.IsActive(issued.secret()); }
  absl::StatusOr<v1::Token> Get(const v1::IssuedToken& issued) {
    v1::GetTokenRequest request;
    request.set_name(issued.token().name());
    const auto response = authority_->Read(ann(), request);
    if (!response.ok()) return response.status();
    return response->token();
  }
  void Tick() {
    authority_->Tick();
    executor_.RunAll();
  }
  void PassTo(absl::Time time) {
    authority_.clock().Advance(time - authority_.clock().Now());
    Tick();
    Tick();
  }
  // The actions of the events since the last call.
  std::vector<v1::Event> News() {
    const auto batch = authority_->events().Read(seen_, {}, {});
    if (!batch.ok()) return {};
    seen_ = batch->complete_through;
    return testing::EventsOf(*batch);
  }

  testing::GhostCommitEngine engine_;
  ManualExecutor executor_;
  TestAuthority authority_{engine_, executor_, &executor_};
  std::uint64_t seen_ = 0;
};

TEST_F(SweepTest, AnUnusedTokenIsWarnedOfTwiceAndThenRevokedByTheService) {
  const absl::Time begin = authority_.clock().Now();
  const v1::IssuedToken issued = Issue();
  News();

  PassTo(begin + 83 * kDay - absl::Seconds(1));
  EXPECT_TRUE(News().empty());
  PassTo(begin + 83 * kDay);
  std::vector<v1::Event> news = News();
  ASSERT_EQ(news.size(), 1U);
  EXPECT_EQ(news[0].action(), v1::ACTION_TOKEN_IDLE_WARN);
  EXPECT_EQ(news[0].resource(), issued.token().name());
  EXPECT_EQ(news[0].end_time().seconds(), absl::ToUnixSeconds(begin + 90 * kDay));
  PassTo(begin + 89 * kDay);
  EXPECT_EQ(News().size(), 1U);
  PassTo(begin + 90 * kDay - absl::Seconds(1));
  EXPECT_TRUE(News().empty());
  PassTo(begin + 90 * kDay);

  news = News();
  ASSERT_EQ(news.size(), 1U);
  EXPECT_EQ(news[0].action(), v1::ACTION_TOKEN_REVOKE);
  EXPECT_EQ(news[0].actor().principal(), "latchkey");
  const auto token = Get(issued);
  ASSERT_TRUE(token.ok());
  EXPECT_EQ(token->revocation().action(), v1::ACTION_TOKEN_IDLE_REVOKE);
  EXPECT_EQ(token->revocation().principal(), "latchkey");
  EXPECT_FALSE(IsActive(issued));
}

TEST_F(SweepTest, AUsePutsTheEndOffAndIsShownToTheHour) {
  const absl::Time begin = authority_.clock().Now();
  const v1::IssuedToken issued = Issue();
  PassTo(begin + 50 * kDay);
  const absl::Time used = authority_.clock().Now();
  ASSERT_TRUE(IsActive(issued));
  EXPECT_FALSE(Get(issued)->has_last_use_time());
  authority_.clock().Advance(absl::Minutes(1));
  Tick();

  const auto token = Get(issued);
  ASSERT_TRUE(token.ok());
  EXPECT_EQ(token->last_use_time().seconds(), absl::ToUnixSeconds(used) / 3600 * 3600);
  News();
  // Never early: the hour of the last use counts whole.
  PassTo(used + 90 * kDay);
  EXPECT_EQ(Get(issued)->state(), v1::TOKEN_STATE_ACTIVE);
  PassTo(used + 90 * kDay + absl::Hours(1));
  EXPECT_EQ(Get(issued)->state(), v1::TOKEN_STATE_REVOKED);
}

TEST_F(SweepTest, AUseThatIsOnlyInMemoryCounts) {
  const absl::Time begin = authority_.clock().Now();
  const v1::IssuedToken issued = Issue();
  PassTo(begin + 90 * kDay - absl::Seconds(30));
  ASSERT_TRUE(IsActive(issued));  // and nothing is written before the sweep comes by
  authority_.clock().Advance(absl::Seconds(30));
  Tick();

  EXPECT_EQ(Get(issued)->state(), v1::TOKEN_STATE_ACTIVE);
}

TEST_F(SweepTest, UsesThatCouldNotBeWrittenAreWrittenLater) {
  const v1::IssuedToken issued = Issue();
  Tick();
  ASSERT_TRUE(IsActive(issued));
  authority_.clock().Advance(absl::Minutes(1));
  engine_.FailNextCommit();
  Tick();
  EXPECT_FALSE(Get(issued)->has_last_use_time());
  authority_.clock().Advance(absl::Minutes(1));
  Tick();
  authority_.clock().Advance(absl::Minutes(1));
  Tick();

  EXPECT_TRUE(Get(issued)->has_last_use_time());
}

TEST_F(SweepTest, VerifyingWritesNothing) {
  const v1::IssuedToken issued = Issue();
  const std::uint64_t bytes = engine_.SizeInBytes();

  for (int i = 0; i < 100; ++i) ASSERT_TRUE(IsActive(issued));

  EXPECT_EQ(engine_.SizeInBytes(), bytes);
}

TEST_F(SweepTest, ExpiryIsWarnedOfToldAndInTheEndPurged) {
  const absl::Time begin = authority_.clock().Now();
  const v1::IssuedToken issued = Issue(10 * kDay);
  News();

  PassTo(begin + 3 * kDay);
  std::vector<v1::Event> news = News();
  ASSERT_EQ(news.size(), 1U);
  EXPECT_EQ(news[0].action(), v1::ACTION_TOKEN_EXPIRE_WARN);
  PassTo(begin + 9 * kDay);
  EXPECT_EQ(News().size(), 1U);
  PassTo(begin + 10 * kDay);
  news = News();
  ASSERT_EQ(news.size(), 1U);
  EXPECT_EQ(news[0].action(), v1::ACTION_TOKEN_EXPIRE);
  EXPECT_EQ(Get(issued)->state(), v1::TOKEN_STATE_EXPIRED);
  // PLUS keeps dead tokens for 180 days.
  PassTo(begin + 190 * kDay - absl::Seconds(1));
  EXPECT_TRUE(Get(issued).ok());
  EXPECT_TRUE(News().empty());
  PassTo(begin + 190 * kDay);

  news = News();
  ASSERT_EQ(news.size(), 1U);
  EXPECT_EQ(news[0].action(), v1::ACTION_TOKEN_PURGE);
  EXPECT_EQ(news[0].summary().count(), 1U);
  EXPECT_EQ(news[0].workspace(), "workspaces/acme");
  EXPECT_THAT(Get(issued), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_FALSE(IsActive(issued));
}

TEST_F(SweepTest, ATokenThatEndedWithItsAppIsPurgedToo) {
  const absl::Time begin = authority_.clock().Now();
  const v1::IssuedToken issued = Issue();
  v1::DeleteAppRequest remove;
  remove.set_name("apps/deploys");
  ASSERT_TRUE(Call(ann(), remove).ok());
  PassTo(begin + 90 * kDay);
  News();

  PassTo(begin + 180 * kDay);

  const std::vector<v1::Event> news = News();
  ASSERT_EQ(news.size(), 1U);
  EXPECT_EQ(news[0].action(), v1::ACTION_TOKEN_PURGE);
}

TEST_F(SweepTest, AShorterLimitReachesTheTokensThereAre) {
  const absl::Time begin = authority_.clock().Now();
  const v1::IssuedToken issued = Issue();
  SetIdleLimit(10 * kDay);
  Tick();
  News();

  PassTo(begin + 3 * kDay);
  const std::vector<v1::Event> news = News();
  ASSERT_EQ(news.size(), 1U);
  EXPECT_EQ(news[0].action(), v1::ACTION_TOKEN_IDLE_WARN);
  PassTo(begin + 10 * kDay);
  EXPECT_EQ(Get(issued)->state(), v1::TOKEN_STATE_REVOKED);
}

TEST_F(SweepTest, AMassOfTokensIsWorkedOffAtTheStatedRate) {
  constexpr int kTokens = 5000;
  const absl::Time begin = authority_.clock().Now();
  for (int i = 0; i < kTokens; ++i) Issue(kDay * 20);
  seen_ = authority_->events().newest();
  authority_.clock().Advance(begin + 20 * kDay - authority_.clock().Now());
  std::vector<std::uint64_t> rates;
  // Every token has two warnings left out by the leap, and its end.
  for (int tick = 0; tick < 4; ++tick) {
    const std::uint64_t before = authority_->events().newest();
    Tick();
    rates.push_back(authority_->events().newest() - before);
  }

  EXPECT_EQ(rates, (std::vector<std::uint64_t>{2000, 2000, 1000, 0}));
}

TEST_F(SweepTest, ThePlanBoundsTheLimits) {
  v1::UpdateWorkspaceRequest request;
  request.mutable_workspace()->set_name("workspaces/acme");
  v1::IdleLimit& own = *request.mutable_workspace()->mutable_settings()->add_idle_limits();
  own.set_kind(v1::TOKEN_KIND_CUSTOM_BOT);
  own.mutable_limit()->set_seconds(absl::ToInt64Seconds(366 * kDay));
  request.mutable_update_mask()->add_paths("settings.idle_limits");

  const auto updated = Call(TestAuthority::Operator(), request);

  EXPECT_THAT(updated, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_NE(updated.status().message().find("PLUS"), std::string::npos) << updated.status();
}

}  // namespace
}  // namespace latchkey
