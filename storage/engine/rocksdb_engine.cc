#include "storage/engine/rocksdb_engine.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "rocksdb/file_system.h"
#include "rocksdb/write_batch.h"
#include "server/base/status_macros.h"
#include "storage/engine/anchor_file.h"
#include "storage/engine/reader_gate.h"
#include "storage/engine/rocksdb_database.h"
#include "storage/engine/rocksdb_snapshot.h"
#include "storage/engine/version_codec.h"

namespace latchkey::engine {
namespace {

constexpr std::chrono::seconds kAnchorInterval(1);
// What RocksDB's batch takes at most beside keys and values: its head with the engine's own key;
// for each change a tag, two lengths and the version.
constexpr std::size_t kBatchBytes = 64;
constexpr std::size_t kChangeBytes = 24;
// For how long Recover() keeps new readers waiting for the old ones to leave.
constexpr absl::Duration kReaderPatience = absl::Milliseconds(200);
// How long what could not be reclaimed waits.
constexpr std::chrono::minutes kReclaimPause(1);

// Adds the write of `version` to the engine's own key: every batch has it.
void Stamp(Version version, rocksdb::WriteBatch& batch) {
  batch.Put(ToSlice(kVersionKey), EncodeVersion(version));
}

rocksdb::WriteBatch Encode(const WriteBatch& batch, Version version) {
  const std::string stamp = EncodeVersion(version);
  std::size_t bytes = kBatchBytes;
  for (const WriteBatch::Change& change : batch.changes()) {
    bytes += kChangeBytes + change.key.size();
    if (change.value.has_value()) bytes += change.value->size();
  }
  rocksdb::WriteBatch encoded(bytes);
  Stamp(version, encoded);
  for (const WriteBatch::Change& change : batch.changes()) {
    if (!change.value.has_value()) {
      encoded.Delete(change.key);
      continue;
    }
    const rocksdb::Slice key(change.key);
    const rocksdb::Slice value[] = {stamp, *change.value};
    encoded.Put(rocksdb::SliceParts(&key, 1), rocksdb::SliceParts(value, 2));
  }
  return encoded;
}

}  // namespace

RocksdbEngine::RocksdbEngine(Options options, std::shared_ptr<RocksdbDatabase> database)
    : options_(std::move(options)),
      gate_(std::make_unique<ReaderGate>()),
      reclaimer_(std::make_unique<ThreadPoolExecutor>(1, "reclaim")),
      database_(std::move(database)),
      version_(database_->opened_version()),
      anchor_time_(options_.steady_now()) {
  gate_->Publish(std::make_shared<PinnedState>(database_, version_));
  if (options_.read_only) error_ = absl::UnavailableError("the store is open for reading only");
}

absl::StatusOr<std::unique_ptr<RocksdbEngine>> RocksdbEngine::Open(Options options) {
  LATCHKEY_ASSIGN_OR_RETURN(std::shared_ptr<RocksdbDatabase> database,
                            RocksdbDatabase::Open(options, /*least=*/0));
  if (options.read_only) {
    return std::unique_ptr<RocksdbEngine>(
        new RocksdbEngine(std::move(options), std::move(database)));
  }
  const Version version = database->opened_version();
  // Also what a crash left behind the last anchor counts from now on.
  if (const absl::Status anchored = WriteAnchorFile(*FileSystemOf(options), options.path, version);
      !anchored.ok()) {
    options.logger.Warning("cannot write ANCHOR", {{"error", anchored.ToString()}});
  }
  return std::unique_ptr<RocksdbEngine>(new RocksdbEngine(std::move(options), std::move(database)));
}

RocksdbEngine::~RocksdbEngine() {
  {
    MutexLock lock(commit_mu_);
    if (database_ != nullptr) database_->Interrupt();
  }
  reclaimer_ = nullptr;
  MutexLock lock(commit_mu_);
  gate_->Publish(nullptr);
  const absl::Status closed = database_ == nullptr ? absl::OkStatus() : database_->Close();
  if (options_.read_only) return;
  const absl::Status anchored = WriteAnchorFile(*FileSystemOf(options_), options_.path, version_);
  if (!closed.ok() || !anchored.ok()) {
    options_.logger.Warning("the store did not close cleanly",
                            {{"close", closed.ToString()}, {"anchor", anchored.ToString()}});
  }
}

std::unique_ptr<Snapshot> RocksdbEngine::NewSnapshot() const {
  return NewRocksdbSnapshot(gate_->Enter());
}

absl::StatusOr<Version> RocksdbEngine::Commit(const WriteBatch& batch) {
  LATCHKEY_RETURN_IF_ERROR(CheckBatch(batch));
  MutexLock lock(commit_mu_);
  LATCHKEY_RETURN_IF_ERROR(writable());
  LATCHKEY_RETURN_IF_ERROR(CheckExpectations(batch));
  if (absl::Status space = CheckFreeSpace(); !space.ok()) {
    StopWriting(space);
    return space;
  }
  rocksdb::WriteBatch encoded = Encode(batch, version_ + 1);
  if (absl::Status written = database_->Write(encoded); !written.ok()) {
    failed_ = true;
    for (const WriteBatch::Change& change : batch.changes()) in_doubt_.push_back(change.key);
    StopWriting(written);
    return written;
  }
  ++version_;
  gate_->Publish(std::make_shared<PinnedState>(database_, version_));
  WriteAnchorWhenDue();
  return version_;
}

absl::Status RocksdbEngine::CheckExpectations(const WriteBatch& batch) const {
  LATCHKEY_RETURN_IF_ERROR(CheckExpectedVersion(batch, version_));
  for (const WriteBatch::Expectation& expected : batch.expectations()) {
    const absl::StatusOr<Version> actual = database_->VersionOf(expected.key);
    if (!actual.ok()) return absl::UnavailableError(actual.status().message());
    if (*actual != expected.version) {
      return absl::AbortedError(absl::StrCat("a key was written by commit ", *actual,
                                             ", not by the expected ", expected.version));
    }
  }
  return absl::OkStatus();
}

absl::Status RocksdbEngine::CheckFreeSpace(std::uint64_t more) const {
  std::uint64_t free = 0;
  if (options_.min_free_bytes == 0 ||
      !FileSystemOf(options_)
           ->GetFreeSpace(options_.path, rocksdb::IOOptions(), &free, nullptr)
           .ok() ||
      free >= options_.min_free_bytes + more) {
    return absl::OkStatus();
  }
  return absl::UnavailableError(absl::StrCat("the disk of ", options_.path, " has ", free,
                                             " bytes free; the store needs ",
                                             options_.min_free_bytes + more, ": free some"));
}

void RocksdbEngine::StopWriting(const absl::Status& why) {
  {
    MutexLock lock(error_mu_);
    error_ = why;
  }
  options_.logger.Error("the store stopped writing", {{"error", why.ToString()}});
}

absl::Status RocksdbEngine::writable() const {
  MutexLock lock(error_mu_);
  return error_;
}

absl::Status RocksdbEngine::Recover() {
  MutexLock lock(commit_mu_);
  if (writable().ok() || options_.read_only) return writable();
  absl::Status made = MakeWritable();
  if (!made.ok()) made = absl::UnavailableError(made.message());
  MutexLock error_lock(error_mu_);
  error_ = made;
  return made;
}

absl::Status RocksdbEngine::MakeWritable() {
  LATCHKEY_RETURN_IF_ERROR(CheckFreeSpace());
  if (!failed_) return absl::OkStatus();
  LATCHKEY_RETURN_IF_ERROR(SaveUndo());
  bool resumed = false;
  if (database_ != nullptr) {
    // Resuming waits for what goes on in the background, and opening again for every reader.
    database_->StopCompacting();
    resumed = database_->Resume().ok() && WriteUndo().ok();
    if (resumed) database_->AllowCompacting();
  }
  if (!resumed) LATCHKEY_RETURN_IF_ERROR(Reopen());
  failed_ = false;
  undo_.clear();
  return absl::OkStatus();
}

absl::Status RocksdbEngine::SaveUndo() {
  std::vector<WriteBatch::Change> undo;
  for (const std::string& key : in_doubt_) {
    LATCHKEY_ASSIGN_OR_RETURN(std::optional<std::string> stored, database_->GetStored(key));
    undo.push_back({key, std::move(stored)});
  }
  undo_.insert(undo_.end(), std::make_move_iterator(undo.begin()),
               std::make_move_iterator(undo.end()));
  in_doubt_.clear();
  return absl::OkStatus();
}

absl::Status RocksdbEngine::WriteUndo() {
  rocksdb::WriteBatch undo;
  Stamp(version_, undo);
  for (const WriteBatch::Change& change : undo_) {
    if (change.value.has_value()) {
      undo.Put(change.key, *change.value);
    } else {
      undo.Delete(change.key);
    }
  }
  return database_->Write(undo);
}

absl::Status RocksdbEngine::Reopen() {
  // RocksDB lets nobody open a folder twice, and a snapshot needs the database that it came from.
  if (!gate_->Shut(kReaderPatience)) {
    if (database_ != nullptr) database_->AllowCompacting();
    return absl::UnavailableError("the store is being read, and opens again when nobody reads");
  }
  if (database_ != nullptr) {
    options_.logger.Warning("the store closes and opens again",
                            {{"close", database_->Close().ToString()}});
    database_ = nullptr;
  }
  absl::StatusOr<std::shared_ptr<RocksdbDatabase>> opened =
      RocksdbDatabase::Open(options_, version_);
  absl::Status made = opened.status();
  if (made.ok()) {
    database_ = *std::move(opened);
    made = WriteUndo();
  }
  gate_->Publish(made.ok() ? std::make_shared<PinnedState>(database_, version_) : nullptr);
  return made;
}

void RocksdbEngine::Maintain() {
  if (options_.read_only) return;
  ReclaimWhatWasLeft();
  MutexLock lock(commit_mu_);
  // The last commit of a burst has nobody after it to write the anchor.
  if (version_ != anchored_) WriteAnchorWhenDue();
}

void RocksdbEngine::WriteAnchorWhenDue() {
  const auto now = options_.steady_now();
  if (now - anchor_time_ < kAnchorInterval) return;
  anchor_time_ = now;
  anchored_ = version_;
  if (const absl::Status anchored =
          WriteAnchorFile(*FileSystemOf(options_), options_.path, version_);
      !anchored.ok()) {
    options_.logger.Warning("cannot write ANCHOR", {{"error", anchored.ToString()}});
  }
}

void RocksdbEngine::Reclaim(const KeyRange& range) {
  reclaimer_->Schedule([this, range] {
    if (ReclaimNow(range)) return;
    MutexLock lock(left_mu_);
    const auto [left, is_new] = left_.try_emplace(range.begin, range.end);
    // Of two with one beginning the longer stays; no end is the longest.
    if (!is_new && !left->second.empty() && (range.end.empty() || left->second < range.end)) {
      left->second = range.end;
    }
    left_time_ = options_.steady_now() + kReclaimPause;
  });
}

bool RocksdbEngine::ReclaimNow(const KeyRange& range) {
  if (is_damaged_) return true;
  if (!writable().ok()) return false;
  // As a reader, so that nobody closes the database meanwhile.
  const ReaderGate::Pass pass = gate_->Enter();
  if (pass.state() == nullptr) return false;
  RocksdbDatabase& database = pass.state()->database();
  absl::Status done = CheckFreeSpace(database.CompactionBytes() + options_.write_buffer_bytes);
  if (done.ok()) done = database.Compact(range);
  if (absl::IsDataLoss(done)) {
    // Trying again would find the same, and stop writers each time.
    is_damaged_ = true;
    options_.logger.Error("the store is damaged", {{"error", done.ToString()}});
    return true;
  }
  if (!done.ok() && !absl::IsCancelled(done)) {
    options_.logger.Warning("deleted keys still take room", {{"error", done.ToString()}});
  }
  return done.ok();
}

void RocksdbEngine::ReclaimWhatWasLeft() {
  std::map<std::string, std::string> left;
  {
    MutexLock lock(left_mu_);
    if (left_.empty() || options_.steady_now() < left_time_) return;
    left.swap(left_);
  }
  for (const auto& [begin, end] : left) Reclaim({begin, end});
}

std::uint64_t RocksdbEngine::SizeInBytes() const {
  std::vector<rocksdb::Env::FileAttributes> files;
  std::uint64_t bytes = 0;
  FileSystemOf(options_)
      ->GetChildrenFileAttributes(options_.path, rocksdb::IOOptions(), &files, nullptr)
      .PermitUncheckedError();
  for (const auto& file : files) bytes += file.size_bytes;
  return bytes;
}

}  // namespace latchkey::engine
