// Random calls from many threads while time passes, and what must hold of the log, the state and
// the secrets whatever they do.
// LATCHKEY_PROPERTY_STEPS (calls a thread) and LATCHKEY_PROPERTY_SEED set how long and which.
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/engine/memory_engine.h"
#include "storage/engine/rocksdb_engine.h"
#include "tests/server/events_of.h"
#include "tests/server/log_checks.h"
#include "tests/server/random_caller.h"
#include "tests/server/secrets_check.h"
#include "tests/server/shown_secrets.h"
#include "tests/server/test_authority.h"
#include "tests/server/witness.h"
#include "tests/testing/temp_dir.h"

namespace latchkey {
namespace {

using testing::Log;
using testing::RandomCaller;
using testing::ShownSecret;
using testing::ShownSecrets;
using testing::TestAuthority;
using testing::Witness;

constexpr std::uint64_t kThreads = 4;
constexpr std::uint64_t kSteps = 1000;
constexpr std::uint64_t kSeed = 9;

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}
std::uint64_t Seed() { return FromEnvironment("LATCHKEY_PROPERTY_SEED", kSeed); }
std::uint64_t Steps() { return FromEnvironment("LATCHKEY_PROPERTY_STEPS", kSteps); }

using Callers = std::vector<std::unique_ptr<RandomCaller>>;

// Lets all that is due be done, and what that starts.
void Settle(TestAuthority& authority) {
  v1::AcknowledgeRequest nothing;
  nothing.set_name("consumers/none");
  for (std::uint64_t newest = 0;;) {
    authority->Tick();
    // Changes nothing and leaves no event, and its answer comes after all that waited before it.
    EXPECT_FALSE(authority.Call(TestAuthority::Operator(), nothing).ok());
    if (authority->events().newest() == newest) return;
    newest = authority->events().newest();
  }
}

// What must hold when everything is done.
void CheckAll(TestAuthority& authority, const ShownSecrets& secrets, const Callers& callers) {
  Settle(authority);
  // Twice, since the first use of a secret ends the one before it.
  Witness last(authority, /*alone=*/true);
  for (const ShownSecret& secret : secrets.all()) last.Present(secret);
  for (const ShownSecret& secret : secrets.all()) last.Present(secret);
  Settle(authority);
  const Log log = testing::ReadLog(*authority);
  ASSERT_NO_FATAL_FAILURE(testing::CheckLogIsDense(log));
  std::vector<testing::DoneCall> done;
  std::vector<RandomCaller::Acknowledged> acknowledged;
  std::vector<const Witness*> witnesses;
  for (const auto& caller : callers) {
    done.insert(done.end(), caller->done().begin(), caller->done().end());
    acknowledged.insert(acknowledged.end(), caller->acknowledged().begin(),
                        caller->acknowledged().end());
    witnesses.push_back(&caller->witness());
  }
  witnesses.push_back(&last);
  testing::CheckEventsAgreeWithAnswers(log, done);
  const testing::ReplayedState replayed = testing::Replay(log);
  testing::CheckReplayGivesTheState(replayed, authority);
  EXPECT_THAT(replayed.UntoldExpiries(authority.clock().Now()), ::testing::IsEmpty());
  testing::CheckPositions(replayed, authority, acknowledged);
  testing::CheckSecrets(log, done, witnesses, authority.clock().Now());
}

// Reads the log from its beginning while it grows, as a subscriber does.
class Follower {
 public:
  explicit Follower(EventHub& hub)
      : thread_([this, &hub] {
          while (!stopped_ || next_ <= hub.newest()) {
            const auto batch = hub.Read(next_ - 1, {}, {});
            ASSERT_TRUE(batch.ok()) << batch.status();
            for (const v1::Event& event : testing::EventsOf(*batch)) {
              ASSERT_EQ(event.sequence(), next_++);
            }
            ASSERT_EQ(batch->complete_through, next_ - 1);
            if (batch->count == 0) std::this_thread::yield();
          }
        }) {}
  // Waits until it has everything; returns how many events it saw.
  std::uint64_t Finish() {
    stopped_ = true;
    thread_.join();
    return next_ - 1;
  }

