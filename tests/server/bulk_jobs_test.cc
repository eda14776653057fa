// Bulk revocations that go on by themselves: what they end, how they tell of it, and what stops
// them.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/authority/names.h"
#include "storage/keys.h"
#include "tests/server/bulk_fixture.h"
#include "tests/testing/status_matchers.h"

namespace latchkey {
namespace {

using testing::StatusIs;
using testing::TestAuthority;

class BulkJobsTest : public testing::BulkTest {
 protected:
  // Starts a bulk revocation and returns its name.
  std::string Start(const v1::BulkRevokeTokensRequest& request, const Caller& caller = Ann()) {
    const v1::BulkRevokeTokensResponse response = Run(request, caller);
    EXPECT_TRUE(response.has_bulk_revocation());
    EXPECT_EQ(response.bulk_revocation().state(), v1::BULK_REVOCATION_STATE_RUNNING);
    EXPECT_EQ(response.bulk_revocation().revision(), response.revision());
    return response.bulk_revocation().name();
  }
  absl::StatusOr<v1::CancelBulkRevocationResponse> Cancel(const std::string& name,
                                                          const Caller& caller = Ann()) {
    v1::CancelBulkRevocationRequest request;
    request.set_name(name);
    return Call(caller, request);
  }
  int CountRevocations(std::uint64_t after) {
    v1::EventFilter filter;
    filter.add_actions(v1::ACTION_TOKEN_REVOKE);
    int count = 0;
    while (after < newest()) {
      const auto batch = authority()->events().Read(after, EventSelector(filter), {});
      if (!batch.ok()) return -1;
      count += static_cast<int>(batch->count);
      after = batch->complete_through;
    }
    return count;
  }
};

TEST_F(BulkJobsTest, OnlyWhatMatchesAndIsOlderThanThePreviewEnds) {
  const std::vector<v1::IssuedToken> wanted = Issue(3, "apps/bot", "ci");
  const std::vector<v1::IssuedToken> labelled_otherwise = Issue(2, "apps/bot", "web");
  const std::vector<v1::IssuedToken> of_another_app = Issue(2, "apps/other", "ci");
  v1::BulkRevokeTokensRequest request = OfApp("apps/bot");
  request.set_label("ci");
  request = Confirmed(request);
  authority().clock().Advance(absl::Milliseconds(1));
  const std::vector<v1::IssuedToken> later = Issue(2, "apps/bot", "ci");
  const auto started = Call(Ann(), request);
  ASSERT_TRUE(started.ok()) << started.status();
  EXPECT_EQ(started->count(), 3u);
  EXPECT_EQ(CountActive(wanted), 3) << "the call itself ends none";

  Tick();

  EXPECT_EQ(CountActive(wanted), 0);
  EXPECT_EQ(CountActive(labelled_otherwise), 2);
  EXPECT_EQ(CountActive(of_another_app), 2);
  EXPECT_EQ(CountActive(later), 2);
  const v1::BulkRevocation done = GetBulk(started->bulk_revocation().name());
  EXPECT_EQ(done.state(), v1::BULK_REVOCATION_STATE_DONE);
  EXPECT_EQ(done.expected_count(), 3u);
  EXPECT_EQ(done.revoked_count(), 3u);
  EXPECT_EQ(done.examined_count(), 7u);
  EXPECT_TRUE(done.has_end_time());
}

TEST_F(BulkJobsTest, WhatWasIssuedAtOrAfterTheGivenTimeStays) {
  const std::vector<v1::IssuedToken> old = Issue(2, "apps/bot");
  authority().clock().Advance(absl::Hours(1));
  const std::vector<v1::IssuedToken> young = Issue(2, "apps/bot");
  v1::BulkRevokeTokensRequest request = OfApp("apps/bot");
  request.mutable_issued_before()->set_seconds(absl::ToUnixSeconds(authority().clock().Now()));
  Start(request);
  Tick();
  EXPECT_EQ(CountActive(old), 0);
  EXPECT_EQ(CountActive(young), 2);
}

TEST_F(BulkJobsTest, ItsEventsTellOfItsProgressAndEachTokensOfWhoStartedIt) {
  const std::vector<v1::IssuedToken> tokens = Issue(1200, "apps/bot", "ci");
  const std::uint64_t before = newest();
  v1::BulkRevokeTokensRequest request = Labelled("ci");
  request.set_reason("they leaked");
  const std::string name = Start(request, Member("ada"));
  Tick();

  const std::vector<v1::Event> events = EventsAfter(before, name);
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[0].action(), v1::ACTION_TOKEN_BULK_REVOKE);
  EXPECT_EQ(events[0].actor().principal(), "workspaces/acme/members/ada");
  const std::vector<std::uint64_t> revoked = {0, 500, 1000, 1200};
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].after().bulk_revocation().revoked_count(), revoked[i]);
    EXPECT_EQ(events[i].after().bulk_revocation().expected_count(), 1200u);
    EXPECT_EQ(events[i].workspace(), "workspaces/acme");
    EXPECT_EQ(events[i].reason(), "they leaked");
    if (i == 0) continue;
    EXPECT_EQ(events[i].action(), i + 1 < events.size() ? v1::ACTION_TOKEN_BULK_PROGRESS
                                                        : v1::ACTION_TOKEN_BULK_FINISH);
    EXPECT_EQ(events[i].actor().principal(), "latchkey");
    EXPECT_EQ(events[i].before().bulk_revocation().revoked_count(), revoked[i - 1]);
  }
  const std::vector<v1::Event> of_token = EventsAfter(before, tokens[0].token().name());
  ASSERT_EQ(of_token.size(), 1u);
  EXPECT_EQ(of_token[0].action(), v1::ACTION_TOKEN_REVOKE);
  EXPECT_EQ(of_token[0].actor().principal(), "workspaces/acme/members/ada");
  EXPECT_EQ(of_token[0].decision().rule(), "revoke.manage");
  EXPECT_EQ(of_token[0].app(), "apps/bot");
  const v1::Revocation revocation = Get(tokens[0]).revocation();
  EXPECT_EQ(revocation.action(), v1::ACTION_TOKEN_BULK_REVOKE);
  EXPECT_EQ(revocation.principal(), "workspaces/acme/members/ada");
  EXPECT_EQ(revocation.reason(), "they leaked");
}

