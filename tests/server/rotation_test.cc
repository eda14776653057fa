// Rotating pairs, through the authority in one thread: what a client sees, and a search over random
// interleavings of clients that lose answers with a thief.
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gtest/gtest.h"
#include "server/base/executor.h"
#include "storage/engine/memory_engine.h"
#include "tests/server/events_of.h"
#include "tests/server/test_authority.h"
#include "tests/testing/status_matchers.h"

namespace latchkey {
namespace {

using testing::StatusIs;
using testing::TestAuthority;

std::string Uuid(std::uint64_t n) { return absl::StrFormat("00000000-0000-4000-8000-%012x", n); }

class RotationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    authority_.MakeAcme();
    v1::CreateAppRequest app;
    app.set_app_id("ci");
    app.mutable_app()->set_home_workspace("workspaces/acme");
    app.mutable_app()->set_kind(v1::APP_KIND_INTERNAL);
    app.mutable_app()->add_bot_scopes("chat:write");
    app.mutable_app()->add_user_scopes("files:read");
    app.mutable_app()->set_token_rotation(true);
    ASSERT_TRUE(Call(ann(), app).ok());
    v1::InstallAppRequest install;
    install.set_parent("workspaces/acme");
    install.set_app("apps/ci");
    const auto installed = Call(ann(), install);
    ASSERT_TRUE(installed.ok()) << installed.status();
    installed_ = *installed;
  }

  static Caller ann() { return TestAuthority::Member("workspaces/acme/members/ann"); }

  template <typename Request>
  absl::StatusOr<ResponseOf<Request>> Call(const Caller& caller, const Request& request) {
    return authority_.Call(caller, request);
  }
  absl::StatusOr<v1::RotateTokenResponse> Rotate(const std::string& secret, const std::string& id) {
    v1::RotateTokenRequest request;
    request.set_refresh_secret(secret);
    request.set_request_id(id);
    return Call(Caller(), request);
  }
  absl::StatusOr<v1::RotateTokenResponse> Rotate(const std::string& secret) {
    return Rotate(secret, Uuid(++ids_));
  }
  void SetReusePolicy(v1::ReusePolicy policy) {
    v1::UpdateAppRequest request;
    request.mutable_app()->set_name("apps/ci");
    request.mutable_app()->set_reuse_policy(policy);
    request.mutable_update_mask()->add_paths("reuse_policy");
    ASSERT_TRUE(Call(ann(), request).ok());
  }
  // The events after `revision`.
  std::vector<v1::Event> EventsAfter(std::uint64_t revision) {
    const auto batch = authority_->events().Read(revision, {}, {});
    return batch.ok() ? testing::EventsOf(*batch) : std::vector<v1::Event>();
  }
  bool IsActive(const std::string& secret) { return authority_.IsActive(secret); }
  std::string first_refresh() const { return installed_.bot_refresh_token().secret(); }
  std::string first_access() const { return installed_.bot_token().secret(); }

  engine::MemoryEngine engine_;
  ManualExecutor executor_;
  TestAuthority authority_{engine_, executor_, &executor_};
  v1::InstallAppResponse installed_;
  std::uint64_t ids_ = 0;
};

TEST_F(RotationTest, AnInstallationGivesPairsWhoseAccessEndsAfterHalfADay) {
  ASSERT_TRUE(installed_.has_bot_refresh_token());
  ASSERT_TRUE(installed_.has_user_refresh_token());
  EXPECT_EQ(installed_.bot_refresh_token().token().kind(), v1::TOKEN_KIND_REFRESH);
  EXPECT_EQ(installed_.bot_token().token().refresh_token(),
            installed_.bot_refresh_token().token().name());
  EXPECT_EQ(installed_.revision(), authority_->events().newest());

  authority_.clock().Advance(absl::Hours(12) - absl::Seconds(1));
  EXPECT_TRUE(IsActive(first_access()));
  authority_.clock().Advance(absl::Seconds(1));
  EXPECT_FALSE(IsActive(first_access()));
  const auto pair = Rotate(first_refresh());
  ASSERT_TRUE(pair.ok()) << pair.status();
  EXPECT_TRUE(IsActive(pair->access_token().secret()));
  EXPECT_EQ(pair->access_token().token().kind(), v1::TOKEN_KIND_BOT);
  EXPECT_EQ(pair->access_token().token().scopes(0), "chat:write");
  EXPECT_EQ(pair->refresh_token().token().rotation_count(), 1U);
}

