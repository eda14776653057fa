// Whatever subscribers ask for and however slowly they read, over restarts of the server and with a
// memory for events so small that each stream goes between it and the store all the time: every
// event that matches, once and in order, and none over again after a reconnect.
// LATCHKEY_PROPERTY_SEED and LATCHKEY_PROPERTY_STEPS (changes a writer) set which and how long.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "gtest/gtest.h"
#include "server/authority/audit_filter.h"
#include "server/base/entropy.h"
#include "server/rpc/server.h"
#include "storage/engine/memory_engine.h"
#include "tests/rpc/open_stream.h"
#include "tests/server/events_of.h"
#include "tests/server/test_authority.h"

namespace latchkey::testing {
namespace {

constexpr std::uint64_t kSeed = 20261130;
constexpr std::uint64_t kSteps = 150;
constexpr int kWriters = 2;
constexpr int kReaders = 8;
constexpr int kLives = 4;

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

using Random = std::mt19937_64;

// One run of the server over the store. Its address is the same in each.
class Life {
 public:
  Life(engine::Engine& engine, const std::string& address, std::size_t ring_bytes)
      : sequencing_(std::make_unique<ThreadPoolExecutor>(1, "sequencer")),
        core_(std::make_unique<TestAuthority>(
            engine, *sequencing_, nullptr, TestAuthority::Bounds{.event_ring_bytes = ring_bytes})) {
    rpc::Server::Settings settings;
    settings.addresses = {address};
    server_ = rpc::Server::Create({**core_, logger_, entropy_, settings}).value();
    const absl::Status started = server_->Start();
    EXPECT_TRUE(started.ok()) << started;
  }
  ~Life() {
    Stop();
    (*core_)->Close();
    sequencing_.reset();
  }

  void Stop() { server_->Shutdown(absl::Seconds(5)); }

  TestAuthority& authority() { return *core_; }
  std::string address() const { return server_->address(0); }

 private:
  std::unique_ptr<ThreadPoolExecutor> sequencing_;
  std::unique_ptr<TestAuthority> core_;
  FakeLogger logger_;
  SystemEntropy entropy_;
  std::unique_ptr<rpc::Server> server_;
};

// Follows the log over everything.
class Reader {
 public:
  explicit Reader(std::uint64_t seed) : random_(seed), filter_(RandomFilter()) {}

  // Reads one life's streams until everything up to `goal`, once that is set, is there or the
  // server goes.
  void Follow(const std::string& address, const std::string& secret,
              const std::atomic<std::uint64_t>& goal) {
    const auto stub =
        v1::AuditService::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
    while (goal == 0 || position_ < goal) {
      auto context = std::make_unique<grpc::ClientContext>();
      context->AddMetadata("authorization", absl::StrCat("Bearer ", secret));
      OpenStream stream(*stub, std::move(context), RandomRequest());
      const grpc::Status ended = FollowStream(stream, goal);
      Take(stream);
      if (ended.error_code() == grpc::StatusCode::UNAVAILABLE) return;
      EXPECT_EQ(ended.error_code(), grpc::StatusCode::CANCELLED) << ended.error_message();
    }
  }

  const v1::EventFilter& filter() const { return filter_; }
  const std::vector<std::string>& events() const { return events_; }
  std::uint64_t position() const { return position_; }

 private:
  // Reads at a pace that changes, and gives up now and then in the middle.
  grpc::Status FollowStream(OpenStream& stream, const std::atomic<std::uint64_t>& goal) {
    std::uint64_t reads = 1 + random_() % 60;
    while (reads-- > 0 && stream.Read()) {
      if (goal != 0 && stream.complete_through() >= goal) break;
      if (random_() % 4 == 0) {
        std::this_thread::sleep_for(std::chrono::microseconds(random_() % 5000));
      }
    }
    return stream.Cancel();
  }
  void Take(const OpenStream& stream) {
    for (const v1::Event& event : stream.events()) {
      // What had come beyond the last complete_through would come again; nothing does.
      EXPECT_LE(event.sequence(), stream.complete_through());
      events_.push_back(event.SerializeAsString());
    }
    position_ = stream.complete_through();
  }

  v1::SubscribeRequest RandomRequest() {
    v1::SubscribeRequest request;
    *request.mutable_filter() = filter_;
    request.set_after_revision(position_);
    request.set_serialized(random_() % 2 == 0);
    request.mutable_heartbeat_interval()->set_seconds(1);
    if (random_() % 2 == 0)
      request.set_max_bytes(static_cast<std::uint32_t>(1024 + random_() % 9000));
    if (random_() % 3 != 0) {
      request.mutable_max_delay()->set_nanos(static_cast<int>(random_() % 5) * 2'000'000);
    }
    return request;
  }
  v1::EventFilter RandomFilter() {
    v1::EventFilter filter;
    if (random_() % 2 == 0) filter.set_workspace(absl::StrCat("workspaces/w", random_() % 3));
    if (random_() % 3 == 0) filter.add_action_prefixes("workspace.");
    if (random_() % 3 == 0) filter.add_action_prefixes("member.");
    if (random_() % 4 == 0) filter.add_outcomes(v1::OUTCOME_DENIED);
    if (random_() % 6 == 0) filter.set_resource("workspaces/w1");
    return filter;
  }

