#ifndef LATCHKEY_STORAGE_CHANGE_SET_H_
#define LATCHKEY_STORAGE_CHANGE_SET_H_

#include <cstddef>
#include <deque>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "storage/engine/engine.h"

namespace latchkey::storage {

// Changes of keys in the making, in steps that are kept or dropped one after another. The last
// change to a key counts. Every key and value is held once, from Set() until TakeInto() moves it
// on.
//
// Used by one thread.
class ChangeSet {
 public:
  using Value = std::optional<std::string>;  // nullopt deletes the key

  ChangeSet();
  ChangeSet(const ChangeSet&) = delete;  // it refers to itself
  ChangeSet& operator=(const ChangeSet&) = delete;

  // Changes `key` in the present step. `remembered`: a reader may remember what was there before.
  void Set(std::string key, Value value, bool remembered);

  // Returns what `key` was changed to, in the present step or one that was kept; null: it was not
  // changed. Lasts until the next call that is not const.
  const Value* Find(absl::string_view key) const;
  // Whether the present step changed `key`.
  bool StepHas(absl::string_view key) const;

  // Keeps the present step's changes, calls `forget` with the keys of those that are remembered,
  // and begins the next step.
  void Keep(absl::FunctionRef<void(absl::string_view key)> forget);
  // Forgets the present step's changes, and begins it anew.
  void Drop();

  // Whether no change was kept.
  bool empty() const { return step_begin_ == 0; }

  // Calls `visit` with every change that counts, in no order.
  void ForEach(absl::FunctionRef<void(absl::string_view key, bool is_deleted)> visit) const;

  // Moves the kept changes into `batch`, in the order of their keys. There is no present step.
  void TakeInto(engine::WriteBatch& batch);

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  struct Change {
    std::string key;
    Value value;
    std::size_t before = kNone;  // the change to the same key that this one takes the place of
    bool remembered = false;
    bool counts = true;
  };

  std::deque<Change> changes_;  // which stay where they are, since places_ refers to their keys
  // The last change to each key.
  absl::flat_hash_map<absl::string_view, std::size_t> places_;
  std::size_t step_begin_ = 0;  // of the present step in changes_
};

}  // namespace latchkey::storage

#endif  // LATCHKEY_STORAGE_CHANGE_SET_H_
