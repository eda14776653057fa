// When streams are woken: how long an event waits for others.
#include "server/rpc/wake_plan.h"

#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace latchkey::rpc {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST(WakePlanPaceTest, PacesAreFewAndNeverSlowerThanAskedFor) {
  const auto rounded = [](std::chrono::nanoseconds delay, std::size_t bytes) {
    return WakePlan::Rounded({delay, bytes});
  };
  EXPECT_EQ(rounded(milliseconds(0), 1024).max_delay, milliseconds(0));
  EXPECT_EQ(rounded(std::chrono::microseconds(1999), 1500).max_delay, milliseconds(1));
  EXPECT_EQ(rounded(milliseconds(999), 1500).max_delay, milliseconds(500));
  EXPECT_EQ(rounded(milliseconds(1000), 1500).max_delay, milliseconds(1000));
  EXPECT_EQ(rounded(milliseconds(2), 1500).max_bytes, 1024u);
  EXPECT_EQ(rounded(milliseconds(2), 1 << 20).max_bytes, std::size_t{1} << 20);
}

class WakePlanTest : public ::testing::Test {
 protected:
  // A plan only hands streams on, so that any pointers do.
  static SubscribeReactor* Stream(int& stands_for) {
    return reinterpret_cast<SubscribeReactor*>(&stands_for);
  }
  std::set<SubscribeReactor*> Step(int at, bool noticed, std::uint64_t bytes) {
    std::set<SubscribeReactor*> woken;
    plan_.Step(
        At(at), noticed, {bytes, bytes},
        [&](std::uint64_t after) {
          asked_after_ = after;
          return news_;
        },
        [&](SubscribeReactor* stream, std::uint64_t passed) {
          woken.insert(stream);
          passed_ = passed;
        });
    return woken;
  }
  static WakePlan::Place Place(int delay, const std::string& workspace = "") {
    return {{milliseconds(delay), kBytes}, workspace};
  }
  static WakePlan::Time At(int ms) { return WakePlan::Time(milliseconds(1000 + ms)); }

  WakePlan plan_;
  WakePlan::News news_;
  std::uint64_t asked_after_ = 0;
  std::uint64_t passed_ = 0;
  int a_ = 0;
  int b_ = 0;
  SubscribeReactor* const first_ = Stream(a_);
  SubscribeReactor* const second_ = Stream(b_);
  static constexpr std::size_t kBytes = 1000;
};

TEST_F(WakePlanTest, AnEventWaitsAsLongAsTheStreamSaysFromTheFirstNoticeOn) {
  plan_.Add(first_, Place(10), {0, 0});
  EXPECT_TRUE(plan_.listens());
  EXPECT_EQ(plan_.NextDue(), WakePlan::Time::max());
  EXPECT_THAT(Step(0, true, 100), IsEmpty());
  EXPECT_FALSE(plan_.listens());
  EXPECT_EQ(plan_.NextDue(), At(10));
  EXPECT_THAT(Step(5, true, 200), IsEmpty());
  EXPECT_EQ(plan_.NextDue(), At(10));
  EXPECT_TRUE(plan_.IsDue(At(10), {200, 200}));
  EXPECT_THAT(Step(10, false, 200), ElementsAre(first_));
  EXPECT_TRUE(plan_.listens());
  EXPECT_THAT(Step(30, false, 200), IsEmpty());
}

TEST_F(WakePlanTest, WithoutADelayAStreamIsWokenAtOnce) {
  plan_.Add(first_, Place(0), {0, 0});
  plan_.Add(second_, Place(10), {0, 0});
  EXPECT_THAT(Step(0, true, 1), ElementsAre(first_));
  EXPECT_TRUE(plan_.listens());  // for the first
  EXPECT_THAT(Step(1, true, 2), ElementsAre(first_));
  EXPECT_THAT(Step(10, false, 2), ElementsAre(second_));
}

TEST_F(WakePlanTest, WhatFillsAResponseDoesNotWait) {
  plan_.Add(first_, Place(10), {5000, 5000});
  EXPECT_EQ(plan_.NextDueBytes(), UINT64_MAX);
  EXPECT_THAT(Step(0, true, 5100), IsEmpty());
  EXPECT_EQ(plan_.NextDueBytes(), 6000u);
  EXPECT_FALSE(plan_.IsDue(At(1), {5999, 5999}));
  EXPECT_THAT(Step(1, false, 6000), ElementsAre(first_));
  // The next wait counts from here.
  EXPECT_THAT(Step(2, true, 6100), IsEmpty());
  EXPECT_EQ(plan_.NextDueBytes(), 7000u);
}

TEST_F(WakePlanTest, AStreamThatIsGoneIsNotWoken) {
  plan_.Add(first_, Place(10), {0, 0});
  plan_.Add(second_, Place(10), {0, 0});
  Step(0, true, 1);
  plan_.Remove(first_, Place(10));
  EXPECT_THAT(Step(10, false, 1), ElementsAre(second_));
  plan_.Remove(second_, Place(10));
  plan_.Remove(second_, Place(10));
  EXPECT_FALSE(plan_.listens());
  EXPECT_EQ(plan_.NextDue(), WakePlan::Time::max());
}

TEST_F(WakePlanTest, WhatIsCommittedInOneWorkspaceDoesNotWakeTheStreamsOfAnother) {
  int c = 0;
  SubscribeReactor* const any = Stream(c);
  plan_.Add(first_, Place(0, "workspaces/a"), {7, 7});
  plan_.Add(second_, Place(0, "workspaces/b"), {7, 7});
  plan_.Add(any, Place(0), {7, 7});
  news_.workspaces = {"workspaces/a", "workspaces/c"};
  EXPECT_THAT(Step(0, true, 9), UnorderedElementsAre(first_, any));
  EXPECT_EQ(asked_after_, 7u);
  EXPECT_EQ(passed_, 7u);
  news_.workspaces = {"workspaces/b"};
  EXPECT_THAT(Step(1, true, 12), UnorderedElementsAre(second_, any));
  // What was passed over is so for all of them.
  EXPECT_EQ(asked_after_, 9u);
  EXPECT_EQ(passed_, 9u);
  news_.for_all = true;
  EXPECT_THAT(Step(2, true, 13), UnorderedElementsAre(first_, second_, any));
}

}  // namespace
}  // namespace latchkey::rpc
