#include "storage/engine/rocksdb_database.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rocksdb/file_system.h"
#include "rocksdb/metadata.h"
#include "server/base/status_macros.h"
#include "storage/engine/anchor_file.h"
#include "storage/engine/rocksdb_options.h"
#include "storage/engine/version_codec.h"

namespace latchkey::engine {
namespace {

absl::Status TailIsLost(const std::string& path, Version version, Version least) {
  return absl::DataLossError(absl::StrCat(
      "the store in ", path, " ends at version ", version, ", but version ", least,
      " was acknowledged (file ANCHOR): its tail is lost; restore a backup, or remove ANCHOR to go "
      "on without what is lost, and give the log another key then, since checkpoints of what is "
      "lost "
      "may have been signed (docs/audit_proofs.md)"));
}

// RocksDB opens for reading what another process writes to, and shows a state that never was.
// FAILED_PRECONDITION: one does.
absl::Status CheckNotInUse(const std::string& path) {
  const int fd = ::open(absl::StrCat(path, "/LOCK").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return absl::OkStatus();
  struct flock lock {};
  lock.l_type = F_RDLCK;
  lock.l_whence = SEEK_SET;
  const bool is_in_use = ::fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  ::close(fd);
  if (!is_in_use) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the store in ", path, " is in use by process ", lock.l_pid));
}

// What can be refused before RocksDB makes or touches a file.
absl::Status CheckFolder(const RocksdbEngine::Options& options, rocksdb::FileSystem& file_system,
                         Version least) {
  const rocksdb::IOStatus current =
      file_system.FileExists(absl::StrCat(options.path, "/CURRENT"), rocksdb::IOOptions(), nullptr);
  if (!current.IsNotFound()) return absl::OkStatus();
  if (least > 0) return TailIsLost(options.path, 0, least);
  if (options.create_if_missing && !options.read_only) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("there is no store in ", options.path));
}

}  // namespace

std::shared_ptr<rocksdb::FileSystem> FileSystemOf(const RocksdbEngine::Options& options) {
  return options.file_system != nullptr ? options.file_system : rocksdb::FileSystem::Default();
}

absl::StatusOr<std::shared_ptr<RocksdbDatabase>> RocksdbDatabase::Open(
    const RocksdbEngine::Options& options, Version least) {
  const std::shared_ptr<rocksdb::FileSystem> file_system = FileSystemOf(options);
  LATCHKEY_ASSIGN_OR_RETURN(const Version anchor, ReadAnchorFile(*file_system, options.path));
  least = std::max(least, anchor);
  LATCHKEY_RETURN_IF_ERROR(CheckFolder(options, *file_system, least));

  if (options.create_if_missing && !options.read_only) {
    // RocksDB would make it too, but logs an error first.
    LATCHKEY_RETURN_IF_ERROR(
        FromRocksdb(file_system->CreateDirIfMissing(options.path, rocksdb::IOOptions(), nullptr),
                    options.path));
  }
  std::shared_ptr<RocksdbDatabase> database(new RocksdbDatabase(options.path));
  database->env_ = rocksdb::NewCompositeEnv(file_system);
  rocksdb::DB* db = nullptr;
  const rocksdb::Options rocksdb_options = MakeRocksdbOptions(options, database->env_.get());
  if (options.read_only) LATCHKEY_RETURN_IF_ERROR(CheckNotInUse(options.path));
  const rocksdb::Status opened =
      options.read_only ? rocksdb::DB::OpenForReadOnly(rocksdb_options, options.path, &db)
                        : rocksdb::DB::Open(rocksdb_options, options.path, &db);
  LATCHKEY_RETURN_IF_ERROR(FromRocksdb(opened, options.path));
  database->db_.reset(db);

  LATCHKEY_ASSIGN_OR_RETURN(database->opened_version_, database->VersionOf(kVersionKey));
  if (database->opened_version_ < least) {
    return TailIsLost(options.path, database->opened_version_, least);
  }
  return database;
}

absl::StatusOr<std::optional<std::string>> RocksdbDatabase::GetStored(absl::string_view key) {
  std::string stored;
  const rocksdb::Status got = db().Get(rocksdb::ReadOptions(), ToSlice(key), &stored);
  if (got.IsNotFound()) return std::optional<std::string>();
  LATCHKEY_RETURN_IF_ERROR(FromRocksdb(got, path_));
  return std::optional<std::string>(std::move(stored));
}

absl::StatusOr<Version> RocksdbDatabase::VersionOf(absl::string_view key) {
  LATCHKEY_ASSIGN_OR_RETURN(const std::optional<std::string> stored, GetStored(key));
  if (!stored.has_value()) return Version{0};
  Version version = 0;
  absl::string_view rest = *stored;
  LATCHKEY_RETURN_IF_ERROR(TakeVersion(rest, version));
  return version;
}

absl::Status RocksdbDatabase::Write(rocksdb::WriteBatch& batch) {
  rocksdb::WriteOptions options;
  options.sync = true;
  const absl::Status written = FromRocksdb(db().Write(options, &batch), path_);
  return written.ok() ? written : absl::UnavailableError(written.message());
}

absl::Status RocksdbDatabase::Resume() {
  // Resuming writes the memtable to a table and begins a new log. With an empty memtable it would
  // go on with the log whose append failed, on which the next append ends the process.
  std::uint64_t entries = 0;
  if (!db_->GetIntProperty(rocksdb::DB::Properties::kNumEntriesActiveMemTable, &entries) ||
      entries == 0) {
    return absl::UnavailableError("nothing to resume with");
  }
  const absl::Status resumed = FromRocksdb(db_->Resume(), path_);
  return resumed.ok() ? resumed : absl::UnavailableError(resumed.message());
}

absl::Status RocksdbDatabase::Compact(const KeyRange& range) {
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  const rocksdb::Slice begin(range.begin);
  const rocksdb::Slice end(range.end);
  const rocksdb::Status compacted = db().CompactRange(
      options, range.begin.empty() ? nullptr : &begin, range.end.empty() ? nullptr : &end);
  if (compacted.IsIncomplete() || compacted.IsShutdownInProgress()) {
    return absl::CancelledError(compacted.ToString());
  }
  return FromRocksdb(compacted, path_);
}

std::uint64_t RocksdbDatabase::CompactionBytes() {
  rocksdb::ColumnFamilyMetaData metadata;
  db().GetColumnFamilyMetaData(&metadata);
  std::uint64_t bytes = 0;
  for (const rocksdb::LevelMetaData& level : metadata.levels) {
    bytes += level.size;
    if (level.level > 0 && level.size > 0) break;
  }
  return bytes;
}

absl::Status RocksdbDatabase::Close() { return FromRocksdb(db_->Close(), path_); }

}  // namespace latchkey::engine