 private:
  std::atomic<bool> stopped_ = false;
  std::uint64_t next_ = 1;
  std::thread thread_;
};

// Lets the authority do what is due, beside the callers and about as often as they call.
class Ticker {
 public:
  explicit Ticker(Authority& authority)
      : thread_([this, &authority] {
          for (std::uint64_t seen = 0; !stopped_; seen = calls_) {
            calls_.wait(seen);
            authority.Tick();
          }
        }) {}
  void NoteCall() {
    ++calls_;
    calls_.notify_one();
  }
  void Stop() {
    stopped_ = true;
    NoteCall();
    thread_.join();
  }

 private:
  std::atomic<bool> stopped_ = false;
  std::atomic<std::uint64_t> calls_ = 0;
  std::thread thread_;
};

void RunThreads(engine::Engine& engine) {
  SCOPED_TRACE("seed " + std::to_string(Seed()));
  ThreadPoolExecutor executor(1, "sequencer");
  TestAuthority authority(engine, executor, nullptr);
  Follower follower(authority->events());
  Ticker ticker(*authority);
  ShownSecrets secrets;
  Callers callers;
  for (std::uint64_t i = 0; i < kThreads; ++i) {
    callers.push_back(
        std::make_unique<RandomCaller>(Seed() + i, authority, secrets, /*alone=*/false));
  }
  std::vector<std::thread> threads;
  for (const auto& caller : callers) {
    threads.emplace_back([&ticker, caller = caller.get()] {
      for (std::uint64_t left = Steps(); left > 0; --left) {
        caller->CallOnce();
        ticker.NoteCall();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ticker.Stop();
  CheckAll(authority, secrets, callers);
  EXPECT_EQ(follower.Finish(), authority->events().newest());
}

TEST(AuthorityPropertyTest, HoldsWithManyThreadsInMemory) {
  engine::MemoryEngine engine;
  RunThreads(engine);
}

TEST(AuthorityPropertyTest, HoldsWithManyThreadsOnRocksdb) {
  const testing::TempDir folder;
  testing::FakeLogger logger;
  const auto engine = engine::RocksdbEngine::Open({folder.Child("store"), logger});
  ASSERT_TRUE(engine.ok()) << engine.status();
  RunThreads(**engine);
}

// Everything in one thread, by hand. Returns the log's bytes.
std::string RunInOneThread(std::uint64_t seed) {
  engine::MemoryEngine engine;
  ManualExecutor executor;
  TestAuthority authority(engine, executor, &executor);
  ShownSecrets secrets;
  Callers callers;
  callers.push_back(std::make_unique<RandomCaller>(seed, authority, secrets, /*alone=*/true));
  for (std::uint64_t left = 4 * Steps(); left > 0; --left) {
    callers.front()->CallOnce();
    if (left % 16 == 0) {
      authority->Tick();
      executor.RunAll();
    }
    // What is wrong for a while only is found too.
    if (left % 500 == 0) {
      testing::CheckReplayGivesTheState(testing::Replay(testing::ReadLog(*authority)), authority);
    }
  }
  CheckAll(authority, secrets, callers);
  const Log log = testing::ReadLog(*authority);
  // With other seeds and steps than the defaults something may not happen.
  if (seed == kSeed && Steps() == kSteps) {
    testing::CheckEverythingHappened(log, callers.front()->done());
  }
  std::string bytes;
  for (const v1::Event& event : log) bytes += event.SerializeAsString();
  return bytes;
}

TEST(AuthorityPropertyTest, TheSameSeedGivesTheSameLogInOneThread) {
  SCOPED_TRACE("seed " + std::to_string(Seed()));
  const std::string log = RunInOneThread(Seed());
  EXPECT_EQ(RunInOneThread(Seed()), log);
  EXPECT_NE(RunInOneThread(Seed() + 1), log);
}

}  // namespace
}  // namespace latchkey
