#ifndef LATCHKEY_STORAGE_ENGINE_ROCKSDB_ENGINE_H_
#define LATCHKEY_STORAGE_ENGINE_ROCKSDB_ENGINE_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/executor.h"
#include "server/base/logger.h"
#include "server/base/mutex.h"
#include "storage/engine/engine.h"

namespace rocksdb {
class FileSystem;
}  // namespace rocksdb

namespace latchkey::engine {

class ReaderGate;
class RocksdbDatabase;

// An Engine on RocksDB, in a folder of its own. docs/storage_format.md says how values lie in it.
//
// Commit() is one write-ahead-log record and one fsync. Beside the database lies a file ANCHOR that
// names a version which was acknowledged: a store that ends before it has lost commits, and is
// refused. It covers every commit that was acknowledged a second or more before the newest one, and
// after a clean close all of them.
//
// Thread-safe.
class RocksdbEngine final : public Engine {
 public:
  struct Options {
    std::string path;
    Logger& logger;
    bool create_if_missing = true;
    // Changes nothing on disk: every commit is UNAVAILABLE, and the write-ahead log is read into
    // memory. Refused where another process has the store open.
    bool read_only = false;
    // RocksDB's own seam to the file system, for tests; null: the machine's. Kept alive.
    std::shared_ptr<rocksdb::FileSystem> file_system = nullptr;
    std::size_t block_cache_bytes = std::size_t{256} << 20;
    std::size_t write_buffer_bytes = std::size_t{32} << 20;
    int max_open_files = 512;
    // Commits are refused while the disk has less free than this. 0: never.
    std::uint64_t min_free_bytes = std::uint64_t{64} << 20;
    // Never goes back. Says when the anchor is due. Called on several threads.
    std::function<std::chrono::steady_clock::time_point()> steady_now =
        &std::chrono::steady_clock::now;
  };

  // NOT_FOUND: there is no store and none may be made. FAILED_PRECONDITION: it is open already, in
  // another process or in this one. DATA_LOSS: the store is damaged, or ends before its anchor
  // (names both versions). UNAVAILABLE: the disk refuses.
  static absl::StatusOr<std::unique_ptr<RocksdbEngine>> Open(Options options);

  // Closes the store. No snapshot may be left.
  ~RocksdbEngine() override;

  // Without any access to the disk.
  std::unique_ptr<Snapshot> NewSnapshot() const override;
  absl::StatusOr<Version> Commit(const WriteBatch& batch) override;
  absl::Status writable() const override;
  // Where RocksDB cannot resume by itself the store is closed and opened again. That needs a moment
  // without snapshots: NewSnapshot() waits for it, up to 0.2 s and the time to open. UNAVAILABLE
  // where old ones are still in use then. Where opening fails, reads too are UNAVAILABLE until a
  // later call succeeds. A commit that failed shows neither before nor after this.
  absl::Status Recover() override;
  void Maintain() override;
  // By compaction, on a thread of its own, one range after the other. What the disk has no room for
  // now, or what Recover() stops, is tried again by a Maintain() a minute later.
  void Reclaim(const KeyRange& range) override;
  std::uint64_t SizeInBytes() const override;

 private:
  RocksdbEngine(Options options, std::shared_ptr<RocksdbDatabase> database);

  // A reclaimer's turn. False: it is to be tried again.
  bool ReclaimNow(const KeyRange& range);
  void ReclaimWhatWasLeft();

  // UNAVAILABLE where the disk has less free than is always to be, and `more`.
  absl::Status CheckFreeSpace(std::uint64_t more = 0) const;
  absl::Status CheckExpectations(const WriteBatch& batch) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(commit_mu_);
  void StopWriting(const absl::Status& why);
  // What Recover() does, without its care for the codes of errors.
  absl::Status MakeWritable() ABSL_EXCLUSIVE_LOCKS_REQUIRED(commit_mu_);
  absl::Status SaveUndo() ABSL_EXCLUSIVE_LOCKS_REQUIRED(commit_mu_);
  // The log may hold the batch that failed, whole: opening it again, now or after a crash, brings
  // it back. This writes what its keys held before over it, which also shows that the store writes.
  absl::Status WriteUndo() ABSL_EXCLUSIVE_LOCKS_REQUIRED(commit_mu_);
  absl::Status Reopen() ABSL_EXCLUSIVE_LOCKS_REQUIRED(commit_mu_);
  void WriteAnchorWhenDue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(commit_mu_);

  const Options options_;
  const std::unique_ptr<ReaderGate> gate_;
  std::unique_ptr<ThreadPoolExecutor> reclaimer_;  // constant until the destructor

  // Held for a commit or a recovery.
  Mutex commit_mu_;
  // Null after a Reopen() that could close but not open.
  std::shared_ptr<RocksdbDatabase> database_ ABSL_GUARDED_BY(commit_mu_);
  Version version_ ABSL_GUARDED_BY(commit_mu_);
  std::chrono::steady_clock::time_point anchor_time_ ABSL_GUARDED_BY(commit_mu_);
  Version anchored_ ABSL_GUARDED_BY(commit_mu_) = 0;  // the last version that was tried to anchor
  // A write failed and RocksDB has not recovered from it.
  bool failed_ ABSL_GUARDED_BY(commit_mu_) = false;
  // The keys of the batch that failed, until Recover() knows what they held before.
  std::vector<std::string> in_doubt_ ABSL_GUARDED_BY(commit_mu_);
  // What they held before.
  std::vector<WriteBatch::Change> undo_ ABSL_GUARDED_BY(commit_mu_);

  std::atomic<bool> is_damaged_{false};  // reclaiming met what does not read back
  Mutex left_mu_;
  // Ranges that are still to be reclaimed, by where they begin; and when to try.
  std::map<std::string, std::string> left_ ABSL_GUARDED_BY(left_mu_);
  std::chrono::steady_clock::time_point left_time_ ABSL_GUARDED_BY(left_mu_);

  mutable Mutex error_mu_;
  absl::Status error_ ABSL_GUARDED_BY(error_mu_);
};

}  // namespace latchkey::engine

#endif  // LATCHKEY_STORAGE_ENGINE_ROCKSDB_ENGINE_H_
