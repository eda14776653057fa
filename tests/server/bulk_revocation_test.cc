// Previews of bulk revocations, what binds a run to one, and the runs that are one write.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "server/authority/errors.h"
#include "tests/server/bulk_fixture.h"
#include "tests/testing/status_matchers.h"

namespace latchkey {
namespace {

using testing::StatusIs;
using testing::TestAuthority;

class BulkRevocationTest : public testing::BulkTest {};

std::string ReasonOf(const absl::Status& status) {
  return GetDetail<google::rpc::ErrorInfo>(status).reason();
}

TEST_F(BulkRevocationTest, APreviewCountsTheLiveOnesSamplesTenAndWritesNothing) {
  const std::vector<v1::IssuedToken> tokens = Issue(12, "apps/bot");
  Issue(3, "apps/other");
  v1::RevokeTokenRequest revoke;
  revoke.set_name(tokens[0].token().name());
  ASSERT_TRUE(Call(Ann(), revoke).ok());
  const std::uint64_t before = newest();

  const auto preview = Preview(OfApp("apps/bot"));

  ASSERT_TRUE(preview.ok()) << preview.status();
  EXPECT_EQ(preview->count(), 11u);
  ASSERT_EQ(preview->samples_size(), 10);
  for (const v1::Token& sample : preview->samples()) {
    EXPECT_EQ(sample.app(), "apps/bot");
    EXPECT_EQ(sample.state(), v1::TOKEN_STATE_ACTIVE);
  }
  EXPECT_FALSE(preview->confirmation().empty());
  EXPECT_EQ(preview->revision(), 0u);
  EXPECT_EQ(newest(), before);
  EXPECT_EQ(CountActive(tokens), 11);
}

TEST_F(BulkRevocationTest, EachFilterNarrows) {
  Issue(2, "apps/bot", "ci");
  Issue(3, "apps/other", "ci");
  IssueTest("max");
  authority().clock().Advance(absl::Hours(1));
  const absl::Time later = authority().clock().Now();
  authority().clock().Advance(absl::Hours(1));
  Issue(4, "apps/bot", "web");
  const auto count = [this](const v1::BulkRevokeTokensRequest& request) {
    const auto preview = Preview(request);
    EXPECT_TRUE(preview.ok()) << preview.status();
    return preview.ok() ? preview->count() : 0;
  };

  EXPECT_EQ(count(All()), 10u);
  EXPECT_EQ(count(OfApp("apps/bot")), 6u);
  EXPECT_EQ(count(Labelled("ci")), 5u);
  v1::BulkRevokeTokensRequest request = OfApp("apps/bot");
  request.set_label("ci");
  EXPECT_EQ(count(request), 2u);
  request = OfAcme();
  request.set_member("workspaces/acme/members/max");
  EXPECT_EQ(count(request), 1u);
  request = OfAcme();
  request.set_kind(v1::TOKEN_KIND_CUSTOM_BOT);
  EXPECT_EQ(count(request), 9u);
  request.mutable_issued_before()->set_seconds(absl::ToUnixSeconds(later));
  EXPECT_EQ(count(request), 5u);
}

TEST_F(BulkRevocationTest, WhatTheFilterNamesMustBeThere) {
  EXPECT_THAT(Preview(OfApp("apps/none")), StatusIs(absl::StatusCode::kNotFound));
  v1::BulkRevokeTokensRequest request = OfAcme();
  request.set_member("workspaces/acme/members/nobody");
  EXPECT_THAT(Preview(request), StatusIs(absl::StatusCode::kNotFound));
  request.set_member("workspaces/beta/members/bea");
  EXPECT_THAT(Preview(request), StatusIs(absl::StatusCode::kInvalidArgument));
}

// What does not confirm is refused, and changes nothing.
class BulkConfirmationTest : public testing::BulkTest {
 protected:
  void ExpectRefused(const v1::BulkRevokeTokensRequest& request, const Caller& caller = Ann()) {
    const std::uint64_t before = newest();
    const auto response = Call(caller, request);
    EXPECT_THAT(response, StatusIs(absl::StatusCode::kFailedPrecondition));
    EXPECT_EQ(ReasonOf(response.status()), "CONFIRMATION_INVALID");
    EXPECT_EQ(newest(), before);
  }
};

TEST_F(BulkConfirmationTest, AnotherFilterThanThePreviewedOneIsRefused) {
  Issue(2, "apps/bot", "ci");
  const v1::BulkRevokeTokensRequest confirmed = Confirmed(OfApp("apps/bot"));

  v1::BulkRevokeTokensRequest other = confirmed;
  other.clear_app();
  other.set_all(true);
  ExpectRefused(other);
  other = confirmed;
  other.set_app("apps/other");
  ExpectRefused(other);
  other = confirmed;
  other.set_label("ci");
  ExpectRefused(other);
  other = confirmed;
  other.set_kind(v1::TOKEN_KIND_CUSTOM_BOT);
  ExpectRefused(other);
  other = confirmed;
  other.mutable_issued_before()->set_seconds(1);
  ExpectRefused(other);
  other = confirmed;
  other.set_member("workspaces/acme/members/max");
  ExpectRefused(other);
  EXPECT_TRUE(Call(Ann(), confirmed).ok());
}

TEST_F(BulkConfirmationTest, OfAWholeGenerationIsGoodForOneRun) {
  Issue(2, "apps/bot");
  const v1::BulkRevokeTokensRequest confirmed = Confirmed(OfApp("apps/bot"));
  EXPECT_TRUE(Call(Ann(), confirmed).ok());
  const auto later = Issue(1, "apps/bot");
  ExpectRefused(confirmed);
  EXPECT_EQ(CountActive(later), 1);
}

TEST_F(BulkConfirmationTest, EveryTokenIsMeantOnlyWhereTheRequestSaysSo) {
  EXPECT_THAT(Preview(OfAcme()), StatusIs(absl::StatusCode::kInvalidArgument));
  v1::BulkRevokeTokensRequest both = OfApp("apps/bot");
  both.set_all(true);
  EXPECT_THAT(Preview(both), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_TRUE(Preview(All()).ok());
}

TEST_F(BulkConfirmationTest, ATimeThatNoCalendarHasIsRefused) {
  for (const std::int64_t seconds : {std::int64_t{-62135596801}, std::int64_t{253402300800}}) {
    v1::BulkRevokeTokensRequest request = OfAcme();
    request.mutable_issued_before()->set_seconds(seconds);
    EXPECT_THAT(Preview(request), StatusIs(absl::StatusCode::kInvalidArgument)) << seconds;
  }
}

TEST_F(BulkConfirmationTest, AnotherCallerThanThePreviewsIsRefused) {
  ExpectRefused(Confirmed(OfApp("apps/bot")), Member("ada"));
  ExpectRefused(Confirmed(OfApp("apps/bot")), TestAuthority::Operator());
}

TEST_F(BulkConfirmationTest, ACountOrTimeThatWasChangedIsRefused) {
  Issue(2, "apps/bot");
  v1::BulkRevokeTokensRequest request = Confirmed(OfApp("apps/bot"));
  std::vector<std::string> parts = absl::StrSplit(request.confirmation(), '.');
  ASSERT_EQ(parts.size(), 3u);
  ASSERT_EQ(parts[1], "2");
  request.set_confirmation(absl::StrCat(parts[0], ".3.", parts[2]));
  ExpectRefused(request);
  request.set_confirmation(absl::StrCat(parts[0], "1.2.", parts[2]));
  ExpectRefused(request);
  request.set_confirmation(absl::StrCat(parts[0], ".2.", std::string(64, '0')));
  ExpectRefused(request);
}

TEST_F(BulkConfirmationTest, APreviewIsGoodForFifteenMinutes) {
  const v1::BulkRevokeTokensRequest request = Confirmed(OfApp("apps/bot"));
  authority().clock().Advance(-absl::Seconds(1));
  ExpectRefused(request);
  authority().clock().Advance(absl::Seconds(1) + absl::Minutes(15));
  EXPECT_TRUE(Call(Ann(), request).ok());
  authority().clock().Advance(absl::Milliseconds(1));
  ExpectRefused(request);
}

TEST_F(BulkConfirmationTest, WhatIsNoConfirmationIsABadField) {
  for (const char* text : {"", "yes", "1.2", "a.b.c", "1.2.3.4"}) {
    v1::BulkRevokeTokensRequest request = OfApp("apps/bot");
    request.set_confirmation(text);
    EXPECT_THAT(Call(Ann(), request), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
}

TEST_F(BulkRevocationTest, AllOfAnAppIsOneWriteThatLeavesTheAppAsItIs) {
  const std::vector<v1::IssuedToken> tokens = Issue(300, "apps/bot");
  const std::vector<v1::IssuedToken> others = Issue(2, "apps/other");
  const v1::BulkRevokeTokensRequest request = Confirmed(OfApp("apps/bot"));
  const std::vector<v1::IssuedToken> later = Issue(1, "apps/bot");
  const std::uint64_t before = newest();

  const auto response = Call(Ann(), request);

  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->count(), 300u);
  EXPECT_EQ(response->revision(), before + 1);
  EXPECT_FALSE(response->has_bulk_revocation());
  EXPECT_EQ(CountActive(tokens), 0);
  EXPECT_EQ(CountActive(later), 0);
  EXPECT_EQ(CountActive(others), 2);
  const std::vector<v1::Event> events = EventsAfter(before);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].action(), v1::ACTION_TOKEN_BULK_REVOKE);
  EXPECT_EQ(events[0].resource(), "workspaces/acme/installations/bot");
  EXPECT_EQ(events[0].app(), "apps/bot");
  EXPECT_EQ(events[0].decision().rule(), "revoke.manage");
  const v1::Token dead = Get(tokens[0]);
  EXPECT_EQ(dead.state(), v1::TOKEN_STATE_REVOKED);
  EXPECT_EQ(dead.revocation().action(), v1::ACTION_TOKEN_BULK_REVOKE);
  EXPECT_EQ(dead.revocation().principal(), "workspaces/acme/members/ann");
  EXPECT_EQ(CountActive(Issue(1, "apps/bot")), 1) << "new tokens are good";
}

TEST_F(BulkRevocationTest, AllOfAMemberEndsWhatSpeaksForTheMemberWhoStaysActive) {
  const v1::IssuedToken of_max = IssueTest("max");
  const v1::IssuedToken of_ada = IssueTest("ada");
  v1::BulkRevokeTokensRequest request = OfAcme();
  request.set_member("workspaces/acme/members/max");
  request.set_reason("the laptop is lost");
  const std::uint64_t before = newest();

  const v1::BulkRevokeTokensResponse response = Run(request);

  EXPECT_EQ(response.count(), 1u);
  EXPECT_EQ(CountActive({of_max}), 0);
  EXPECT_EQ(CountActive({of_ada}), 1);
  EXPECT_EQ(Get(of_max).revocation().reason(), "the laptop is lost");
  const std::vector<v1::Event> events = EventsAfter(before);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].resource(), "workspaces/acme/members/max");
  EXPECT_EQ(events[0].after().member().state(), v1::MEMBER_STATE_ACTIVE);
  EXPECT_EQ(CountActive({IssueTest("max")}), 1);
}

