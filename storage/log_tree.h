#ifndef LATCHKEY_STORAGE_LOG_TREE_H_
#define LATCHKEY_STORAGE_LOG_TREE_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/engine/engine.h"
#include "storage/merkle/merkle_tree.h"
#include "storage/reader.h"

namespace latchkey::storage {

// The log's Merkle tree in the store: the leaf of the event n has the index n - 1. Of the complete
// subtrees those of every eighth level are kept, up to 256 of one level in a tile, which lies in as
// many chunks as there were commits that added to it (docs/storage_format.md). Nothing that was
// written is written again, and what was removed from the log stays in the tree.

// The levels of the tree between one level of tiles and the next.
inline constexpr unsigned kTileHeight = 8;
inline constexpr std::size_t kTileWidth = std::size_t{1} << kTileHeight;

// A tree that grows, and the chunks to be written for it. Used by one thread.
class TreeGrowth {
 public:
  explicit TreeGrowth(merkle::Frontier frontier) : frontier_(std::move(frontier)) {}

  void Append(const merkle::Hash& leaf_hash);
  const merkle::Frontier& frontier() const { return frontier_; }
  // What was added since, as keys and stored values; moves it out.
  std::vector<std::pair<std::string, std::string>> TakeChunks();

 private:
  struct Chunk {
    unsigned level;       // of tiles
    std::uint64_t first;  // the first node's index at that level
    std::string hashes;
  };

  void Add(unsigned level, std::uint64_t index, const merkle::Hash& hash);

  merkle::Frontier frontier_;
  std::vector<Chunk> chunks_;
  std::vector<std::size_t> open_;  // the chunk that each level of tiles goes on with
};

// Finds subtrees in the tiles of a view, and remembers the tiles. Used by one thread; must not
// outlive the view. Blocks on disk.
class TreeReader {
 public:
  explicit TreeReader(const View& view) : view_(view) {}

  // A merkle::SubtreeSource. DATA_LOSS: the tree does not have it, or does not read back.
  // UNAVAILABLE: the disk failed.
  absl::StatusOr<merkle::Hash> operator()(unsigned level, std::uint64_t index) const;

 private:
  absl::StatusOr<const std::vector<merkle::Hash>*> Tile(unsigned level, std::uint64_t tile) const;

  const View& view_;
  mutable std::map<std::pair<unsigned, std::uint64_t>, std::vector<merkle::Hash>> tiles_;
};

// Returns how many leaves the tree has. DATA_LOSS, UNAVAILABLE.
absl::StatusOr<std::uint64_t> TreeSize(const View& view);

// Returns the tree of the first `size` events. DATA_LOSS: the store does not have it. UNAVAILABLE.
absl::StatusOr<merkle::Frontier> ReadTree(const View& view, std::uint64_t size);

// Gives every event of a store that has none of this its leaf, in commits of some thousand; what
// was begun before goes on. Nothing else may write meanwhile.
// DATA_LOSS: an event is missing or does not read back. UNAVAILABLE: the disk refuses.
absl::Status ExtendTree(engine::Engine& engine);

}  // namespace latchkey::storage

#endif  // LATCHKEY_STORAGE_LOG_TREE_H_
