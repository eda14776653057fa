#include "storage/engine/memory_engine.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace latchkey::engine {
namespace {

// The values of one key, by the version that wrote them; nullopt where it was deleted.
using History = std::map<Version, std::optional<std::string>>;

// The value as of `version`, or nullptr.
const History::value_type* ValueAt(const History& history, Version version) {
  auto it = history.upper_bound(version);
  if (it == history.begin()) return nullptr;
  --it;
  return it->second.has_value() ? &*it : nullptr;
}

}  // namespace

struct MemoryEngine::State {
  mutable Mutex mu;
  std::map<std::string, History, std::less<>> keys ABSL_GUARDED_BY(mu);
  Version version ABSL_GUARDED_BY(mu) = 0;
  std::uint64_t bytes ABSL_GUARDED_BY(mu) = 0;
};

class MemoryEngine::MemoryCursor final : public Cursor {
 public:
  MemoryCursor(std::shared_ptr<State> state, Version at, KeyRange range, Direction direction)
      : state_(std::move(state)), at_(at), range_(std::move(range)), direction_(direction) {
    MutexLock lock(state_->mu);
    Seek(state_->keys, /*first=*/true);
  }

  bool Valid() const override { return valid_; }
  void Next() override {
    MutexLock lock(state_->mu);
    Seek(state_->keys, /*first=*/false);
  }
  absl::string_view key() const override { return key_; }
  absl::string_view value() const override { return value_; }
  Version version() const override { return version_; }
  absl::Status status() const override { return absl::OkStatus(); }

 private:
  using Keys = std::map<std::string, History, std::less<>>;

  // Goes to the next key of the range that has a value.
  void Seek(const Keys& keys, bool first) {
    valid_ = false;
    if (direction_ == Direction::kForward) {
      for (auto it = first ? keys.lower_bound(range_.begin) : keys.upper_bound(key_);
           it != keys.end() && !valid_ && (range_.end.empty() || it->first < range_.end); ++it) {
        Take(*it);
      }
      return;
    }
    auto it = !first               ? keys.lower_bound(key_)
              : range_.end.empty() ? keys.end()
                                   : keys.lower_bound(range_.end);
    while (!valid_ && it != keys.begin()) {
      --it;
      if (it->first < range_.begin) return;
      Take(*it);
    }
  }

  void Take(const Keys::value_type& entry) {
    const auto* found = ValueAt(entry.second, at_);
    if (found == nullptr) return;
    key_ = entry.first;
    value_ = *found->second;
    version_ = found->first;
    valid_ = true;
  }

  const std::shared_ptr<State> state_;
  const Version at_;
  const KeyRange range_;
  const Direction direction_;
  bool valid_ = false;
  std::string key_;
  std::string value_;
  Version version_ = 0;
};

class MemoryEngine::MemorySnapshot final : public Snapshot {
 public:
  MemorySnapshot(std::shared_ptr<State> state, Version version)
      : state_(std::move(state)), version_(version) {}

  Version version() const override { return version_; }

  absl::StatusOr<std::optional<Value>> Get(absl::string_view key) const override {
    MutexLock lock(state_->mu);
    const auto it = state_->keys.find(std::string(key));
    if (it == state_->keys.end()) return std::optional<Value>();
    const auto* found = ValueAt(it->second, version_);
    if (found == nullptr) return std::optional<Value>();
    return std::optional<Value>(Value{*found->second, found->first});
  }

  absl::StatusOr<std::vector<std::optional<Value>>> MultiGet(
      absl::Span<const std::string> keys) const override {
    std::vector<std::optional<Value>> values;
    values.reserve(keys.size());
    for (const std::string& key : keys) values.push_back(*Get(key));
    return values;
  }

  std::unique_ptr<Cursor> Scan(const KeyRange& range, Direction direction) const override {
    return std::make_unique<MemoryCursor>(state_, version_, range, direction);
  }

 private:
  const std::shared_ptr<State> state_;
  const Version version_;
};

MemoryEngine::MemoryEngine() : state_(std::make_shared<State>()) {}
MemoryEngine::~MemoryEngine() = default;

std::unique_ptr<Snapshot> MemoryEngine::NewSnapshot() const {
  MutexLock lock(state_->mu);
  return std::make_unique<MemorySnapshot>(state_, state_->version);
}

absl::StatusOr<Version> MemoryEngine::Commit(const WriteBatch& batch) {
  if (absl::Status form = CheckBatch(batch); !form.ok()) return form;
  MutexLock lock(state_->mu);
  if (absl::Status expected = CheckExpectedVersion(batch, state_->version); !expected.ok()) {
    return expected;
  }
  for (const WriteBatch::Expectation& expected : batch.expectations()) {
    const auto it = state_->keys.find(expected.key);
    const auto* found = it == state_->keys.end() ? nullptr : ValueAt(it->second, state_->version);
    const Version actual = found == nullptr ? 0 : found->first;
    if (actual != expected.version) {
      return absl::AbortedError(absl::StrCat("a key was written by commit ", actual,
                                             ", not by the expected ", expected.version));
    }
  }
  ++state_->version;
  for (const WriteBatch::Change& change : batch.changes()) {
    state_->keys[change.key][state_->version] = change.value;
    state_->bytes += change.key.size() + (change.value.has_value() ? change.value->size() : 0);
  }
  return state_->version;
}

std::uint64_t MemoryEngine::SizeInBytes() const {
  MutexLock lock(state_->mu);
  return state_->bytes;
}

}  // namespace latchkey::engine