TEST_F(RotationTest, ARefreshSecretOpensNothingItself) {
  const auto verdict = authority_->verifier().Check(first_refresh());

  ASSERT_TRUE(verdict.ok());
  EXPECT_EQ(verdict->reason, v1::INACTIVE_REASON_REFRESH);
}

TEST_F(RotationTest, ALostAnswerIsGivenAgain) {
  const std::string id = Uuid(77);
  const auto lost = Rotate(first_refresh(), id);
  ASSERT_TRUE(lost.ok());
  const std::uint64_t newest = authority_->events().newest();
  authority_.clock().Advance(absl::Minutes(9));

  const auto again = Rotate(first_refresh(), id);

  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->refresh_token().secret(), lost->refresh_token().secret());
  EXPECT_EQ(again->access_token().secret(), lost->access_token().secret());
  EXPECT_EQ(authority_->events().newest(), newest);
  // With credentials beside the secret it is still the same call.
  v1::RotateTokenRequest request;
  request.set_refresh_secret(first_refresh());
  request.set_request_id(id);
  EXPECT_TRUE(Call(ann(), request).ok());
}

TEST_F(RotationTest, ALostAnswerIsGivenAgainWhateverCredentialsAreBesideIt) {
  v1::CreateMemberRequest member;
  member.set_parent("workspaces/acme");
  member.set_member_id("bo");
  member.mutable_member()->set_role(v1::ROLE_MEMBER);
  ASSERT_TRUE(Call(TestAuthority::Operator(), member).ok());
  v1::DeactivateMemberRequest deactivate;
  deactivate.set_name("workspaces/acme/members/bo");
  ASSERT_TRUE(Call(TestAuthority::Operator(), deactivate).ok());
  v1::RotateTokenRequest request;
  request.set_refresh_secret(first_refresh());
  request.set_request_id(Uuid(78));
  const Caller bo = TestAuthority::Member("workspaces/acme/members/bo");
  const auto lost = Call(bo, request);
  ASSERT_TRUE(lost.ok());

  const auto again = Call(bo, request);

  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->refresh_token().secret(), lost->refresh_token().secret());
}

TEST_F(RotationTest, APairEndsWhenItWasAskedTo) {
  v1::IssueTokenRequest issue;
  issue.set_parent("workspaces/acme");
  issue.set_kind(v1::TOKEN_KIND_APP);
  issue.set_app("apps/ci");
  const absl::Time end = authority_.clock().Now() + absl::Hours(1);
  issue.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(end));
  const auto issued = Call(ann(), issue);
  ASSERT_TRUE(issued.ok()) << issued.status();

  const auto pair = Rotate(issued->refresh_token().secret());

  ASSERT_TRUE(pair.ok());
  EXPECT_EQ(pair->access_token().token().expire_time().seconds(), absl::ToUnixSeconds(end));
  authority_.clock().Advance(absl::Hours(1));
  EXPECT_FALSE(IsActive(pair->access_token().secret()));
  EXPECT_FALSE(Rotate(pair->refresh_token().secret()).ok());
}