  Random random_;
  const v1::EventFilter filter_;
  std::uint64_t position_ = 0;
  std::vector<std::string> events_;
};

class SubscribePropertyTest : public ::testing::Test {
 protected:
  void MakeWorkspaces(TestAuthority& authority) {
    for (int i = 0; i < 3; ++i) {
      v1::CreateWorkspaceRequest request;
      request.set_workspace_id(absl::StrCat("w", i));
      request.mutable_workspace()->set_plan(v1::PLAN_PLUS);
      request.set_primary_owner_id("ann");
      ASSERT_TRUE(authority.Call(TestAuthority::Operator(), request).ok());
    }
  }
  // Changes something, or is denied it.
  static void Write(TestAuthority& authority, Random& random) {
    const std::string workspace = absl::StrCat("workspaces/w", random() % 3);
    if (random() % 4 == 0) {
      v1::CreateMemberRequest request;
      request.set_parent(workspace);
      request.set_member_id(absl::StrCat("m", random()));
      request.mutable_member()->set_role(v1::ROLE_MEMBER);
      authority.Call(TestAuthority::Operator(), request).IgnoreError();
      return;
    }
    v1::UpdateWorkspaceRequest request;
    request.mutable_workspace()->set_name(workspace);
    request.mutable_workspace()->set_display_name(std::string(random() % 250, 'x'));
    request.mutable_update_mask()->add_paths("display_name");
    const bool denied = random() % 8 == 0;
    const Caller caller =
        denied ? TestAuthority::Service("services/none") : TestAuthority::Operator();
    authority.Call(caller, request).IgnoreError();
  }

  // Lets readers and writers run until the server stops, or in the last life to the end.
  void Live(Life& life, bool last) {
    std::atomic<std::uint64_t> goal{0};
    std::vector<std::thread> readers;
    for (Reader& reader : readers_) {
      readers.emplace_back(
          [&] { reader.Follow(life.address(), life.authority().operator_secret(), goal); });
    }
    std::vector<std::thread> writers;
    for (int i = 0; i < kWriters; ++i) {
      writers.emplace_back([&life, seed = random_()] {
        Random random(seed);
        const std::uint64_t steps = FromEnvironment("LATCHKEY_PROPERTY_STEPS", kSteps);
        for (std::uint64_t step = 0; step < steps; ++step) Write(life.authority(), random);
      });
    }
    for (std::thread& thread : writers) thread.join();
    // Those who are behind stay so over the restart.
    if (last) {
      goal = life.authority()->events().newest();
    } else {
      life.Stop();
    }
    for (std::thread& thread : readers) thread.join();
  }

  void CheckAgainstTheLog(Authority& authority) {
    EventHub::Limits all;
    all.max_events = all.max_scanned = all.max_bytes = SIZE_MAX;
    for (const Reader& reader : readers_) {
      std::vector<std::string> expected;
      const auto batch = authority.events().Read(0, SelectorOf(reader.filter()), all);
      ASSERT_TRUE(batch.ok()) << batch.status();
      for (const v1::Event& event : EventsOf(*batch)) {
        expected.push_back(event.SerializeAsString());
      }
      EXPECT_EQ(reader.events().size(), expected.size()) << reader.filter().ShortDebugString();
      EXPECT_TRUE(reader.events() == expected) << reader.filter().ShortDebugString();
    }
  }

  const std::uint64_t seed_ = FromEnvironment("LATCHKEY_PROPERTY_SEED", kSeed);
  Random random_{seed_};
  engine::MemoryEngine engine_;
  std::vector<Reader> readers_;
};

TEST_F(SubscribePropertyTest, EveryMatchingEventComesOnceInOrderOverRestarts) {
  SCOPED_TRACE(absl::StrCat("seed ", seed_));
  readers_.reserve(kReaders);
  for (int i = 0; i < kReaders; ++i) readers_.emplace_back(random_());
  std::string address = "127.0.0.1:0";
  for (int i = 0; i < kLives; ++i) {
    // From none to a few events.
    Life life(engine_, address, random_() % 4000);
    address = life.address();
    if (i == 0) {
      ASSERT_NO_FATAL_FAILURE(MakeWorkspaces(life.authority()));
    }
    Live(life, i + 1 == kLives);
    if (i + 1 == kLives) CheckAgainstTheLog(*life.authority());
  }
}

}  // namespace
}  // namespace latchkey::testing
