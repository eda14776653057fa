// What retention removes gives its room on the disk back.
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/authority/log_retention.h"
#include "server/base/executor.h"
#include "storage/engine/rocksdb_engine.h"
#include "tests/server/test_authority.h"
#include "tests/testing/fake_logger.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace latchkey {
namespace {

using testing::IsOk;
using testing::TestAuthority;

constexpr std::uint64_t kMaxLogBytes = std::uint64_t{1} << 20;
constexpr int kEventsAtOnce = 4000;

class RetentionRoomTest : public ::testing::Test {
 protected:
  // Leaves many events of more than half a kilobyte, a few hundred in each commit.
  void Fill(int times) {
    v1::UpdateWorkspaceRequest request;
    request.mutable_workspace()->set_name("workspaces/acme");
    request.mutable_update_mask()->add_paths("display_name");
    for (int round = 0; round < times; ++round) {
      for (int i = 0; i < kEventsAtOnce; ++i) {
        request.mutable_workspace()->set_display_name(RandomName());
        authority_->Mutate(TestAuthority::Operator(), request,
                           [](const auto& done) { EXPECT_THAT(done.status(), IsOk()); });
      }
      executor_.RunAll();
    }
  }
  // What compression saves little of.
  std::string RandomName() {
    std::string name(250, ' ');
    for (char& letter : name) letter = static_cast<char>('!' + random_() % 90);
    return name;
  }
  void Tick() {
    authority_->Tick();
    executor_.RunAll();
  }

  testing::TempDir folder_;
  testing::FakeLogger logger_;
  std::mt19937_64 random_{20261129};
  std::unique_ptr<engine::RocksdbEngine> engine_ =
      engine::RocksdbEngine::Open(
          {.path = folder_.Child("store"), .logger = logger_, .write_buffer_bytes = 1 << 20})
          .value();
  ManualExecutor executor_;
  TestAuthority authority_{*engine_, executor_, &executor_, {.max_log_bytes = kMaxLogBytes}};
};

TEST_F(RetentionRoomTest, WhatIsRemovedTakesNoRoomAnyMore) {
  v1::CreateWorkspaceRequest request;
  request.set_workspace_id("acme");
  request.mutable_workspace()->set_plan(v1::PLAN_STANDARD);
  request.set_primary_owner_id("ann");
  ASSERT_THAT(authority_.Call(TestAuthority::Operator(), request).status(), IsOk());
  Fill(8);
  const std::uint64_t full = engine_->SizeInBytes();
  ASSERT_GT(full, 4 * kMaxLogBytes);

  for (int i = 0; i < 12; ++i) {
    Tick();
    authority_.clock().Advance(kReclaimInterval);
  }
  // What was removed last is less than what it is asked for, and stays.
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (engine_->SizeInBytes() > full / 2 && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_LE(engine_->SizeInBytes(), full / 2) << "of " << full;
}

}  // namespace
}  // namespace latchkey