TEST_F(BulkRevocationTest, NoFilterEndsAllOfTheWorkspaceWhichStaysActive) {
  const std::vector<v1::IssuedToken> tokens = Issue(3, "apps/bot");
  const v1::IssuedToken of_max = IssueTest("max");
  const std::uint64_t before = newest();

  const v1::BulkRevokeTokensResponse response = Run(All());

  EXPECT_EQ(response.count(), 4u);
  EXPECT_EQ(CountActive(tokens), 0);
  EXPECT_EQ(CountActive({of_max}), 0);
  const std::vector<v1::Event> events = EventsAfter(before);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].resource(), "workspaces/acme");
  EXPECT_EQ(events[0].after().workspace().state(), v1::WORKSPACE_STATE_ACTIVE);
  EXPECT_EQ(CountActive(Issue(1, "apps/bot")), 1);
}

TEST_F(BulkRevocationTest, AMemberWithoutTheRightIsDeniedAndWhoIsOfAnotherWorkspaceIsToldNothing) {
  const v1::BulkRevokeTokensRequest request = Confirmed(OfApp("apps/bot"));
  EXPECT_THAT(Preview(OfApp("apps/bot"), Member("max")),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(Call(Member("max"), request), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(EventsAfter(newest() - 1)[0].decision().outcome(), v1::OUTCOME_DENIED);
  const Caller bea = TestAuthority::Member("workspaces/beta/members/bea");
  EXPECT_THAT(Preview(OfApp("apps/bot"), bea), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Call(bea, request), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(BulkRevocationTest, AServiceNeedsTheOperatorRole) {
  const auto make = [this](const std::string& id, v1::ServiceRole role) {
    v1::CreateServiceRequest service;
    service.set_service_id(id);
    service.mutable_service()->add_roles(role);
    ASSERT_TRUE(Call(TestAuthority::Operator(), service).ok());
  };
  make("ops", v1::SERVICE_ROLE_OPERATOR);
  make("directory", v1::SERVICE_ROLE_DIRECTORY);
  EXPECT_TRUE(Preview(OfApp("apps/bot"), TestAuthority::Service("services/ops")).ok());
  EXPECT_TRUE(Preview(OfApp("apps/bot"), TestAuthority::Operator()).ok());
  EXPECT_THAT(Preview(OfApp("apps/bot"), TestAuthority::Service("services/directory")),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

}  // namespace
}  // namespace latchkey