TEST_F(RotationTest, ASpentSecretEndsTheFamilyAndTheEventNamesBothUses) {
  const auto pair = Rotate(first_refresh());
  ASSERT_TRUE(pair.ok());
  const std::uint64_t spent = pair->revision() - 1;  // the refresh token's event, then the access's
  const std::uint64_t before = authority_->events().newest();
  authority_.clock().Advance(absl::Minutes(1));

  EXPECT_THAT(Rotate(first_refresh()), StatusIs(absl::StatusCode::kFailedPrecondition));

  EXPECT_FALSE(IsActive(first_access()));
  EXPECT_FALSE(IsActive(pair->access_token().secret()));
  EXPECT_THAT(Rotate(pair->refresh_token().secret()),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  const std::vector<v1::Event> events = EventsAfter(before);
  ASSERT_EQ(events.size(), 4U);  // the reuse, and the ends of two access tokens and the refresh one
  EXPECT_EQ(events[0].action(), v1::ACTION_TOKEN_REUSE);
  EXPECT_EQ(events[0].decision().rule(), "rotate.reuse");
  EXPECT_EQ(events[0].reuse().spent_revision(), spent);
  EXPECT_EQ(events[0].actor().principal(), "bearer");
  EXPECT_EQ(events[0].resource(), installed_.bot_refresh_token().token().name());
  for (int i = 1; i < 4; ++i) {
    EXPECT_EQ(events[i].action(), v1::ACTION_TOKEN_REVOKE);
    EXPECT_EQ(events[i].actor().principal(), "latchkey");
    EXPECT_EQ(events[i].after().token().revocation().action(), v1::ACTION_TOKEN_REUSE);
  }
  // The other pair of the installation is another family.
  EXPECT_TRUE(Rotate(installed_.user_refresh_token().secret()).ok());
}

TEST_F(RotationTest, WhereThePolicySaysSoAReuseOnlyAlerts) {
  SetReusePolicy(v1::REUSE_POLICY_ALERT_ONLY);
  const auto pair = Rotate(first_refresh());
  ASSERT_TRUE(pair.ok());
  const std::uint64_t before = authority_->events().newest();

  for (int i = 0; i < 30; ++i) {
    EXPECT_THAT(Rotate(first_refresh()), StatusIs(absl::StatusCode::kFailedPrecondition));
  }

  EXPECT_TRUE(IsActive(pair->access_token().secret()));
  const std::vector<v1::Event> events = EventsAfter(before);
  ASSERT_EQ(events.size(), 10U);  // and the rest in a summary
  EXPECT_EQ(events[0].action(), v1::ACTION_TOKEN_REUSE);
  EXPECT_TRUE(Rotate(pair->refresh_token().secret()).ok());
}

TEST_F(RotationTest, AFamilyHasTwoLiveAccessTokensAtMost) {
  std::vector<std::string> access = {first_access()};
  std::string refresh = first_refresh();
  for (int i = 0; i < 4; ++i) {
    const auto pair = Rotate(refresh);
    ASSERT_TRUE(pair.ok());
    refresh = pair->refresh_token().secret();
    access.push_back(pair->access_token().secret());
    for (std::size_t a = 0; a < access.size(); ++a) {
      EXPECT_EQ(IsActive(access[a]), a + 2 >= access.size()) << a << " after " << i;
    }
  }
}

TEST_F(RotationTest, RevokingTheRefreshTokenEndsTheFamily) {
  const auto pair = Rotate(first_refresh());
  ASSERT_TRUE(pair.ok());
  v1::RevokeTokenRequest request;
  request.set_secret(pair->refresh_token().secret());

  const auto revoked = Call(Caller(), request);

  ASSERT_TRUE(revoked.ok());
  EXPECT_EQ(revoked->revision(), authority_->events().newest());
  EXPECT_FALSE(IsActive(first_access()));
  EXPECT_FALSE(IsActive(pair->access_token().secret()));
  EXPECT_FALSE(Rotate(pair->refresh_token().secret()).ok());
}

TEST_F(RotationTest, WhateverIsWrongWithASecretIsToldInTheSameWords) {
  const auto pair = Rotate(first_refresh());
  ASSERT_TRUE(pair.ok());
  const auto spent = Rotate(first_refresh());
  const auto dead = Rotate(pair->refresh_token().secret());
  const auto access = Rotate(first_access());
  const auto unknown = Rotate("lkr_nonsense");

  EXPECT_EQ(spent.status(), dead.status());
  EXPECT_EQ(spent.status(), access.status());
  EXPECT_EQ(spent.status(), unknown.status());
}

TEST_F(RotationTest, APairIsNotRegeneratedAndARotationTakesARequestId) {
  v1::RegenerateTokenRequest regenerate;
  regenerate.set_name(installed_.bot_token().token().name());
  EXPECT_THAT(Call(ann(), regenerate), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(Rotate(first_refresh(), ""), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Rotate(std::string(1025, 'x')), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(RotationTest, TheLifeOfAccessIsTheWorkspacesToSet) {
  v1::UpdateWorkspaceRequest request;
  request.mutable_workspace()->set_name("workspaces/acme");
  request.mutable_update_mask()->add_paths("settings.access_token_life");
  auto& life = *request.mutable_workspace()->mutable_settings()->mutable_access_token_life();
  life.set_seconds(299);
  EXPECT_THAT(Call(TestAuthority::Operator(), request),
              StatusIs(absl::StatusCode::kInvalidArgument));
  life.set_seconds(300);
  ASSERT_TRUE(Call(TestAuthority::Operator(), request).ok());

  const auto pair = Rotate(first_refresh());

  ASSERT_TRUE(pair.ok());
  authority_.clock().Advance(absl::Minutes(5));
  EXPECT_FALSE(IsActive(pair->access_token().secret()));
}

// A client that keeps its secrets and the id of the call that it waits for, loses answers, and
// repeats the call within the window.
struct Client {
  explicit Client(std::string secret) : refresh(std::move(secret)) {}

  std::string refresh;
  std::optional<std::string> waiting;  // the id of a call whose answer was lost
  absl::Time sent;
  bool locked_out = false;
};

class RotationSearch : public RotationTest {
 protected:
  static constexpr absl::Duration kWindow = absl::Minutes(10);

  // One step of the honest client. `lost`: its answer does not arrive.
  void Step(Client& client, bool lost) {
    if (!client.waiting.has_value()) {
      client.waiting = Uuid(++ids_);
      client.sent = authority_.clock().Now();
    }
    const auto answer = Rotate(client.refresh, *client.waiting);
    if (lost) return;
    client.waiting.reset();
    if (!answer.ok()) {
      client.locked_out = true;
      return;
    }
    client.refresh = answer->refresh_token().secret();
  }

  // Time goes on, but a client that waits repeats its call within the window.
  void PassTime(Client& client, std::mt19937_64& random) {
    absl::Duration pass = absl::Seconds(static_cast<std::int64_t>(random() % 3600));
    if (client.waiting.has_value()) {
      const absl::Duration left = client.sent + kWindow - authority_.clock().Now();
      pass = std::min(pass, left - absl::Seconds(1));
    }
    if (pass > absl::ZeroDuration()) authority_.clock().Advance(pass);
    authority_->Tick();
    executor_.RunAll();
  }
};

TEST_F(RotationSearch, AClientThatRepeatsWithinTheWindowIsNeverLockedOut) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    v1::ReinstallAppRequest again;
    again.set_name("workspaces/acme/installations/ci");
    const auto installed = Call(ann(), again);
    ASSERT_TRUE(installed.ok());
    Client client(installed->bot_refresh_token().secret());
    for (int step = 0; step < 60; ++step) {
      Step(client, random() % 3 == 0);
      ASSERT_FALSE(client.locked_out) << "seed " << seed << " step " << step;
      PassTime(client, random);
    }
  }
}

TEST_F(RotationSearch, AThiefIsAlwaysCaught) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    std::mt19937_64 random(seed);
    v1::ReinstallAppRequest again;
    again.set_name("workspaces/acme/installations/ci");
    const auto installed = Call(ann(), again);
    ASSERT_TRUE(installed.ok());
    const std::uint64_t begin = authority_->events().newest();
    Client client(installed->bot_refresh_token().secret());
    std::string stolen;
    std::vector<std::string> loot;  // access secrets that the thief got
    bool thief_acted = false;
    for (int step = 0; step < 60; ++step) {
      if (random() % 8 == 0 && !thief_acted) stolen = client.refresh;
      // Whatever the thief presents, now or much later, with an id of its own.
      if (!stolen.empty() && random() % 6 == 0) {
        thief_acted = true;
        const auto taken = Rotate(stolen);
        if (taken.ok()) {
          loot.push_back(taken->access_token().secret());
          stolen = taken->refresh_token().secret();
        }
      }
      Step(client, random() % 3 == 0);
      PassTime(client, random);
    }
    if (!thief_acted) continue;
    // The honest client went on after the theft, so somebody presented what the other had spent.
    if (client.waiting.has_value()) Step(client, false);
    Step(client, false);
    EXPECT_TRUE(client.locked_out) << "seed " << seed;
    bool told = false;
    for (const v1::Event& event : EventsAfter(begin)) {
      told = told ||
             (event.action() == v1::ACTION_TOKEN_REUSE && event.reuse().spent_revision() > begin);
    }
    EXPECT_TRUE(told) << "seed " << seed;
    for (const std::string& secret : loot) EXPECT_FALSE(IsActive(secret)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace latchkey
