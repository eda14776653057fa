// The durable engine on a disk that loses power, fills up, or lost some of what it was given.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/engine/rocksdb_engine.h"
#include "tests/engine/fault_file_system.h"
#include "tests/testing/fake_logger.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace latchkey::engine {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusIs;

constexpr std::uint64_t kMuch = std::uint64_t{4} << 20;

class DiskFaultTest : public ::testing::Test {
 protected:
  RocksdbEngine::Options Options() {
    RocksdbEngine::Options options{folder_.Child("store"), logger_};
    options.file_system = disk_;
    options.write_buffer_bytes = 64 << 10;  // so that tables are written within a test
    options.steady_now = [this] { return now_.load(); };
    return options;
  }
  void Open() {
    auto opened = RocksdbEngine::Open(Options());
    ASSERT_THAT(opened, IsOk());
    engine_ = *std::move(opened);
  }
  // Ends the engine as a crash does: whatever it does at its end reaches no disk.
  void Crash() {
    disk_->FailAfter(0);
    engine_.reset();
    disk_->FailAfter(-1);
    disk_->LosePower();
  }
  absl::Status Put(const std::string& key, const std::string& value) {
    WriteBatch batch;
    batch.Put(key, value);
    batch.Put(key + "-twin", value);
    return engine_->Commit(batch).status();
  }
  // Writes kMuch bytes below "e" and deletes them; "f" stays.
  void PutAndDeleteMuch() {
    std::mt19937_64 random(20261129);
    std::string value(kMuch / 64, '\0');
    WriteBatch deletions;
    for (int i = 0; i < 32; ++i) {
      for (char& byte : value) byte = static_cast<char>(random());
      ASSERT_THAT(Put(absl::StrCat("e", i), value), IsOk());
      deletions.Delete(absl::StrCat("e", i));
      deletions.Delete(absl::StrCat("e", i, "-twin"));
    }
    ASSERT_THAT(Put("f", "stays"), IsOk());
    ASSERT_THAT(engine_->Commit(deletions), IsOk());
  }
  // Lets minutes pass until most of it is given back.
  void WaitUntilReclaimed() {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (engine_->SizeInBytes() > kMuch / 8 && std::chrono::steady_clock::now() < give_up) {
      Advance(std::chrono::minutes(1));
      engine_->Maintain();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_LE(engine_->SizeInBytes(), kMuch / 8);
  }
  std::string Get(const std::string& key) {
    const auto value = engine_->NewSnapshot()->Get(key);
    EXPECT_THAT(value, IsOk());
    return value.ok() && value->has_value() ? (*value)->bytes : "(none)";
  }
  void Advance(std::chrono::seconds by) { now_ = now_.load() + by; }
  // The newest of RocksDB's files of a kind.
  std::string Newest(const std::string& extension) {
    std::string newest;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.Child("store"))) {
      const std::string path = entry.path().string();
      if (entry.path().extension() == extension && path > newest) newest = path;
    }
    return newest;
  }

  testing::TempDir folder_;
  testing::FakeLogger logger_;
  std::atomic<std::chrono::steady_clock::time_point> now_;
  std::shared_ptr<FaultFileSystem> disk_ = std::make_shared<FaultFileSystem>();
  std::unique_ptr<RocksdbEngine> engine_;
};

TEST_F(DiskFaultTest, WhatWasAcknowledgedIsThereAfterALossOfPower) {
  int next = 0;
  for (int round = 0; round < 8; ++round) {
    ASSERT_NO_FATAL_FAILURE(Open());
    for (int i = 0; i < next; ++i) EXPECT_EQ(Get(std::to_string(i)), std::string(900, 'v')) << i;
    for (int end = next + 40; next < end; ++next) {
      ASSERT_THAT(Put(std::to_string(next), std::string(900, 'v')), IsOk());
    }
    Crash();
  }
}

