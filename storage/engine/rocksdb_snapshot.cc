#include "storage/engine/rocksdb_snapshot.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rocksdb/db.h"
#include "rocksdb/iterator.h"
#include "server/base/status_macros.h"
#include "storage/engine/rocksdb_database.h"
#include "storage/engine/rocksdb_options.h"
#include "storage/engine/version_codec.h"

namespace latchkey::engine {
namespace {

// The first key that is not the engine's own.
constexpr absl::string_view kFirstKey = "\x01";

bool IsOwn(absl::string_view key) { return key < kFirstKey; }

absl::StatusOr<std::optional<Value>> Decode(absl::string_view stored) {
  Value value;
  LATCHKEY_RETURN_IF_ERROR(TakeVersion(stored, value.version));
  value.bytes.assign(stored.data(), stored.size());
  return std::optional<Value>(std::move(value));
}

class RocksdbCursor final : public Cursor {
 public:
  RocksdbCursor(const PinnedState& state, const KeyRange& range, Direction direction)
      : begin_(std::max(range.begin, std::string(kFirstKey))),
        end_(range.end),
        lower_(begin_),
        upper_(end_),
        direction_(direction),
        database_(state.database()) {
    if (!end_.empty() && end_ <= begin_) return;
    rocksdb::ReadOptions options;
    options.snapshot = state.snapshot();
    options.iterate_lower_bound = &lower_;
    if (!end_.empty()) options.iterate_upper_bound = &upper_;
    iterator_.reset(database_.db().NewIterator(options));
    if (direction_ == Direction::kForward) {
      iterator_->Seek(lower_);
    } else {
      iterator_->SeekToLast();
    }
    TakeApart();
  }

  bool Valid() const override { return valid_; }
  void Next() override {
    if (direction_ == Direction::kForward) {
      iterator_->Next();
    } else {
      iterator_->Prev();
    }
    TakeApart();
  }
  absl::string_view key() const override { return ToView(iterator_->key()); }
  absl::string_view value() const override { return value_; }
  Version version() const override { return version_; }
  absl::Status status() const override { return status_; }

 private:
  void TakeApart() {
    valid_ = iterator_->Valid();
    if (!valid_) {
      status_ = FromRocksdb(iterator_->status(), database_.path());
      return;
    }
    value_ = ToView(iterator_->value());
    status_ = TakeVersion(value_, version_);
    valid_ = status_.ok();
  }

  const std::string begin_;
  const std::string end_;
  const rocksdb::Slice lower_;
  const rocksdb::Slice upper_;
  const Direction direction_;
  RocksdbDatabase& database_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
  bool valid_ = false;
  absl::string_view value_;
  Version version_ = 0;
  absl::Status status_;
};

class RocksdbSnapshot final : public Snapshot {
 public:
  explicit RocksdbSnapshot(ReaderGate::Pass pass) : pass_(std::move(pass)) {
    options_.snapshot = state().snapshot();
  }

  Version version() const override { return state().version(); }

  absl::StatusOr<std::optional<Value>> Get(absl::string_view key) const override {
    if (IsOwn(key)) return std::optional<Value>();
    rocksdb::DB& db = state().database().db();
    rocksdb::PinnableSlice stored;
    return Answer(db.Get(options_, db.DefaultColumnFamily(), ToSlice(key), &stored), stored);
  }

  absl::StatusOr<std::vector<std::optional<Value>>> MultiGet(
      absl::Span<const std::string> keys) const override {
    const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
    std::vector<rocksdb::PinnableSlice> stored(keys.size());
    std::vector<rocksdb::Status> got(keys.size());
    rocksdb::DB& db = state().database().db();
    db.MultiGet(options_, db.DefaultColumnFamily(), keys.size(), slices.data(), stored.data(),
                got.data());
    std::vector<std::optional<Value>> values;
    values.reserve(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (IsOwn(keys[i])) {
        values.emplace_back();
        continue;
      }
      LATCHKEY_ASSIGN_OR_RETURN(std::optional<Value> value, Answer(got[i], stored[i]));
      values.push_back(std::move(value));
    }
    return values;
  }

  std::unique_ptr<Cursor> Scan(const KeyRange& range, Direction direction) const override {
    return std::make_unique<RocksdbCursor>(state(), range, direction);
  }

 private:
  const PinnedState& state() const { return *pass_.state(); }

  absl::StatusOr<std::optional<Value>> Answer(const rocksdb::Status& got,
                                              const rocksdb::PinnableSlice& stored) const {
    if (got.IsNotFound()) return std::optional<Value>();
    LATCHKEY_RETURN_IF_ERROR(FromRocksdb(got, state().database().path()));
    return Decode(ToView(stored));
  }

  const ReaderGate::Pass pass_;
  rocksdb::ReadOptions options_;
};

absl::Status Closed() {
  return absl::UnavailableError("the store could not be opened again after its disk failed");
}

class ClosedCursor final : public Cursor {
 public:
  bool Valid() const override { return false; }
  void Next() override {}
  absl::string_view key() const override { return {}; }
  absl::string_view value() const override { return {}; }
  Version version() const override { return 0; }
  absl::Status status() const override { return Closed(); }
};

// What a reader gets while there is no open database.
class ClosedSnapshot final : public Snapshot {
 public:
  explicit ClosedSnapshot(ReaderGate::Pass pass) : pass_(std::move(pass)) {}

  Version version() const override { return 0; }
  absl::StatusOr<std::optional<Value>> Get(absl::string_view /*key*/) const override {
    return Closed();
  }
  absl::StatusOr<std::vector<std::optional<Value>>> MultiGet(
      absl::Span<const std::string> /*keys*/) const override {
    return Closed();
  }
  std::unique_ptr<Cursor> Scan(const KeyRange& /*range*/, Direction /*direction*/) const override {
    return std::make_unique<ClosedCursor>();
  }

 private:
  const ReaderGate::Pass pass_;
};

}  // namespace

std::unique_ptr<Snapshot> NewRocksdbSnapshot(ReaderGate::Pass pass) {
  if (pass.state() == nullptr) return std::make_unique<ClosedSnapshot>(std::move(pass));
  return std::make_unique<RocksdbSnapshot>(std::move(pass));
}

}  // namespace latchkey::engine
