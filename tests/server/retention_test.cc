// What of the log is kept: by age, by size, for the readers of each plan, and for consumers that
// hold it.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "server/authority/errors.h"
#include "server/authority/log_retention.h"
#include "server/base/executor.h"
#include "storage/engine/memory_engine.h"
#include "tests/server/test_authority.h"
#include "tests/testing/status_matchers.h"

namespace latchkey {
namespace {

using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusIs;
using testing::TestAuthority;

constexpr absl::Duration kDay = absl::Hours(24);
constexpr absl::Duration kLongest = absl::Hours(24 * 3 * 365);

class RetentionTest : public ::testing::Test {
 protected:
  void Start(std::uint64_t max_log_bytes = 0) {
    authority_.reset();
    authority_ = std::make_unique<TestAuthority>(
        engine_, executor_, &executor_, TestAuthority::Bounds{.max_log_bytes = max_log_bytes});
    authority_->clock().Set(now_);
  }
  Authority& authority() { return **authority_; }
  void Advance(absl::Duration by) {
    now_ += by;
    authority_->clock().Set(now_);
  }
  void Tick(int times = 1) {
    for (int i = 0; i < times; ++i) {
      authority().Tick();
      executor_.RunAll();
    }
  }
  std::uint64_t newest() { return authority().events().newest(); }
  std::uint64_t oldest() { return authority().events().oldest(); }

  void MakeWorkspace(const std::string& id, v1::Plan plan) {
    v1::CreateWorkspaceRequest request;
    request.set_workspace_id(id);
    request.mutable_workspace()->set_plan(plan);
    request.set_primary_owner_id("ann");
    ASSERT_THAT(Call(operator_, request).status(), IsOk());
  }
  // Leaves so many events about a workspace, of about a kilobyte each. Returns the last one.
  std::uint64_t Fill(int events, const std::string& workspace = "acme") {
    v1::UpdateWorkspaceRequest request;
    request.mutable_workspace()->set_name(absl::StrCat("workspaces/", workspace));
    request.mutable_update_mask()->add_paths("display_name");
    for (int i = 0; i < events; ++i) {
      request.mutable_workspace()->set_display_name(
          std::string(250, static_cast<char>('a' + i % 26)));
      EXPECT_THAT(Call(operator_, request).status(), IsOk());
    }
    return newest();
  }
  void ChangePlan(const std::string& workspace, v1::Plan plan) {
    v1::UpdateWorkspaceRequest request;
    request.mutable_workspace()->set_name(absl::StrCat("workspaces/", workspace));
    request.mutable_workspace()->set_plan(plan);
    request.mutable_update_mask()->add_paths("plan");
    ASSERT_THAT(Call(operator_, request).status(), IsOk());
  }
  absl::StatusOr<v1::ListEventsResponse> List(const Caller& caller, const std::string& workspace,
                                              std::uint64_t after = 0, bool descending = false) {
    v1::ListEventsRequest request;
    request.mutable_filter()->set_workspace(workspace);
    request.set_after_revision(after);
    request.set_descending(descending);
    request.set_page_size(1000);
    return authority().Read(caller, request);
  }
  absl::StatusOr<v1::Event> Get(const Caller& caller, std::uint64_t sequence) {
    v1::GetEventRequest request;
    request.set_sequence(sequence);
    const auto response = authority().Read(caller, request);
    if (!response.ok()) return response.status();
    return response->event();
  }
  std::vector<v1::Event> EventsOf(v1::Action action) {
    v1::ListEventsRequest request;
    request.mutable_filter()->add_actions(action);
    const auto response = authority().Read(operator_, request);
    EXPECT_THAT(response.status(), IsOk());
    return {response->events().begin(), response->events().end()};
  }
  std::uint64_t RetainedBytes() {
    std::uint64_t bytes = 0;
    for (std::uint64_t sequence = oldest(); sequence <= newest(); ++sequence) {
      bytes += Get(operator_, sequence)->ByteSizeLong();
    }
    return bytes;
  }

