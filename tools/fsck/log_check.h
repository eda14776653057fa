#ifndef LATCHKEY_TOOLS_FSCK_LOG_CHECK_H_
#define LATCHKEY_TOOLS_FSCK_LOG_CHECK_H_

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "storage/engine/engine.h"
#include "storage/merkle/checkpoint.h"
#include "storage/merkle/merkle_tree.h"
#include "storage/merkle/signed_note.h"
#include "tools/fsck/findings.h"
#include "tools/fsck/log_streams.h"

namespace latchkey::fsck {

// Checks the log against itself: every event against its leaf, every node against the leaves below
// it, every checkpoint against the leaves up to its size. One walk over all of them together, in
// the order of the events. Used by one thread, once; must not outlive what it is given.
//
// It goes on with two trees: one of the leaves as they are stored and, once an event is not that of
// its leaf, one of the events as they are stored. The first node or checkpoint that knows either
// tells which of event and leaf was altered.
class LogCheck {
 public:
  struct Options {
    const engine::Snapshot& snapshot;
    // Who signed the checkpoints in the store, and verifies them.
    const merkle::NoteSigner& signer;
    // Checkpoints that were kept elsewhere: each by where it comes from.
    std::map<std::string, merkle::Checkpoint> remembered;
    Findings& findings;
    // The first event that the store says it retains; nothing where that does not read, which is
    // told of with the other records.
    std::optional<std::uint64_t> oldest;
    // Whether the signer signed any of the checkpoints in the store: where it did not, that was
    // told, and nothing is of each.
    bool is_key = true;
  };

  // What there is.
  struct Counts {
    std::uint64_t oldest = 0;  // the first event that is retained; 0: none is
    std::uint64_t newest = 0;  // the last event
    std::uint64_t checkpoints = 0;
  };

  explicit LogCheck(const Options& options);

  // DATA_LOSS, UNAVAILABLE: the engine does not read.
  absl::StatusOr<Counts> Run();

 private:
  static constexpr unsigned kTileLevels = 8;
  using Completed = std::array<std::optional<merkle::Hash>, kTileLevels>;

  // Nothing is stored of these events, nor of their leaves.
  void Skip(std::uint64_t first, std::uint64_t last);
  // The leaf after `after` is not known, and so no root from there on.
  void LoseTree(std::uint64_t after);
  void CheckOne(std::uint64_t sequence);
  void CheckEvent(std::uint64_t sequence, const std::string& payload);
  // The first event that there is, against the first that there should be.
  void CheckHead(std::uint64_t first);
  // Adds a leaf to the trees, and checks the nodes that it completes.
  void Grow(std::uint64_t sequence, const merkle::Hash& leaf, const merkle::Hash& of_event);
  void CheckNode(unsigned tile_level, std::uint64_t index, const merkle::Hash& of_leaves,
                 const merkle::Hash& of_events);
  void CheckStored(const StoredCheckpoint& stored);
  void CheckRoot(const std::string& what, std::uint64_t size, const merkle::Hash& root);
  void CheckRoots(std::uint64_t size);
  // Says which of event and leaf is altered where they differ, from a hash that knows: `known` is
  // that of the leaves, of the events, or of neither, in which case `otherwise` is a finding.
  void Settle(const merkle::Hash& known, const merkle::Hash& of_leaves,
              const merkle::Hash& of_events, const std::string& otherwise);
  void TellOfDifferences(absl::string_view before, absl::string_view after);
  void Finish();
  absl::Status status() const;

  const Options options_;
  const merkle::NoteVerifier verifier_;
  Findings& findings_;
  EventStream events_;
  std::vector<std::unique_ptr<NodeStream>> nodes_;  // by level of tiles
  CheckpointStream checkpoints_;
  MissingNumbers missing_events_;
  MissingNumbers missing_leaves_;
  Counts counts_;
  std::uint64_t last_event_ = 0;  // that is stored
  bool is_whole_ = true;          // the trees are known
  merkle::Frontier leaves_;
  std::optional<merkle::Frontier> of_events_;  // where it differs from leaves_
  std::vector<std::uint64_t> differing_;       // events that are not those of their leaves
};

}  // namespace latchkey::fsck

#endif  // LATCHKEY_TOOLS_FSCK_LOG_CHECK_H_
