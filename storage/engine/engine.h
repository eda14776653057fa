#ifndef LATCHKEY_STORAGE_ENGINE_ENGINE_H_
#define LATCHKEY_STORAGE_ENGINE_ENGINE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace latchkey::engine {

// Counts an engine's commits. 0 before the first one, then dense.
using Version = std::uint64_t;

// A stored value, and the version of the commit that wrote it.
struct Value {
  std::string bytes;
  Version version = 0;
};

// Keys from `begin` (included) to `end` (excluded), in byte order. An empty `end` means no bound.
struct KeyRange {
  std::string begin;
  std::string end;
};

// Returns the range of every key that starts with `prefix`.
KeyRange PrefixRange(absl::string_view prefix);

enum class Direction { kForward, kBackward };

// Walks over a range of a snapshot, one entry at a time. Used by one thread; must not outlive its
// snapshot. Blocks on disk.
//
//   for (auto c = snapshot->Scan(range, Direction::kForward); c->Valid(); c->Next()) { ... }
//   LATCHKEY_RETURN_IF_ERROR(c->status());
class Cursor {
 public:
  virtual ~Cursor() = default;

  // Returns whether the cursor is at an entry. False at the range's end and after an error.
  virtual bool Valid() const = 0;
  // Goes to the next entry in the scan's direction. Valid() must be true.
  virtual void Next() = 0;
  // The entry. Valid() must be true; the views last until Next().
  virtual absl::string_view key() const = 0;
  virtual absl::string_view value() const = 0;
  virtual Version version() const = 0;
  // OK, or why the walk ended early: UNAVAILABLE or DATA_LOSS.
  virtual absl::Status status() const = 0;
};

// The whole key space as of one version, whatever is committed afterwards. Thread-safe. Blocks on
// disk. Must not outlive its engine. Holding one for long keeps old values on disk.
class Snapshot {
 public:
  virtual ~Snapshot() = default;

  // The version it shows: everything up to it, nothing after it.
  virtual Version version() const = 0;

  // Returns the value of `key`, or nullopt where there is none.
  // UNAVAILABLE: the disk failed. DATA_LOSS: the bytes on disk do not read back.
  virtual absl::StatusOr<std::optional<Value>> Get(absl::string_view key) const = 0;

  // Get() for several keys at once: one answer for each, in order. Errors as Get.
  virtual absl::StatusOr<std::vector<std::optional<Value>>> MultiGet(
      absl::Span<const std::string> keys) const = 0;

  // Starts a walk over `range`. An empty or inverted range gives a cursor that is not valid.
  virtual std::unique_ptr<Cursor> Scan(const KeyRange& range, Direction direction) const = 0;
};

// Changes that take effect together or not at all. Thread-compatible. The last change to a key
// counts.
class WriteBatch {
 public:
  struct Change {
    std::string key;
    std::optional<std::string> value;  // nullopt deletes
  };
  struct Expectation {
    std::string key;
    Version version;  // 0: must not exist
  };

  void Put(std::string key, std::string value) {
    changes_.push_back({std::move(key), std::move(value)});
  }
  // Deleting a key that does not exist is no error.
  void Delete(std::string key) { changes_.push_back({std::move(key), std::nullopt}); }
  // The batch commits only if `key` was last written by commit `version` (0: does not exist).
  void Expect(std::string key, Version version) {
    expectations_.push_back({std::move(key), version});
  }
  // The batch commits only as the next one after commit `version`: nothing else was committed
  // since. Costs no read, unlike Expect().
  void ExpectVersion(Version version) { expected_version_ = version; }
  // Makes room for so many changes.
  void Reserve(std::size_t changes) { changes_.reserve(changes); }

  const std::vector<Change>& changes() const { return changes_; }
  const std::vector<Expectation>& expectations() const { return expectations_; }
  std::optional<Version> expected_version() const { return expected_version_; }
  bool empty() const { return changes_.empty(); }

 private:
  std::vector<Change> changes_;
  std::vector<Expectation> expectations_;
  std::optional<Version> expected_version_;
};

inline constexpr std::size_t kMaxKeySize = 1024;
inline constexpr std::size_t kMaxValueSize = 16 * 1024 * 1024;

// INVALID_ARGUMENT where a batch is empty or out of bounds: what every engine refuses alike.
absl::Status CheckBatch(const WriteBatch& batch);

// ABORTED where a batch is to commit onto another version than `newest`, the last commit's.
absl::Status CheckExpectedVersion(const WriteBatch& batch, Version newest);

// An ordered, durable key space with snapshots and atomic batches: the one seam behind which
// another store can stand. Keys are 1 to 1024 bytes, in byte order, and do not begin with a zero
// byte, which is the engine's own; values are at most 16 MiB.
//
// Thread-safe. Every method but writable() blocks on disk. An implementation must pass
// tests/engine/engine_conformance.h.
class Engine {
 public:
  virtual ~Engine() = default;

  // Returns the state as of the last commit that was acknowledged before the call, or a later one.
  // May wait for the engine's recovery, which waits for older snapshots to go: so a thread that
  // holds one should not ask for another.
  virtual std::unique_ptr<Snapshot> NewSnapshot() const = 0;

  // Makes every change of `batch` durable in one step and returns its version. When it returns OK
  // the changes survive the end of the process and of the machine, and every later snapshot shows
  // them. On an error no snapshot of this engine shows any of them.
  //
  // ABORTED: an expectation does not hold; nothing is written.
  // INVALID_ARGUMENT: a key or value is out of bounds, or the batch is empty; nothing is written.
  // UNAVAILABLE: the store cannot write now (a full or failing disk). Whether the changes turn up
  //   after a restart is not known. Later commits fail the same way until the store can write.
  virtual absl::StatusOr<Version> Commit(const WriteBatch& batch) = 0;

  // OK, or UNAVAILABLE and why commits fail now.
  virtual absl::Status writable() const = 0;

  // Tries to make a store that stopped writing write again. Cheap where it already does.
  // UNAVAILABLE: it still cannot.
  virtual absl::Status Recover() = 0;

  // Does small upkeep that no commit waits for. Call it about once a second.
  virtual void Maintain() {}

  // Begins to give back the room that deleted keys of `range` still take, and does not wait for it.
  // What is deleted here and there an engine gives back by itself, in time; this is for whoever
  // deleted much in one place. Costs about as much as writing what is left of the newest changes
  // once more, so call it minutes apart. Changes nothing that can be read.
  virtual void Reclaim(const KeyRange& /*range*/) {}

  // The bytes that the store takes on disk (in memory, for one that has no disk), about.
  virtual std::uint64_t SizeInBytes() const = 0;
};

}  // namespace latchkey::engine

#endif  // LATCHKEY_STORAGE_ENGINE_ENGINE_H_