  void MakeHolder(std::uint64_t position) {
    v1::CreateConsumerRequest request;
    request.set_consumer_id("siem");
    request.mutable_consumer()->set_acknowledged_revision(position);
    request.mutable_consumer()->set_holds_retention(true);
    request.mutable_consumer()->set_max_held_bytes(std::uint64_t{1} << 20);
    ASSERT_THAT(Call(operator_, request).status(), IsOk());
  }
  void Acknowledge(std::uint64_t revision) {
    v1::AcknowledgeRequest request;
    request.set_name("consumers/siem");
    request.set_revision(revision);
    ASSERT_THAT(Call(operator_, request).status(), IsOk());
  }
  v1::Consumer Holder() {
    v1::GetConsumerRequest request;
    request.set_name("consumers/siem");
    return authority().Read(operator_, request)->consumer();
  }

  static auto Metadata(const absl::Status& status) {
    return GetDetail<google::rpc::ErrorInfo>(status).metadata();
  }
  static Caller Ann(const std::string& workspace) {
    return TestAuthority::Member(absl::StrCat("workspaces/", workspace, "/members/ann"));
  }
  template <typename Request>
  absl::StatusOr<ResponseOf<Request>> Call(const Caller& caller, const Request& request) {
    return authority_->Call(caller, request);
  }

  engine::MemoryEngine engine_;
  ManualExecutor executor_;
  std::unique_ptr<TestAuthority> authority_;
  absl::Time now_ = absl::FromUnixSeconds(1893456000);
  const Caller operator_ = TestAuthority::Operator();
};

TEST_F(RetentionTest, WhatIsOlderThanTheLongestPlanIsRemovedAndThatIsTold) {
  Start();
  MakeWorkspace("acme", v1::PLAN_ENTERPRISE_GRID);
  const std::uint64_t last_old = Fill(20);
  Advance(kLongest - absl::Seconds(1));
  Fill(3);
  Tick();
  EXPECT_EQ(oldest(), 1u);

  Advance(absl::Seconds(2));
  Tick();

  EXPECT_EQ(oldest(), last_old + 1);
  const auto gone = Get(operator_, 5);
  EXPECT_THAT(gone, StatusIs(absl::StatusCode::kNotFound, HasSubstr("was removed")));
  EXPECT_EQ(Metadata(gone.status()).at("oldest"), absl::StrCat(last_old + 1));
  EXPECT_EQ(List(operator_, "")->events(0).sequence(), last_old + 1);
  const absl::Status start = authority().CheckStart(last_old - 1, {});
  EXPECT_THAT(start, StatusIs(absl::StatusCode::kOutOfRange));
  EXPECT_EQ(Metadata(start).at("oldest"), absl::StrCat(last_old + 1));
  EXPECT_EQ(Metadata(start).at("newest"), absl::StrCat(newest()));
  EXPECT_THAT(authority().CheckStart(last_old, {}), IsOk());
  for (const bool descending : {false, true}) {
    const absl::Status listed = List(operator_, "", 1, descending).status();
    EXPECT_THAT(listed, StatusIs(absl::StatusCode::kOutOfRange));
    EXPECT_EQ(Metadata(listed).at("checkpoint"), *authority().CheckpointAt(last_old));
  }
  EXPECT_EQ(List(operator_, "", 0, true)->events().rbegin()->sequence(), last_old + 1);

  const auto told = EventsOf(v1::ACTION_AUDIT_TRUNCATE);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].summary().count(), last_old);
  EXPECT_EQ(told[0].actor().principal(), "latchkey");
  EXPECT_LE(FromProto(told[0].summary().last_time()), now_ - kLongest);
}

TEST_F(RetentionTest, WhatNoPlanKeepsThatAWorkspaceIsOnIsRemovedButNotWithinAYear) {
  Start();
  MakeWorkspace("acme", v1::PLAN_FREE);
  MakeWorkspace("beta", v1::PLAN_STANDARD);
  const std::uint64_t last_old = Fill(20);
  Advance(kMinRetainedAge - absl::Seconds(1));
  Fill(3);
  Tick();
  EXPECT_EQ(oldest(), 1u);

  Advance(absl::Seconds(2));
  Tick();
  EXPECT_EQ(oldest(), last_old + 1);

  // A bigger plan keeps what is there from now on, and brings nothing back.
  ChangePlan("acme", v1::PLAN_ENTERPRISE_GRID);
  v1::EventFilter filter;
  filter.set_workspace("workspaces/acme");
  const absl::Status start = authority().CheckStart(last_old - 1, filter);
  EXPECT_THAT(start, StatusIs(absl::StatusCode::kOutOfRange));
  EXPECT_EQ(Metadata(start).at("oldest"), absl::StrCat(last_old + 1));
  EXPECT_EQ(Metadata(start).at("checkpoint"), *authority().CheckpointAt(last_old));
  Advance(kMinRetainedAge + kDay);
  Tick();
  EXPECT_EQ(oldest(), last_old + 1);

  ChangePlan("acme", v1::PLAN_PLUS);
  Tick();
  EXPECT_GT(oldest(), last_old + 1);
}

