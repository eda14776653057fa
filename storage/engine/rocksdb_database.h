#ifndef LATCHKEY_STORAGE_ENGINE_ROCKSDB_DATABASE_H_
#define LATCHKEY_STORAGE_ENGINE_ROCKSDB_DATABASE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "rocksdb/convenience.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/perf_level.h"
#include "rocksdb/snapshot.h"
#include "rocksdb/write_batch.h"
#include "storage/engine/engine.h"
#include "storage/engine/rocksdb_engine.h"

namespace latchkey::engine {

// The engine's own key: the version of the last commit. No key of a caller begins with a zero byte.
inline constexpr absl::string_view kVersionKey("\0version", 8);

inline rocksdb::Slice ToSlice(absl::string_view bytes) { return {bytes.data(), bytes.size()}; }
inline absl::string_view ToView(const rocksdb::Slice& bytes) {
  return {bytes.data(), bytes.size()};
}

// The file system that `options` name.
std::shared_ptr<rocksdb::FileSystem> FileSystemOf(const RocksdbEngine::Options& options);

// An open RocksDB. Thread-safe.
class RocksdbDatabase {
 public:
  // Errors as RocksdbEngine::Open(). DATA_LOSS also where the store ends before `least`.
  static absl::StatusOr<std::shared_ptr<RocksdbDatabase>> Open(
      const RocksdbEngine::Options& options, Version least);

  RocksdbDatabase(const RocksdbDatabase&) = delete;
  RocksdbDatabase& operator=(const RocksdbDatabase&) = delete;

  // For the calling thread, whose perf level it sets: ask again on another one.
  rocksdb::DB& db() {
    // RocksDB counts each comparison of keys for whoever looks at the thread's perf_context. Nobody
    // does, and it is a fifth of what the memtable costs.
    rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
    return *db_;
  }
  const std::string& path() const { return path_; }
  // The version that the store had when it was opened.
  Version opened_version() const { return opened_version_; }

  // Returns what is stored at `key` now, its version before its value; nullopt where there is none.
  // UNAVAILABLE, DATA_LOSS.
  absl::StatusOr<std::optional<std::string>> GetStored(absl::string_view key);
  // Returns the version that wrote `key`, 0 where there is none, as of now. Errors as GetStored().
  absl::StatusOr<Version> VersionOf(absl::string_view key);

  // Writes durably. UNAVAILABLE: the disk refuses; no reader of this object sees any of it.
  absl::Status Write(rocksdb::WriteBatch& batch);

  // Makes RocksDB go on after a failed write, without opening it again. UNAVAILABLE: it cannot.
  absl::Status Resume();

  // Rewrites what lies above the last level of `range`, so that deleted keys take no room any more.
  // Takes the place of the store's own compactions meanwhile. CANCELLED: it was stopped.
  // UNAVAILABLE: the disk refuses. DATA_LOSS: what is there does not read back.
  absl::Status Compact(const KeyRange& range);
  // About the bytes that Compact() may write before it can remove what it read: those of the first
  // level, and of the next one that has any. Of a store with more levels a later step may write
  // more, up to RocksDB's own bound of a compaction.
  std::uint64_t CompactionBytes();
  // Stops Compact(), also later ones. One that waits for a compaction of the store's own is waited
  // for until that is done.
  void StopCompacting() { db_->DisableManualCompaction(); }
  // Takes back one StopCompacting().
  void AllowCompacting() { db_->EnableManualCompaction(); }

  // Stops everything that goes on in the background, and does not wait for it. Only Close() may
  // follow.
  void Interrupt() { rocksdb::CancelAllBackgroundWork(db_.get(), /*wait=*/false); }
  // Only for what the destructor would do anyway, to see what comes of it. Nothing may follow.
  absl::Status Close();

 private:
  explicit RocksdbDatabase(std::string path) : path_(std::move(path)) {}

  const std::string path_;
  std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<rocksdb::DB> db_;
  Version opened_version_ = 0;
};

// A database as of one version, for any number of readers. Thread-safe.
class PinnedState {
 public:
  // No commit may run meanwhile.
  PinnedState(std::shared_ptr<RocksdbDatabase> database, Version version)
      : database_(std::move(database)),
        snapshot_(database_->db().GetSnapshot()),
        version_(version) {}
  ~PinnedState() { database_->db().ReleaseSnapshot(snapshot_); }
  PinnedState(const PinnedState&) = delete;
  PinnedState& operator=(const PinnedState&) = delete;

  RocksdbDatabase& database() const { return *database_; }
  const rocksdb::Snapshot* snapshot() const { return snapshot_; }
  Version version() const { return version_; }

 private:
  const std::shared_ptr<RocksdbDatabase> database_;
  const rocksdb::Snapshot* const snapshot_;
  const Version version_;
};

}  // namespace latchkey::engine

#endif  // LATCHKEY_STORAGE_ENGINE_ROCKSDB_DATABASE_H_
