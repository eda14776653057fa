#ifndef LATCHKEY_TOOLS_FSCK_LOG_STREAMS_H_
#define LATCHKEY_TOOLS_FSCK_LOG_STREAMS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "storage/engine/engine.h"
#include "storage/merkle/merkle_tree.h"
#include "tools/fsck/findings.h"

namespace latchkey::fsck {

// Walks over tables of the log in the order of their numbers, each once, in little memory. Costs
// what is stored, whatever numbers it has. Used by one thread; must not outlive the snapshot.

// The events.
class EventStream {
 public:
  explicit EventStream(const engine::Snapshot& snapshot);

  // The sequence number of the next event; nullopt at the end.
  std::optional<std::uint64_t> Next();
  // Returns its payload, and goes on; nullopt where it does not match its checksum. There must be
  // a next one.
  std::optional<std::string> Take();
  absl::Status status() const { return cursor_->status(); }

 private:
  std::unique_ptr<engine::Cursor> cursor_;
};

// The nodes of one level of tiles. What does not match its checksum is passed over.
class NodeStream {
 public:
  NodeStream(const engine::Snapshot& snapshot, unsigned level, Findings& findings);

  // The index of the next node; nullopt at the end.
  std::optional<std::uint64_t> Next();
  // Returns its hash, and goes on. There must be a next one.
  merkle::Hash Take();
  absl::Status status() const { return cursor_->status(); }

 private:
  // Takes the chunk at the cursor, and moves that on.
  void TakeChunk();

  Findings& findings_;
  std::unique_ptr<engine::Cursor> cursor_;
  std::uint64_t next_ = 0;
  std::string rest_;  // of the chunk, from next_ on
};

// A checkpoint as it is stored.
struct StoredCheckpoint {
  std::uint64_t size = 0;
  std::string payload;
};

// The checkpoints. What does not match its checksum is passed over.
class CheckpointStream {
 public:
  explicit CheckpointStream(const engine::Snapshot& snapshot);

  // Returns the next checkpoint of a size up to `size`; nullopt where none is left of these.
  std::optional<StoredCheckpoint> Next(std::uint64_t size);
  absl::Status status() const { return cursor_->status(); }

 private:
  std::unique_ptr<engine::Cursor> cursor_;
};

}  // namespace latchkey::fsck

#endif  // LATCHKEY_TOOLS_FSCK_LOG_STREAMS_H_