TEST_F(BulkJobsTest, ItGoesOnAtFourThousandASecondAndAnotherServerGoesOnWhereItWas) {
  const std::vector<v1::IssuedToken> tokens = Issue(4700, "apps/bot", "ci");
  const std::uint64_t before = newest();
  const std::string name = Start(Labelled("ci"));
  Tick();
  EXPECT_EQ(CountActive(tokens), 700);
  EXPECT_EQ(GetBulk(name).state(), v1::BULK_REVOCATION_STATE_RUNNING);
  EXPECT_EQ(GetBulk(name).revoked_count(), 4000u);

  Restart();
  authority().clock().Advance(absl::Hours(1));
  Tick();

  EXPECT_EQ(CountActive(tokens), 0);
  EXPECT_EQ(GetBulk(name).state(), v1::BULK_REVOCATION_STATE_DONE);
  EXPECT_EQ(GetBulk(name).revoked_count(), 4700u);
  EXPECT_EQ(GetBulk(name).examined_count(), 4700u);
  EXPECT_EQ(CountRevocations(before), 4700);
}

TEST_F(BulkJobsTest, EachChunkIsACommitOfItsOwnSoThatOtherChangesPassBetween) {
  Issue(1200, "apps/bot", "ci");
  Start(Labelled("ci"));
  const auto commits = [this] {
    return authority()->Read(TestAuthority::Operator(), v1::GetStatusRequest())->commits();
  };
  const std::uint64_t before = commits();
  Tick();
  EXPECT_EQ(commits(), before + 3);
}

TEST_F(BulkJobsTest, ARefreshTokenEndsWithItsAccessTokensAndBothAreCounted) {
  v1::CreateAppRequest app;
  app.set_app_id("pairs");
  app.mutable_app()->set_home_workspace("workspaces/acme");
  app.mutable_app()->set_kind(v1::APP_KIND_INTERNAL);
  app.mutable_app()->add_bot_scopes("chat:write");
  app.mutable_app()->set_token_rotation(true);
  ASSERT_TRUE(Call(Ann(), app).ok());
  v1::InstallAppRequest install;
  install.set_parent("workspaces/acme");
  install.set_app("apps/pairs");
  const auto installed = Call(Ann(), install);
  ASSERT_TRUE(installed.ok()) << installed.status();
  v1::BulkRevokeTokensRequest request = OfApp("apps/pairs");
  request.set_kind(v1::TOKEN_KIND_REFRESH);
  const std::string name = Start(request);
  Tick();
  EXPECT_EQ(CountActive({installed->bot_token()}), 0);
  EXPECT_EQ(GetBulk(name).expected_count(), 1u);
  EXPECT_EQ(GetBulk(name).revoked_count(), 2u);
}

