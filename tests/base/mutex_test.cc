#include "server/base/mutex.h"

#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace latchkey {
namespace {

struct Counter {
  Mutex mu;
  CondVar changed;
  int value ABSL_GUARDED_BY(mu) = 0;

  void Add() {
    MutexLock lock(mu);
    ++value;
    changed.NotifyAll();
  }
};

TEST(MutexTest, NoIncrementIsLost) {
  Counter counter;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 10'000; ++n) counter.Add();
    });
  }
  for (std::thread& thread : threads) thread.join();
  MutexLock lock(counter.mu);
  EXPECT_EQ(counter.value, 40'000);
}

TEST(CondVarTest, WaitEndsWhenAnotherThreadChangesTheCondition) {
  Counter counter;
  std::thread other([&] { counter.Add(); });
  {
    MutexLock lock(counter.mu);
    while (counter.value == 0) counter.changed.Wait(counter.mu);
    EXPECT_EQ(counter.value, 1);
  }
  other.join();
}

TEST(CondVarTest, ATimedWaitGivesUpAndStillHoldsTheMutex) {
  Counter counter;
  {
    MutexLock lock(counter.mu);
    const absl::Time start = absl::Now();
    while (counter.changed.WaitFor(counter.mu, absl::Milliseconds(5))) {
    }
    while (counter.changed.WaitUntil(counter.mu, start + absl::Milliseconds(10))) {
    }
    EXPECT_GE(absl::Now() - start, absl::Milliseconds(5));
    ++counter.value;
  }
  counter.Add();  // would hang if a wait had kept or lost the mutex
  MutexLock lock(counter.mu);
  EXPECT_EQ(counter.value, 2);
}

TEST(CondVarTest, AnEndlessTimeoutIsNoTimeout) {
  Counter counter;
  std::thread other([&] { counter.Add(); });
  {
    MutexLock lock(counter.mu);
    while (counter.value == 0) {
      EXPECT_TRUE(counter.changed.WaitFor(counter.mu, absl::InfiniteDuration()));
      if (counter.value != 0) break;
      EXPECT_TRUE(counter.changed.WaitUntil(counter.mu, absl::InfiniteFuture()));
    }
  }
  other.join();
}

}  // namespace
}  // namespace latchkey