TEST_F(DiskFaultTest, AFullDiskAtAnyOperationFailsTheCommitAndLosesNothingBefore) {
  for (int operations = 0; operations < 12; ++operations) {
    SCOPED_TRACE(operations);
    ASSERT_NO_FATAL_FAILURE(Open());
    const std::string key = "key" + std::to_string(operations);
    ASSERT_THAT(Put(key, "before"), IsOk());
    disk_->FailAfter(operations);
    absl::Status written;
    for (int i = 0; i < 100 && written.ok(); ++i) written = Put(key, "after" + std::to_string(i));
    EXPECT_THAT(written, StatusIs(absl::StatusCode::kUnavailable));
    EXPECT_THAT(engine_->writable(), StatusIs(absl::StatusCode::kUnavailable));
    EXPECT_THAT(Put("more", "x"), StatusIs(absl::StatusCode::kUnavailable));
    const std::string shown = Get(key);
    EXPECT_EQ(Get(key + "-twin"), shown);

    disk_->FailAfter(-1);
    ASSERT_THAT(engine_->Recover(), IsOk());
    EXPECT_THAT(engine_->writable(), IsOk());
    EXPECT_EQ(Get(key), shown) << "what failed must not turn up";
    EXPECT_THAT(Put("more", "written"), IsOk());
    Crash();
    ASSERT_NO_FATAL_FAILURE(Open());
    EXPECT_EQ(Get(key), shown);
    EXPECT_EQ(Get("more"), "written");
    engine_.reset();
  }
}