TEST_F(BulkJobsTest, WhatIsDamagedDoesNotKeepTheOthers) {
  const auto damage = [this](const std::string& key) {
    engine::WriteBatch batch;
    batch.Put(key, "not a record");
    ASSERT_TRUE(engine_.Commit(batch).ok());
  };
  std::vector<v1::IssuedToken> tokens = Issue(5, "apps/bot", "ci");
  const std::string lost = Start(Labelled("ci"));
  authority().clock().Advance(absl::Seconds(1));
  const std::string name = Start(Labelled("ci"));
  damage(storage::BulkRevocationKey("acme", LastId(lost)).bytes);
  damage(storage::WorkspaceTokenKey("acme", LastId(tokens[2].token().name())).bytes);
  tokens.erase(tokens.begin() + 2);
  EXPECT_EQ(Preview(Labelled("ci"))->count(), 4u);
  Tick();
  EXPECT_EQ(CountActive(tokens), 0);
  EXPECT_EQ(GetBulk(name).state(), v1::BULK_REVOCATION_STATE_DONE);
  EXPECT_EQ(GetBulk(name).revoked_count(), 4u);
  EXPECT_EQ(GetBulk(name).examined_count(), 5u);
}

TEST_F(BulkJobsTest, CancellingStopsItAndWhatItEndedStaysSo) {
  const std::vector<v1::IssuedToken> tokens = Issue(4100, "apps/bot", "ci");
  const std::string name = Start(Labelled("ci"));
  Tick();
  const auto cancelled = Cancel(name);
  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_EQ(cancelled->bulk_revocation().state(), v1::BULK_REVOCATION_STATE_CANCELLED);
  const std::uint64_t after = newest();
  Tick();

  EXPECT_EQ(newest(), after);
  EXPECT_EQ(CountActive(tokens), 100);
  EXPECT_EQ(GetBulk(name).revoked_count(), 4000u);
  const std::vector<v1::Event> events = EventsAfter(after - 1);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].action(), v1::ACTION_TOKEN_BULK_CANCEL);
  EXPECT_EQ(events[0].resource(), name);
  EXPECT_THAT(Cancel(name), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(BulkJobsTest, ChunksThatAreUnderWayWhenItIsCancelledDoNothing) {
  const std::vector<v1::IssuedToken> tokens = Issue(20, "apps/bot", "ci");
  v1::CancelBulkRevocationRequest cancel;
  cancel.set_name(Start(Labelled("ci")));
  authority()->Mutate(Ann(), cancel, [](const absl::StatusOr<v1::CancelBulkRevocationResponse>& r) {
    EXPECT_TRUE(r.ok()) << r.status();
  });
  Tick();
  EXPECT_EQ(CountActive(tokens), 20);
}

TEST_F(BulkJobsTest, AChunkThatIsReadTwiceIsCarriedOutOnce) {
  Issue(4100, "apps/bot", "ci");
  const std::uint64_t before = newest();
  const std::string name = Start(Labelled("ci"));
  authority()->Tick();
  authority()->Tick();
  executor_.RunAll();
  EXPECT_EQ(GetBulk(name).revoked_count(), 4000u);
  EXPECT_EQ(GetBulk(name).examined_count(), 4000u);
  EXPECT_EQ(EventsAfter(before, name).size(), 9u);
  Tick();
  EXPECT_EQ(GetBulk(name).examined_count(), 4100u);
  EXPECT_EQ(CountRevocations(before), 4100);
}

TEST_F(BulkJobsTest, WhatEndsOtherwiseMeanwhileIsNotCounted) {
  const std::vector<v1::IssuedToken> tokens = Issue(10, "apps/bot", "ci");
  const std::string name = Start(Labelled("ci"));
  v1::RevokeTokenRequest revoke;
  revoke.set_name(tokens[4].token().name());
  // It waits for the sequencer while the chunk is read.
  authority()->Mutate(Ann(), revoke, [](const absl::StatusOr<v1::RevokeTokenResponse>& r) {
    EXPECT_TRUE(r.ok()) << r.status();
  });
  Tick();
  EXPECT_EQ(CountActive(tokens), 0);
  EXPECT_EQ(GetBulk(name).expected_count(), 10u);
  EXPECT_EQ(GetBulk(name).revoked_count(), 9u);
  EXPECT_EQ(Get(tokens[4]).revocation().action(), v1::ACTION_TOKEN_REVOKE);
}

TEST_F(BulkJobsTest, ALongOneDoesNotKeepAShortOneWaiting) {
  Issue(4100, "apps/bot", "many");
  Issue(30, "apps/bot", "few");
  const std::string many = Start(Labelled("many"));
  const std::string few = Start(Labelled("few"));
  Tick();
  EXPECT_EQ(GetBulk(few).state(), v1::BULK_REVOCATION_STATE_DONE);
  EXPECT_EQ(GetBulk(many).state(), v1::BULK_REVOCATION_STATE_RUNNING);
  EXPECT_EQ(GetBulk(many).revoked_count(), 3500u);
}

TEST_F(BulkJobsTest, WhoGotNoTurnInOneSecondIsTheFirstInTheNext) {
  for (int i = 0; i < 8; ++i) {
    const std::string label = absl::StrCat("long", i);
    Issue(1001, "apps/bot", label);
    Start(Labelled(label));
  }
  Issue(1, "apps/bot", "ninth");
  authority().clock().Advance(absl::Seconds(1));  // so that its name is the last one
  const std::string ninth = Start(Labelled("ninth"));
  Tick();
  EXPECT_EQ(GetBulk(ninth).state(), v1::BULK_REVOCATION_STATE_RUNNING);
  Tick();
  EXPECT_EQ(GetBulk(ninth).state(), v1::BULK_REVOCATION_STATE_DONE);
}

TEST_F(BulkJobsTest, TenMayRunInAWorkspace) {
  std::vector<std::string> names;
  for (int i = 0; i < 10; ++i) {
    const std::string label = absl::StrCat("l", i);
    Issue(1, "apps/bot", label);
    names.push_back(Start(Labelled(label)));
  }
  const std::uint64_t before = newest();
  EXPECT_THAT(Call(Ann(), Confirmed(Labelled("one more"))),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(newest(), before);
  const auto count_done = [&] {
    return std::count_if(names.begin(), names.end(), [this](const std::string& name) {
      return GetBulk(name).state() == v1::BULK_REVOCATION_STATE_DONE;
    });
  };
  Tick();
  EXPECT_EQ(count_done(), 8);
  Tick();
  EXPECT_EQ(count_done(), 10);
  Start(Labelled("one more"));
}

TEST_F(BulkJobsTest, ItGoesOnThoughWhoStartedItLostTheRight) {
  const std::vector<v1::IssuedToken> tokens = Issue(5, "apps/bot", "ci");
  Start(Labelled("ci"), Member("ada"));
  v1::DeactivateMemberRequest deactivate;
  deactivate.set_name("workspaces/acme/members/ada");
  ASSERT_TRUE(Call(Ann(), deactivate).ok());
  Tick();
  EXPECT_EQ(CountActive(tokens), 0);
}

TEST_F(BulkJobsTest, TheListIsNewestFirstAndByState) {
  Issue(1, "apps/bot", "a");
  const std::string first = Start(Labelled("a"));
  Tick();
  authority().clock().Advance(absl::Seconds(1));
  const std::string second = Start(Labelled("b"));
  v1::ListBulkRevocationsRequest request;
  request.set_parent("workspaces/acme");
  auto listed = authority()->Read(Ann(), request);
  ASSERT_TRUE(listed.ok()) << listed.status();
  ASSERT_EQ(listed->bulk_revocations_size(), 2);
  EXPECT_EQ(listed->bulk_revocations(0).name(), second);
  EXPECT_EQ(listed->bulk_revocations(1).name(), first);
  request.set_state(v1::BULK_REVOCATION_STATE_DONE);
  listed = authority()->Read(Ann(), request);
  ASSERT_TRUE(listed.ok()) << listed.status();
  ASSERT_EQ(listed->bulk_revocations_size(), 1);
  EXPECT_EQ(listed->bulk_revocations(0).name(), first);
}

TEST_F(BulkJobsTest, WhoHasNoRightToStartOneMayNeitherReadNorStopIt) {
  const std::string name = Start(Labelled("ci"));
  const Caller bea = TestAuthority::Member("workspaces/beta/members/bea");
  v1::GetBulkRevocationRequest get;
  get.set_name(name);
  v1::ListBulkRevocationsRequest list;
  list.set_parent("workspaces/acme");
  EXPECT_THAT(Cancel(name, Member("max")), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(authority()->Read(Member("max"), get), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(authority()->Read(Member("max"), list),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(Cancel(name, bea), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(authority()->Read(bea, get), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(authority()->Read(bea, list), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(BulkJobsTest, WhoStartedOneMayFollowItsEventsAndNoOthers) {
  const std::string name = Start(Labelled("ci"), Member("ada"));
  const auto may = [this](const Caller& caller, const std::string& workspace,
                          const std::string& resource) {
    v1::EventFilter filter;
    filter.set_workspace(workspace);
    filter.set_resource(resource);
    return authority()->AuthorizeAudit(caller, filter);
  };
  const std::string acme = "workspaces/acme";
  EXPECT_TRUE(may(Member("ada"), acme, name).ok());
  EXPECT_THAT(may(Member("ada"), "", name), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(may(Member("ada"), acme, ""), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(may(Member("ada"), acme, name + "x"), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(may(Member("ada"), "workspaces/beta", name), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(may(Member("max"), acme, name), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_TRUE(may(Ann(), acme, name).ok());
}

}  // namespace
}  // namespace latchkey
