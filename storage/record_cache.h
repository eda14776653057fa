#ifndef LATCHKEY_STORAGE_RECORD_CACHE_H_
#define LATCHKEY_STORAGE_RECORD_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message_lite.h"
#include "storage/engine/engine.h"
#include "storage/merkle/merkle_tree.h"

namespace latchkey::storage {

// Records as a single writer last saw them, so that it reads what it needs for every change, the
// same few records mostly, without asking the engine or parsing again. It holds the state of one
// version of the engine, and forgets everything when it is asked for another, so that what somebody
// else wrote is never missed.
//
// Used by one thread at a time.
class RecordCache {
 public:
  using Record = std::shared_ptr<const google::protobuf::MessageLite>;

  // Remembers at most `max_records`; beyond, it begins anew.
  explicit RecordCache(std::size_t max_records) : max_records_(max_records) {}

  // Says which version the records are to be of. Everything is forgotten where that is another.
  void Show(engine::Version version);
  // Says that the records, with what was forgotten of them, are those of `version` now, whose last
  // event is `newest` and whose tree, where it is known, is `tree`.
  void Advance(engine::Version version, std::uint64_t newest,
               std::optional<merkle::Frontier> tree = std::nullopt) {
    version_ = version;
    newest_ = newest;
    tree_ = std::move(tree);
  }
  // The last event's sequence number, where that is remembered.
  std::optional<std::uint64_t> newest() const { return newest_; }
  // The log's tree, where that is remembered.
  const std::optional<merkle::Frontier>& tree() const { return tree_; }

  // Returns what is remembered of `key`, which may be that there is none: then what it points to is
  // null. Null: nothing is remembered. Lasts until the next call that is not const.
  const Record* Find(absl::string_view key) const;
  // Remembers the record of `key`; null: that there is none.
  void Insert(absl::string_view key, Record record);
  void Forget(absl::string_view key);
  void Clear() {
    records_.clear();
    newest_.reset();
    tree_.reset();
  }

 private:
  const std::size_t max_records_;
  engine::Version version_ = 0;
  std::optional<std::uint64_t> newest_;
  std::optional<merkle::Frontier> tree_;
  absl::flat_hash_map<std::string, Record> records_;
};

}  // namespace latchkey::storage

#endif  // LATCHKEY_STORAGE_RECORD_CACHE_H_