TEST_F(DiskFaultTest, RecoveringFailsWhileTheDiskIsFullAndReadsGoOn) {
  ASSERT_NO_FATAL_FAILURE(Open());
  ASSERT_THAT(Put("a", "1"), IsOk());
  disk_->FailAfter(0);
  ASSERT_FALSE(Put("a", "2").ok());
  EXPECT_THAT(engine_->Recover(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(engine_->writable(), StatusIs(absl::StatusCode::kUnavailable));
  disk_->FailAfter(-1);
  EXPECT_THAT(engine_->Recover(), IsOk());
  EXPECT_EQ(Get("a"), "1");
}

TEST_F(DiskFaultTest, WhatAFailingDiskKeepsFromBeingReclaimedIsReclaimedLater) {
  ASSERT_NO_FATAL_FAILURE(Open());
  ASSERT_NO_FATAL_FAILURE(PutAndDeleteMuch());

  disk_->FailAfter(0);
  engine_->Reclaim({"e", "f"});
  ASSERT_FALSE(Put("a", "1").ok());
  EXPECT_FALSE(engine_->Recover().ok());
  disk_->FailAfter(-1);
  ASSERT_THAT(engine_->Recover(), IsOk());
  WaitUntilReclaimed();
  EXPECT_EQ(Get("f"), "stays");
  EXPECT_EQ(Get("e1"), "(none)");
  Crash();
  ASSERT_NO_FATAL_FAILURE(Open());
  EXPECT_EQ(Get("f"), "stays");
  EXPECT_EQ(Get("e1"), "(none)");
}

TEST_F(DiskFaultTest, WhatADiskHasNoRoomToReclaimIsReclaimedOnceItHas) {
  ASSERT_NO_FATAL_FAILURE(Open());
  ASSERT_NO_FATAL_FAILURE(PutAndDeleteMuch());
  // Enough for commits, and not for what a compaction writes before it removes what it read.
  disk_->SetFree(static_cast<std::int64_t>(Options().min_free_bytes + kMuch / 2));
  const int asked = disk_->free_asked();
  engine_->Reclaim({"e", "f"});
  engine_->Reclaim({"e", "f"});
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  // The second turn begins when the first is over.
  while (disk_->free_asked() < asked + 2 && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(disk_->free_asked(), asked + 2);
  EXPECT_GT(engine_->SizeInBytes(), kMuch / 2);
  ASSERT_THAT(Put("a", "1"), IsOk());

  disk_->SetFree(-1);
  WaitUntilReclaimed();
  EXPECT_EQ(Get("f"), "stays");
}

TEST_F(DiskFaultTest, ADiskThatIsNearlyFullIsRefusedBeforeItIs) {
  ASSERT_NO_FATAL_FAILURE(Open());
  engine_.reset();
  RocksdbEngine::Options options = Options();
  options.min_free_bytes = std::uint64_t{1} << 62;
  engine_ = *RocksdbEngine::Open(options);
  EXPECT_THAT(Put("a", "1"), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("bytes free")));
  EXPECT_EQ(Get("a"), "(none)");
}

TEST_F(DiskFaultTest, ALogThatWasCutAtTheEndOfARecordIsRefused) {
  ASSERT_NO_FATAL_FAILURE(Open());
  ASSERT_THAT(Put("a", "1"), IsOk());
  const std::string log = Newest(".log");
  const auto size = std::filesystem::file_size(log);
  ASSERT_THAT(Put("b", "2"), IsOk());
  Advance(std::chrono::seconds(2));
  ASSERT_THAT(Put("c", "3"), IsOk());  // the anchor is due, and names this commit
  Crash();
  std::filesystem::resize_file(log, size);
  EXPECT_THAT(RocksdbEngine::Open(Options()),
              StatusIs(absl::StatusCode::kDataLoss,
                       AllOf(HasSubstr("version 1"), HasSubstr("version 3"), HasSubstr("ANCHOR"))));
}

TEST_F(DiskFaultTest, AStoreWhoseDatabaseIsGoneIsRefusedAndNotMadeAnew) {
  ASSERT_NO_FATAL_FAILURE(Open());
  ASSERT_THAT(Put("a", "1"), IsOk());
  engine_.reset();
  std::filesystem::remove(folder_.Child("store") + "/CURRENT");
  EXPECT_THAT(RocksdbEngine::Open(Options()), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(DiskFaultTest, AFlippedBitInTheLogIsRefused) {
  ASSERT_NO_FATAL_FAILURE(Open());
  for (int i = 0; i < 10; ++i) ASSERT_THAT(Put(std::to_string(i), "value"), IsOk());
  const std::string log = Newest(".log");
  Crash();
  std::fstream file(log, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(log) / 2));
  file.put('\x5a');
  file.close();
  EXPECT_THAT(RocksdbEngine::Open(Options()), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(DiskFaultTest, AnAnchorThatDoesNotReadBackIsRefused) {
  ASSERT_NO_FATAL_FAILURE(Open());
  ASSERT_THAT(Put("a", "1"), IsOk());
  engine_.reset();
  std::ofstream(folder_.Child("store") + "/ANCHOR") << "latchkey-anchor 1 7 00000000\n";
  EXPECT_THAT(RocksdbEngine::Open(Options()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("ANCHOR")));
}

TEST_F(DiskFaultTest, AFolderInUseIsRefusedByNameInThisProcessAndAnother) {
  ASSERT_NO_FATAL_FAILURE(Open());
  EXPECT_THAT(RocksdbEngine::Open(Options()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("already in use")));
  const pid_t child = fork();
  if (child == 0) {
    // A lock of the parent's is none of the child's, and the child's own list of locks is reset.
    const int lock = open((folder_.Child("store") + "/LOCK").c_str(), O_RDWR | O_CLOEXEC);
    struct flock wanted = {};
    wanted.l_type = F_WRLCK;
    wanted.l_whence = SEEK_SET;
    _exit(fcntl(lock, F_SETLK, &wanted) == 0 ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "another process got the lock";
}

TEST_F(DiskFaultTest, WhereThereIsNoStoreNoneIsMadeUnlessAskedFor) {
  RocksdbEngine::Options options = Options();
  options.create_if_missing = false;
  EXPECT_THAT(RocksdbEngine::Open(options), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_FALSE(std::filesystem::exists(options.path));
}

TEST_F(DiskFaultTest, AFileInTheFoldersPlaceIsRefused) {
  std::ofstream(folder_.Child("store")) << "not a folder";
  EXPECT_FALSE(RocksdbEngine::Open(Options()).ok());
}

}  // namespace
}  // namespace latchkey::engine
