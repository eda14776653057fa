// What retention removes gives its room on the disk back.
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/authority/log_retention.h"
#include "server/base/executor.h"
#include "storage/engine/memory_engine.h"
#include "storage/engine/rocksdb_engine.h"
#include "storage/keys.h"
#include "tests/server/test_authority.h"
#include "tests/testing/fake_logger.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace latchkey {
namespace {

using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::SizeIs;
using testing::TestAuthority;

constexpr std::uint64_t kMaxLogBytes = std::uint64_t{1} << 20;
constexpr int kEventsAtOnce = 4000;

// An engine that keeps what it is asked to give back.
class RecordingEngine final : public engine::Engine {
 public:
  std::unique_ptr<engine::Snapshot> NewSnapshot() const override { return engine_.NewSnapshot(); }
  absl::StatusOr<engine::Version> Commit(const engine::WriteBatch& batch) override {
    return engine_.Commit(batch);
  }
  absl::Status writable() const override { return engine_.writable(); }
  absl::Status Recover() override { return engine_.Recover(); }
  void Reclaim(const engine::KeyRange& range) override { reclaimed.push_back(range); }
  std::uint64_t SizeInBytes() const override { return engine_.SizeInBytes(); }

  std::vector<engine::KeyRange> reclaimed;  // on the thread of the test, which runs the executor

 private:
  engine::MemoryEngine engine_;
};

// An authority whose log is cut all the time, run by hand.
class CutLog {
 public:
  explicit CutLog(engine::Engine& engine)
      : authority_(engine, executor_, &executor_, {.max_log_bytes = kMaxLogBytes}) {
    v1::CreateWorkspaceRequest request;
    request.set_workspace_id("acme");
    request.mutable_workspace()->set_plan(v1::PLAN_STANDARD);
    request.set_primary_owner_id("ann");
    EXPECT_THAT(authority_.Call(TestAuthority::Operator(), request).status(), IsOk());
  }

  // Leaves so many events of more than half a kilobyte, a few hundred in each commit.
  void Fill(int events) {
    v1::UpdateWorkspaceRequest request;
    request.mutable_workspace()->set_name("workspaces/acme");
    request.mutable_update_mask()->add_paths("display_name");
    for (int i = 0; i < events; ++i) {
      request.mutable_workspace()->set_display_name(RandomName());
      authority_->Mutate(TestAuthority::Operator(), request,
                         [](const auto& done) { EXPECT_THAT(done.status(), IsOk()); });
      if (i % kEventsAtOnce == kEventsAtOnce - 1) executor_.RunAll();
    }
    executor_.RunAll();
  }
  void Tick(int times = 1) {
    for (int i = 0; i < times; ++i) {
      authority_->Tick();
      executor_.RunAll();
    }
  }
  testing::FakeClock& clock() { return authority_.clock(); }
  std::uint64_t oldest() { return authority_->events().oldest(); }

 private:
  // What compression saves little of.
  std::string RandomName() {
    std::string name(250, ' ');
    for (char& letter : name) letter = static_cast<char>('!' + random_() % 90);
    return name;
  }

  std::mt19937_64 random_{20261129};
  ManualExecutor executor_;
  TestAuthority authority_;
};

TEST(RetentionRoomTest, WhatIsRemovedTakesNoRoomAnyMore) {
  testing::TempDir folder;
  testing::FakeLogger logger;
  const auto engine =
      engine::RocksdbEngine::Open(
          {.path = folder.Child("store"), .logger = logger, .write_buffer_bytes = 1 << 20})
          .value();
  CutLog log(*engine);
  log.Fill(8 * kEventsAtOnce);
  const std::uint64_t full = engine->SizeInBytes();
  ASSERT_GT(full, 4 * kMaxLogBytes);

  for (int i = 0; i < 12; ++i) {
    log.Tick();
    log.clock().Advance(kReclaimInterval);
  }
  // What was removed last is less than what it is asked for, and stays.
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (engine->SizeInBytes() > full / 2 && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_LE(engine->SizeInBytes(), full / 2) << "of " << full;
}

TEST(RetentionRoomTest, RoomIsAskedForOnceEnoughWasRemovedAndSeldom) {
  RecordingEngine engine;
  CutLog log(engine);
  log.Fill(kEventsAtOnce);
  log.Tick(5);
  ASSERT_GT(log.oldest(), 1u);
  EXPECT_THAT(engine.reclaimed, IsEmpty()) << "for less than it is worth";

  log.Fill(4 * kEventsAtOnce);
  log.Tick(10);
  ASSERT_THAT(engine.reclaimed, SizeIs(1));
  EXPECT_EQ(engine.reclaimed[0].begin, storage::EventPrefix());
  EXPECT_GT(engine.reclaimed[0].end, storage::EventPrefix());
  EXPECT_LE(engine.reclaimed[0].end, storage::EventKey(log.oldest()).bytes);

  log.Fill(4 * kEventsAtOnce);
  log.Tick(10);
  EXPECT_THAT(engine.reclaimed, SizeIs(1)) << "a moment after the first time";
  log.clock().Advance(kReclaimInterval);
  log.Tick();
  ASSERT_THAT(engine.reclaimed, SizeIs(2));
  EXPECT_EQ(engine.reclaimed[1].end, storage::EventKey(log.oldest()).bytes);
  log.clock().Advance(kReclaimInterval);
  log.Tick();
  EXPECT_THAT(engine.reclaimed, SizeIs(2)) << "though nothing more was removed";

  log.Fill(4 * kEventsAtOnce);
  log.clock().Advance(-absl::Hours(24));
  log.Tick(10);
  EXPECT_THAT(engine.reclaimed, SizeIs(3)) << "by a clock that was set back";
}

}  // namespace
}  // namespace latchkey
