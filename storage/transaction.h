#ifndef LATCHKEY_STORAGE_TRANSACTION_H_
#define LATCHKEY_STORAGE_TRANSACTION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "storage/change_set.h"
#include "storage/engine/engine.h"
#include "storage/log_tree.h"
#include "storage/merkle/merkle_tree.h"
#include "storage/reader.h"

namespace latchkey::storage {

// The changes of a group of commands in the making: reads show the snapshot it began with and
// everything put since; nothing is written before ToBatch() is committed.
//
// Each command works in a step of its own: Keep() adds the step's changes to the group's, Drop()
// forgets them, so that a command that fails half-way leaves nothing behind.
//
// Used by one thread. Blocks on disk.
class Transaction final : public Reader {
 public:
  // Begins after the last event of `view`, which it owns. Reads go through `cache` where that is
  // not null; it outlives the transaction. What was kept but not committed must be cleared from it
  // by RecordCache::Clear().
  static absl::StatusOr<std::unique_ptr<Transaction>> Begin(std::unique_ptr<View> view,
                                                            RecordCache* cache = nullptr);

  template <typename Record>
  void Put(const Key<Record>& key, const Record& record) {
    changes_.Set(key.bytes, EncodeRecord(key.bytes, record), kReadAgain<Record>);
  }
  void Put(const IndexKey& key) { changes_.Set(key.bytes, EncodePayload(key.bytes, ""), false); }
  template <typename Record>
  void Delete(const Key<Record>& key) {
    changes_.Set(key.bytes, std::nullopt, kReadAgain<Record>);
  }
  void Delete(const IndexKey& key) { changes_.Set(key.bytes, std::nullopt, false); }

  // Adds an event to the log in this step, gives it the next sequence number, and returns that. The
  // event keeps all that is in it.
  std::uint64_t Append(::latchkey::v1::Event&& event);
  // The sequence number that the next Append() will give.
  std::uint64_t next_sequence() const { return next_sequence_ + step_events_.size(); }

  void Keep();
  void Drop();

  absl::StatusOr<std::optional<std::string>> GetStored(absl::string_view key) const override;

  // Costs a look at every change of the group too.
  absl::Status ForEachKey(
      absl::string_view prefix,
      absl::FunctionRef<absl::StatusOr<Walk>(absl::string_view key)> visit) const override;

  // Whether Keep() kept any change.
  bool empty() const { return changes_.empty(); }
  // The sequence number of the last kept event, or of the last event before.
  std::uint64_t newest_sequence() const { return next_sequence_ - 1; }
  // The bytes of the kept events, in order; moves them out.
  std::vector<std::string> TakeEvents() { return std::move(events_); }
  // The log's tree with the leaves of the kept events. DATA_LOSS, UNAVAILABLE: the tree of the
  // events before does not read.
  absl::StatusOr<merkle::Frontier> Tree();
  // The same after ToBatch(), where that had to know it.
  std::optional<merkle::Frontier> known_tree() const;
  // The kept changes as a batch, which commits only onto the version this transaction began with,
  // and has the nodes that the kept events add to the log's tree. Errors as Tree(). The last call.
  absl::StatusOr<engine::WriteBatch> ToBatch();

 private:
  Transaction(std::unique_ptr<View> view, std::uint64_t newest, RecordCache* cache)
      : view_(std::move(view)),
        cache_(cache),
        first_sequence_(newest + 1),
        next_sequence_(newest + 1) {
    if (cache != nullptr && cache->tree().has_value()) tree_.emplace(*cache->tree());
  }

  // Brings the tree up to the kept events.
  absl::Status GrowTree();

  const RecordCache::Record* Remembered(absl::string_view key) const override;
  void Remember(absl::string_view key, const RecordCache::Record& record) const override;

  std::unique_ptr<View> view_;
  RecordCache* const cache_;  // null: none
  const std::uint64_t first_sequence_;
  std::uint64_t next_sequence_;  // after the kept events
  ChangeSet changes_;
  std::vector<std::string> events_;
  std::vector<std::string> step_events_;
  std::vector<merkle::Hash> new_leaves_;  // of kept events, not yet in the tree
  std::optional<TreeGrowth> tree_;        // nullopt: not known yet
};

}  // namespace latchkey::storage

#endif  // LATCHKEY_STORAGE_TRANSACTION_H_
