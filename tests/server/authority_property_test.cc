// Random calls from many threads, and what must hold of the log and the state whatever they do.
// LATCHKEY_PROPERTY_STEPS (calls a thread) and LATCHKEY_PROPERTY_SEED set how long and which.
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "storage/engine/memory_engine.h"
#include "storage/engine/rocksdb_engine.h"
#include "tests/server/events_of.h"
#include "tests/server/random_caller.h"
#include "tests/server/replayed_state.h"
#include "tests/server/test_authority.h"
#include "tests/testing/temp_dir.h"

namespace latchkey {
namespace {

using testing::RandomCaller;
using testing::TestAuthority;

constexpr std::uint64_t kThreads = 4;
constexpr std::uint64_t kSteps = 1000;
constexpr std::uint64_t kSeed = 20261128;

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}
std::uint64_t Seed() { return FromEnvironment("LATCHKEY_PROPERTY_SEED", kSeed); }
std::uint64_t Steps() { return FromEnvironment("LATCHKEY_PROPERTY_STEPS", kSteps); }

using Log = std::vector<v1::Event>;

Log ReadLog(Authority& authority) {
  Log log;
  while (log.size() < authority.events().newest()) {
    const auto batch = authority.events().Read(log.size(), {}, {});
    if (!batch.ok() || batch->count == 0) {
      ADD_FAILURE() << "the log ends at " << log.size() << ": " << batch.status();
      break;
    }
    const Log more = testing::EventsOf(*batch);
    log.insert(log.end(), more.begin(), more.end());
  }
  return log;
}

void CheckLogIsDense(const Log& log) {
  for (std::size_t i = 0; i < log.size(); ++i) ASSERT_EQ(log[i].sequence(), i + 1);
}

// An event for each change, and none without.
void CheckEventsAgreeWithAnswers(const Log& log, const std::vector<RandomCaller::Done>& done) {
  std::set<std::string> answered;
  for (const RandomCaller::Done& call : done) {
    if (!call.status.ok()) continue;
    answered.insert(call.hash);
    ASSERT_GE(call.revision, 1u) << call.method;
    ASSERT_LE(call.revision, log.size()) << call.method;
    const bool made_it = log[call.revision - 1].request_id_hash() == call.hash;
    // Who collaborates already is not added again: the answer has the revision that did.
    EXPECT_TRUE(made_it || call.method == "AddCollaborator") << call.method;
    EXPECT_TRUE(!made_it || call.repeated || call.revision > call.newest) << call.method;
  }
  // Who asks for more takes an own request for less back with the same call.
  std::set<std::string> asked;
  for (const v1::Event& event : log) {
    const bool asks = event.decision().outcome() == v1::OUTCOME_NEEDS_APPROVAL;
    if (asks && event.has_after()) asked.insert(event.request_id_hash());
  }
  for (const v1::Event& event : log) {
    if (event.request_id_hash().empty()) continue;  // written by the service, or a summary
    const bool changed = event.decision().outcome() == v1::OUTCOME_ALLOWED;
    const bool has_entity = event.has_before() || event.has_after();
    if (changed) {
      const bool replaces =
          event.action() == v1::ACTION_REQUEST_WITHDRAW && asked.contains(event.request_id_hash());
      EXPECT_TRUE(replaces || answered.contains(event.request_id_hash()))
          << event.ShortDebugString();
      EXPECT_TRUE(has_entity) << event.ShortDebugString();
    } else if (event.decision().outcome() == v1::OUTCOME_DENIED) {
      EXPECT_FALSE(has_entity) << event.ShortDebugString();
    } else {
      EXPECT_FALSE(event.has_before()) << event.ShortDebugString();
    }
  }
}

void CheckReplayGivesTheState(const Log& log, Authority& authority) {
  testing::ReplayedState replayed;
  for (const auto& event : log) replayed.Apply(event);
  const testing::State from_events = replayed.state();
  const testing::State shown = testing::ShownState(authority);
  for (const auto& [name, text] : shown) {
    const auto it = from_events.find(name);
    EXPECT_EQ(it == from_events.end() ? "(no event)" : it->second, text);
  }
  for (const auto& [name, text] : from_events) EXPECT_TRUE(shown.contains(name)) << text;
}

// A secret is good exactly while its token is, and is its last one.
void CheckSecrets(TestAuthority& authority, const RandomCaller& caller) {
  std::map<std::string, std::string> last;
  for (const auto& [name, secret] : caller.secrets()) last[name] = secret;
  for (const auto& [name, secret] : caller.secrets()) {
    v1::GetTokenRequest get;
    get.set_name(name);
    const auto token = authority->Read(TestAuthority::Operator(), get);
    const bool good =
        token.ok() && token->token().state() == v1::TOKEN_STATE_ACTIVE && last.at(name) == secret;
    EXPECT_EQ(authority.IsActive(secret), good) << name;
  }
}

// Where a method never succeeds, the run says nothing about it. With other seeds and steps than
// the defaults that may be.
void CheckEveryMethodSucceeded(const std::vector<RandomCaller::Done>& done) {
  std::map<std::string, int> succeeded;
  for (const auto& call : done) succeeded[call.method] += call.status.ok() ? 1 : 0;
  for (const auto& [method, count] : succeeded) {
    EXPECT_GT(count, 0) << method;
  }
}

void CheckAll(TestAuthority& authority, const std::vector<RandomCaller*>& callers) {
  const Log log = ReadLog(*authority);
  ASSERT_NO_FATAL_FAILURE(CheckLogIsDense(log));
  std::vector<RandomCaller::Done> done;
  for (const RandomCaller* caller : callers) {
    done.insert(done.end(), caller->done().begin(), caller->done().end());
  }
  ASSERT_NO_FATAL_FAILURE(CheckEventsAgreeWithAnswers(log, done));
  CheckReplayGivesTheState(log, *authority);
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

void RunThreads(engine::Engine& engine) {
  SCOPED_TRACE("seed " + std::to_string(Seed()));
  ThreadPoolExecutor executor(1, "sequencer");
  TestAuthority authority(engine, executor, nullptr);
  Follower follower(authority->events());
  std::vector<std::unique_ptr<RandomCaller>> callers;
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < kThreads; ++i) {
    callers.push_back(std::make_unique<RandomCaller>(Seed() + i, authority));
    threads.emplace_back([caller = callers.back().get()] {
      for (std::uint64_t left = Steps(); left > 0; --left) caller->CallOnce();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(follower.Finish(), authority->events().newest());
  std::vector<RandomCaller*> all;
  all.reserve(callers.size());
  for (const auto& caller : callers) all.push_back(caller.get());
  CheckAll(authority, all);
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
  RandomCaller caller(seed, authority);
  for (std::uint64_t left = 4 * Steps(); left > 0; --left) {
    caller.CallOnce();
    authority.clock().Advance(absl::Milliseconds(700));
    if (left % 16 == 0) {
      authority->Tick();
      executor.RunAll();
    }
  }
  CheckAll(authority, {&caller});
  if (Seed() == kSeed && Steps() == kSteps) CheckEveryMethodSucceeded(caller.done());
  CheckSecrets(authority, caller);
  std::string bytes;
  for (const v1::Event& event : ReadLog(*authority)) bytes += event.SerializeAsString();
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
