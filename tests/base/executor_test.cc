#include "server/base/executor.h"

#include <atomic>
#include <cstddef>
#include <future>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace latchkey {
namespace {

using ::testing::ElementsAre;

TEST(ThreadPoolExecutorTest, OneThreadRunsTasksOneAfterAnotherInOrder) {
  std::vector<int> order;  // only that thread touches it until it is joined
  {
    ThreadPoolExecutor executor(1);
    for (int i = 0; i < 1000; ++i) executor.Schedule([&order, i] { order.push_back(i); });
  }
  ASSERT_EQ(order.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(ThreadPoolExecutorTest, RunsTasksOnOtherThreadsAtTheSameTime) {
  // Each task waits for the other, so one thread could never finish both.
  std::promise<void> first;
  std::promise<void> second;
  std::thread::id ran_on;
  {
    ThreadPoolExecutor executor(2);
    executor.Schedule([&] {
      ran_on = std::this_thread::get_id();
      first.set_value();
      second.get_future().wait();
    });
    executor.Schedule([&] {
      first.get_future().wait();
      second.set_value();
    });
  }
  EXPECT_NE(ran_on, std::this_thread::get_id());
}

// Schedules itself again until it ran `left` times.
void Chain(Executor& executor, std::atomic<int>& runs, int left) {
  ++runs;
  if (left > 1) executor.Schedule([&executor, &runs, left] { Chain(executor, runs, left - 1); });
}

TEST(ThreadPoolExecutorTest, DestructionRunsWhatTasksScheduleMeanwhile) {
  for (const int threads : {1, 4}) {
    std::atomic<int> runs{0};
    {
      ThreadPoolExecutor executor(threads);
      executor.Schedule([&] { Chain(executor, runs, 500); });
    }
    EXPECT_EQ(runs, 500) << threads << " threads";
  }
}

TEST(ThreadPoolExecutorTest, TakesTasksFromManyThreads) {
  std::atomic<int> runs{0};
  {
    ThreadPoolExecutor executor(3);
    std::vector<std::thread> clients;
    clients.reserve(4);
    for (int i = 0; i < 4; ++i) {
      clients.emplace_back([&] {
        for (int task = 0; task < 1000; ++task) executor.Schedule([&runs] { ++runs; });
      });
    }
    for (std::thread& client : clients) client.join();
  }
  EXPECT_EQ(runs, 4000);
}

TEST(InlineExecutorTest, RunsATaskBeforeScheduleReturns) {
  InlineExecutor executor;
  auto owned = std::make_unique<int>(5);  // tasks need not be copyable
  int seen = 0;
  executor.Schedule([&seen, owned = std::move(owned)] { seen = *owned; });
  EXPECT_EQ(seen, 5);
}

TEST(ManualExecutorTest, RunsNothingUntilToldAndThenInOrder) {
  ManualExecutor executor;
  std::vector<int> order;
  executor.Schedule([&] {
    order.push_back(1);
    executor.Schedule([&] { order.push_back(3); });
  });
  executor.Schedule([&] { order.push_back(2); });
  EXPECT_THAT(order, ElementsAre());
  EXPECT_EQ(executor.pending(), 2u);

  EXPECT_TRUE(executor.RunOne());
  EXPECT_THAT(order, ElementsAre(1));
  EXPECT_EQ(executor.RunAll(), 2u);
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
  EXPECT_FALSE(executor.RunOne());
}

TEST(LentExecutorTest, HandsOnWhileLentAndRunsByItselfElse) {
  LentExecutor executor;
  ManualExecutor manual;
  std::vector<int> order;
  executor.Schedule([&] { order.push_back(1); });
  EXPECT_THAT(order, ElementsAre(1));

  executor.Lend(&manual);
  executor.Schedule([&] { order.push_back(2); });
  EXPECT_THAT(order, ElementsAre(1));
  executor.Lend(nullptr);
  executor.Schedule([&] { order.push_back(3); });
  EXPECT_THAT(order, ElementsAre(1, 3));
  EXPECT_EQ(manual.RunAll(), 1u);
  EXPECT_THAT(order, ElementsAre(1, 3, 2));
}

}  // namespace
}  // namespace latchkey