TEST_F(RetentionTest, NothingGoesBeforeThePlansOfAllWorkspacesAreKnown) {
  Start();
  for (int i = 0; i < 1500; ++i) MakeWorkspace(absl::StrCat("w", i), v1::PLAN_FREE);
  MakeWorkspace("zz", v1::PLAN_ENTERPRISE_GRID);
  Advance(kMinRetainedAge + kDay);
  Fill(1, "w1");
  for (int i = 0; i < 5; ++i) {
    Tick();
    EXPECT_EQ(oldest(), 1u) << i;
  }

  ChangePlan("zz", v1::PLAN_FREE);
  Tick(4);
  EXPECT_GT(oldest(), 1u);
}

TEST_F(RetentionTest, WhatIsRemovedLittleByLittleIsToldOnceADay) {
  Start();
  MakeWorkspace("acme", v1::PLAN_ENTERPRISE_GRID);
  for (int hour = 0; hour < 60; ++hour) {
    Fill(1);
    Advance(absl::Hours(1));
  }
  Advance(kLongest - absl::Hours(60));
  for (int hour = 0; hour < 60; ++hour) {
    Tick();
    Advance(absl::Hours(1));
  }

  const auto told = EventsOf(v1::ACTION_AUDIT_TRUNCATE);

  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told[1].summary().count(), 24u);
}

TEST_F(RetentionTest, MuchMoreThatIsRemovedIsToldBeforeTheDayIsOver) {
  Start();
  MakeWorkspace("acme", v1::PLAN_ENTERPRISE_GRID);
  Fill(5);
  Advance(absl::Hours(2));
  Fill(kMaxUntold);
  Advance(kLongest - absl::Hours(1));
  Fill(1);
  Tick();
  ASSERT_EQ(EventsOf(v1::ACTION_AUDIT_TRUNCATE).size(), 1u);

  Advance(absl::Hours(2));
  Tick(3);

  const auto told = EventsOf(v1::ACTION_AUDIT_TRUNCATE);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_GE(told[1].summary().count(), kMaxUntold);
}

