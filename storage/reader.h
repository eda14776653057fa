#ifndef LATCHKEY_STORAGE_READER_H_
#define LATCHKEY_STORAGE_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/base/status_macros.h"
#include "storage/engine/engine.h"
#include "storage/found.h"
#include "storage/keys.h"
#include "storage/record_cache.h"
#include "storage/record_codec.h"

namespace latchkey::storage {

// What a visitor of a walk wants next.
enum class Walk { kGoOn, kStop };

// Typed reads by key, over a snapshot or over a transaction in the making. Blocks on disk. Every
// method may return UNAVAILABLE (the disk failed) or DATA_LOSS (a record does not read back).
class Reader {
 public:
  virtual ~Reader() = default;

  // Returns the record at `key`, or nullopt where there is none.
  template <typename Record>
  absl::StatusOr<Found<Record>> Get(const Key<Record>& key) const {
    if constexpr (kReadAgain<Record>) {
      if (const RecordCache::Record* record = Remembered(key.bytes)) {
        // Only records of one type lie in a key's table.
        return Found<Record>(std::static_pointer_cast<const Record>(*record));
      }
    }
    LATCHKEY_ASSIGN_OR_RETURN(const std::optional<std::string> stored, GetStored(key.bytes));
    std::shared_ptr<Record> record;
    if (stored.has_value()) {
      record = std::make_shared<Record>();
      LATCHKEY_RETURN_IF_ERROR(DecodeRecord(key.bytes, *stored, *record));
    }
    if constexpr (kReadAgain<Record>) Remember(key.bytes, record);
    return Found<Record>(std::move(record));
  }

  // Returns the token of a public name, "workspaces/w/tokens/t" or "services/s/tokens/t"; nothing
  // also where the name is not of that form.
  absl::StatusOr<Found<v1::TokenRecord>> GetToken(absl::string_view name) const;

  // Returns the stored bytes at `key`, or nullopt. Get() is what callers want.
  virtual absl::StatusOr<std::optional<std::string>> GetStored(absl::string_view key) const = 0;

  // Calls `visit` with every key that begins with `prefix`, in order, until it says kStop or
  // returns an error. `visit` changes nothing here.
  virtual absl::Status ForEachKey(
      absl::string_view prefix,
      absl::FunctionRef<absl::StatusOr<Walk>(absl::string_view key)> visit) const = 0;

 protected:
  // Whether records of a type are likely to be read more than once.
  template <typename Record>
  static constexpr bool kReadAgain =
      !std::is_same_v<Record, v1::ReplayRecord> && !std::is_same_v<Record, v1::SecretRecord> &&
      !std::is_same_v<Record, v1::LastUseRecord> && !std::is_same_v<Record, ::latchkey::v1::Event>;

 private:
  // A reader's memory, where it has one: see RecordCache::Find() and Insert().
  virtual const RecordCache::Record* Remembered(absl::string_view /*key*/) const { return nullptr; }
  virtual void Remember(absl::string_view /*key*/, const RecordCache::Record& /*record*/) const {}
};

// Returns the key of a token's public name, or nullopt where it is not one.
std::optional<Key<v1::TokenRecord>> TokenKeyOfName(absl::string_view name);

// The store as of one moment, for reading. Thread-safe. Must not outlive the engine.
class View final : public Reader {
 public:
  explicit View(std::unique_ptr<engine::Snapshot> snapshot) : snapshot_(std::move(snapshot)) {}

  // Calls `visit` with the key and the stored bytes of everything in `range`, in order, until it
  // says kStop or returns an error. The views last for the call.
  absl::Status ForEach(
      const engine::KeyRange& range, engine::Direction direction,
      absl::FunctionRef<absl::StatusOr<Walk>(absl::string_view key, absl::string_view stored)>
          visit) const;

  // ForEach() over records.
  template <typename Record>
  absl::Status ForEachRecord(
      const engine::KeyRange& range, engine::Direction direction,
      absl::FunctionRef<absl::StatusOr<Walk>(absl::string_view key, Record record)> visit) const {
    return ForEach(range, direction,
                   [&](absl::string_view key, absl::string_view stored) -> absl::StatusOr<Walk> {
                     Record record;
                     LATCHKEY_RETURN_IF_ERROR(DecodeRecord(key, stored, record));
                     return visit(key, std::move(record));
                   });
  }

  absl::Status ForEachKey(
      absl::string_view prefix,
      absl::FunctionRef<absl::StatusOr<Walk>(absl::string_view key)> visit) const override;
  absl::StatusOr<std::optional<std::string>> GetStored(absl::string_view key) const override;
  // Whether there is anything at `key`.
  template <typename Record>
  absl::StatusOr<bool> Has(const Key<Record>& key) const {
    LATCHKEY_ASSIGN_OR_RETURN(const std::optional<std::string> stored, GetStored(key.bytes));
    return stored.has_value();
  }
  // GetStored() for several keys at once: one answer for each, in order.
  absl::StatusOr<std::vector<std::optional<std::string>>> GetAllStored(
      const std::vector<std::string>& keys) const;

  // The engine's version that this shows.
  engine::Version version() const { return snapshot_->version(); }

  // The sequence number of the last event, be it retained or not; 0 in an empty log.
  absl::StatusOr<std::uint64_t> NewestSequence() const;
  // The sequence number of the first event; 0 in an empty log.
  absl::StatusOr<std::uint64_t> OldestSequence() const;

 private:
  absl::StatusOr<std::uint64_t> SequenceAtEnd(engine::Direction direction) const;

  std::unique_ptr<engine::Snapshot> snapshot_;
};

}  // namespace latchkey::storage

#endif  // LATCHKEY_STORAGE_READER_H_