TEST_F(RetentionTest, ThatEventsWereRemovedIsToldByOneThatWasNotRemovedItself) {
  constexpr std::uint64_t kLimit = 20'000;
  Start(kLimit);
  MakeWorkspace("acme", v1::PLAN_FREE);
  for (int minute = 0; minute < 200; ++minute) {
    Fill(1);
    Tick();
    Advance(absl::Minutes(1));
    const std::size_t told = EventsOf(v1::ACTION_AUDIT_TRUNCATE).size();
    EXPECT_EQ(told, oldest() > 1 ? 1u : 0u) << minute;
  }
  EXPECT_GT(oldest(), 100u);
  EXPECT_LE(RetainedBytes(), kLimit + 1'500);
}

TEST_F(RetentionTest, TheLastEventStaysSinceItSaysWhereTheLogEnds) {
  Start();
  MakeWorkspace("acme", v1::PLAN_FREE);
  const std::uint64_t last = Fill(5);
  Advance(2 * kLongest);

  Tick();

  EXPECT_EQ(oldest(), last);
  EXPECT_EQ(newest(), last + 1);  // which tells of the removal
  Start();
  EXPECT_EQ(Fill(1), last + 2);
}

TEST_F(RetentionTest, ALogThatTakesMoreThanItMayLosesTheOldest) {
  constexpr std::uint64_t kLimit = 20'000;
  Start(kLimit);
  MakeWorkspace("acme", v1::PLAN_FREE);
  Fill(5);
  Tick(3);
  EXPECT_EQ(oldest(), 1u);
  Fill(100);

  Tick();

  EXPECT_GT(oldest(), 50u);
  EXPECT_LE(RetainedBytes(), kLimit);
  EXPECT_GT(RetainedBytes(), kLimit - 2'000);
  // Also where it is counted from the record on.
  Start(kLimit);
  Fill(10);
  Tick();
  EXPECT_LE(RetainedBytes(), kLimit);
  EXPECT_GT(RetainedBytes(), kLimit - 2'000);
}

TEST_F(RetentionTest, MuchIsRemovedInStepsThatGoOnAfterARestart) {
  Start();
  MakeWorkspace("acme", v1::PLAN_FREE);
  const std::uint64_t last = Fill(kMaxRemovedInTick + 600);
  Advance(kLongest + kDay);
  Fill(1);

  Tick();
  EXPECT_EQ(oldest(), kMaxRemovedInTick + 1);

  Start();
  EXPECT_EQ(oldest(), kMaxRemovedInTick + 1);
  // Nothing of the gap is passed over in silence, and what is left can be read.
  EXPECT_THAT(authority().events().Read(oldest() - 2, {}, {}),
              StatusIs(absl::StatusCode::kOutOfRange));
  EXPECT_GT(authority().events().Read(oldest() - 1, {}, {})->complete_through, oldest());
  Tick();
  EXPECT_EQ(oldest(), last + 1);
  Tick();
  ASSERT_EQ(EventsOf(v1::ACTION_AUDIT_TRUNCATE).size(), 1u);
  EXPECT_EQ(EventsOf(v1::ACTION_AUDIT_TRUNCATE)[0].summary().count(), last);
}

TEST_F(RetentionTest, AWorkspacesPlanSaysHowFarItsReadersSeeBack) {
  Start();
  MakeWorkspace("small", v1::PLAN_FREE);
  MakeWorkspace("large", v1::PLAN_ENTERPRISE_GRID);
  Fill(5, "small");
  const std::uint64_t last_old = Fill(5, "large");
  Advance(31 * kDay);
  const std::uint64_t young = Fill(1, "small");
  Tick();

  const auto seen = List(Ann("small"), "workspaces/small");
  ASSERT_THAT(seen.status(), IsOk());
  ASSERT_EQ(seen->events_size(), 1);
  EXPECT_EQ(seen->events(0).sequence(), young);
  EXPECT_EQ(List(Ann("small"), "workspaces/small", 0, true)->events_size(), 1);
  EXPECT_EQ(List(operator_, "workspaces/small")->events_size(), 1);
  v1::EventFilter filter;
  filter.set_workspace("workspaces/small");
  EXPECT_THAT(authority().CheckStart(0, filter), StatusIs(absl::StatusCode::kOutOfRange));
  EXPECT_EQ(Metadata(authority().CheckStart(0, filter)).at("oldest"), absl::StrCat(last_old + 1));
  EXPECT_THAT(authority().CheckStart(last_old, filter), IsOk());
  EXPECT_THAT(Get(Ann("small"), 3), StatusIs(absl::StatusCode::kNotFound, HasSubstr("removed")));

  // The others see all that is retained.
  EXPECT_EQ(oldest(), 1u);
  EXPECT_EQ(List(operator_, "")->events(0).sequence(), 1u);
  EXPECT_THAT(Get(operator_, 1).status(), IsOk());
  EXPECT_GE(List(Ann("large"), "workspaces/large")->events_size(), 6);
  filter.set_workspace("workspaces/large");
  EXPECT_THAT(authority().CheckStart(0, filter), IsOk());

  ChangePlan("small", v1::PLAN_STANDARD);
  EXPECT_GE(List(Ann("small"), "workspaces/small")->events_size(), 8);
}

TEST_F(RetentionTest, WhereEventsAreToldToBeginAReaderMayBeginAMomentLater) {
  Start();
  MakeWorkspace("acme", v1::PLAN_FREE);
  v1::EventFilter filter;
  filter.set_workspace("workspaces/acme");
  Fill(3);
  Advance(absl::Minutes(10));
  for (int i = 0; i < 5; ++i) {
    Fill(1);
    Advance(absl::Seconds(1));
  }
  Advance(absl::Hours(24 * 30) - absl::Seconds(3));
  const absl::Status refused = authority().CheckStart(0, filter);
  ASSERT_THAT(refused, StatusIs(absl::StatusCode::kOutOfRange));
  const std::uint64_t told = std::stoull(Metadata(refused).at("oldest"));
  Advance(absl::Seconds(2));
  EXPECT_THAT(authority().CheckStart(told - 1, filter), IsOk());
  Advance(absl::Minutes(2));
  EXPECT_THAT(authority().CheckStart(told - 1, filter), StatusIs(absl::StatusCode::kOutOfRange));
}

TEST_F(RetentionTest, AConsumerBeginsWithinItsPlan) {
  Start();
  MakeWorkspace("small", v1::PLAN_FREE);
  Advance(31 * kDay);
  const std::uint64_t young = Fill(2, "small") - 1;
  v1::CreateConsumerRequest request;
  request.set_consumer_id("theirs");
  request.mutable_consumer()->mutable_filter()->set_workspace("workspaces/small");

  const absl::Status refused = Call(Ann("small"), request).status();

  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kOutOfRange));
  EXPECT_EQ(Metadata(refused).at("oldest"), absl::StrCat(young));
  request.mutable_consumer()->set_acknowledged_revision(young - 1);
  EXPECT_THAT(Call(Ann("small"), request).status(), IsOk());
}

TEST_F(RetentionTest, WhatAConsumerHoldsStaysUntilItIsAcknowledged) {
  Start();
  MakeWorkspace("acme", v1::PLAN_FREE);
  Fill(20);
  MakeHolder(5);
  Advance(kLongest + kDay);
  const std::uint64_t young = Fill(1);

  Tick(2);
  EXPECT_EQ(oldest(), 6u);
  EXPECT_FALSE(Holder().hold_lapsed());

  Acknowledge(10);
  Tick();
  EXPECT_EQ(oldest(), 11u);

  v1::DeleteConsumerRequest request;
  request.set_name("consumers/siem");
  ASSERT_THAT(Call(operator_, request).status(), IsOk());
  Tick();
  EXPECT_EQ(oldest(), young);
}

TEST_F(RetentionTest, AHoldOfTooMuchLapsesWithAnEventUntilTheConsumerHasCaughtUp) {
  Start();
  MakeWorkspace("acme", v1::PLAN_FREE);
  Fill(20);
  MakeHolder(5);
  const std::uint64_t last_old = Fill(1700);
  Tick();
  // Nothing is beyond its time yet, so nothing is held.
  EXPECT_FALSE(Holder().hold_lapsed());
  Advance(kLongest + kDay);
  const std::uint64_t young = Fill(1);

  Tick();

  EXPECT_TRUE(Holder().hold_lapsed());
  EXPECT_EQ(oldest(), young);
  const auto lapsed = EventsOf(v1::ACTION_AUDIT_HOLD_LAPSE);
  ASSERT_EQ(lapsed.size(), 1u);
  EXPECT_EQ(lapsed[0].resource(), "consumers/siem");
  EXPECT_EQ(lapsed[0].before().consumer().acknowledged_revision(), 5u);
  EXPECT_FALSE(lapsed[0].before().consumer().hold_lapsed());
  EXPECT_TRUE(lapsed[0].after().consumer().hold_lapsed());
  EXPECT_THAT(authority().CheckStart(Holder().acknowledged_revision(), {}),
              StatusIs(absl::StatusCode::kOutOfRange));

  Acknowledge(last_old - 1);
  EXPECT_TRUE(Holder().hold_lapsed());
  Acknowledge(last_old);
  EXPECT_FALSE(Holder().hold_lapsed());
  Advance(kLongest + kDay);
  Fill(1);
  Tick();
  EXPECT_EQ(oldest(), young);
}

TEST_F(RetentionTest, AHoldGoesBeforeTheLimitOfSize) {
  Start(20'000);
  MakeWorkspace("acme", v1::PLAN_FREE);
  MakeHolder(2);
  Fill(100);
  Tick();
  EXPECT_EQ(oldest(), 3u);

  Acknowledge(newest());
  Tick();
  EXPECT_LE(RetainedBytes(), 20'000u);
}

}  // namespace
}  // namespace latchkey
