#include "storage/log_tree.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "server/base/status_macros.h"
#include "storage/keys.h"
#include "storage/merkle/proof.h"
#include "storage/record_codec.h"

namespace latchkey::storage {
namespace {

constexpr std::uint64_t kEventsInCommit = 4096;

absl::Status Lacks(absl::string_view what) {
  return absl::DataLossError(
      absl::StrCat("the log's tree lacks ", what, "; latchkey_fsck says what is damaged"));
}

}  // namespace

void TreeGrowth::Append(const merkle::Hash& leaf_hash) {
  frontier_.Append(leaf_hash,
                   [this](unsigned level, std::uint64_t index, const merkle::Hash& hash) {
                     if (level % kTileHeight == 0) Add(level / kTileHeight, index, hash);
                   });
}

void TreeGrowth::Add(unsigned level, std::uint64_t index, const merkle::Hash& hash) {
  constexpr std::size_t kNone = ~std::size_t{0};
  if (level >= open_.size()) open_.resize(level + 1, kNone);
  if (open_[level] == kNone || index % kTileWidth == 0) {
    open_[level] = chunks_.size();
    chunks_.push_back({level, index, {}});
  }
  const absl::string_view bytes = merkle::AsBytes(hash);
  chunks_[open_[level]].hashes.append(bytes.data(), bytes.size());
}

std::vector<std::pair<std::string, std::string>> TreeGrowth::TakeChunks() {
  std::vector<std::pair<std::string, std::string>> stored;
  stored.reserve(chunks_.size());
  for (const Chunk& chunk : chunks_) {
    std::string key = NodeKey({chunk.level, chunk.first});
    std::string value = EncodePayload(key, chunk.hashes);
    stored.emplace_back(std::move(key), std::move(value));
  }
  chunks_.clear();
  open_.clear();
  return stored;
}

absl::StatusOr<merkle::Hash> TreeReader::operator()(unsigned level, std::uint64_t index) const {
  // The nodes of the next lower level of tiles that it consists of: all in one tile.
  const unsigned above = level % kTileHeight;
  const std::uint64_t first = index << above;
  LATCHKEY_ASSIGN_OR_RETURN(const auto* tile, Tile(level / kTileHeight, first >> kTileHeight));
  const std::size_t begin = first % kTileWidth;
  const std::size_t end = begin + (std::size_t{1} << above);
  if (end > tile->size()) return Lacks(absl::StrCat("node ", index, " of level ", level));
  merkle::Frontier subtree;
  for (std::size_t i = begin; i < end; ++i) subtree.Append((*tile)[i]);
  return subtree.Root();
}

absl::StatusOr<const std::vector<merkle::Hash>*> TreeReader::Tile(unsigned level,
                                                                  std::uint64_t tile) const {
  const auto [it, is_new] = tiles_.try_emplace({level, tile});
  std::vector<merkle::Hash>& hashes = it->second;
  if (!is_new) return &hashes;
  const absl::Status read = view_.ForEach(
      engine::PrefixRange(NodeTilePrefix(level, tile)), engine::Direction::kForward,
      [&](absl::string_view key, absl::string_view stored) -> absl::StatusOr<Walk> {
        LATCHKEY_ASSIGN_OR_RETURN(absl::string_view chunk, DecodePayload(key, stored));
        const std::optional<NodePlace> place = PlaceOfNodeKey(key);
        if (!place.has_value() || place->index % kTileWidth != hashes.size() || chunk.empty() ||
            chunk.size() % merkle::kHashSize != 0 ||
            hashes.size() + chunk.size() / merkle::kHashSize > kTileWidth) {
          return Lacks(absl::StrCat("a part of tile ", tile, " of level ", level));
        }
        for (; !chunk.empty(); chunk.remove_prefix(merkle::kHashSize)) {
          hashes.push_back(*merkle::HashFromBytes(chunk.substr(0, merkle::kHashSize)));
        }
        return Walk::kGoOn;
      });
  if (read.ok()) return &hashes;
  tiles_.erase(it);
  return read;
}

absl::StatusOr<std::uint64_t> TreeSize(const View& view) {
  std::uint64_t size = 0;
  LATCHKEY_RETURN_IF_ERROR(view.ForEach(
      engine::PrefixRange(NodeLevelPrefix(0)), engine::Direction::kBackward,
      [&](absl::string_view key, absl::string_view stored) -> absl::StatusOr<Walk> {
        LATCHKEY_ASSIGN_OR_RETURN(const absl::string_view chunk, DecodePayload(key, stored));
        const std::optional<NodePlace> place = PlaceOfNodeKey(key);
        if (!place.has_value()) return Lacks("its last leaf");
        size = place->index + chunk.size() / merkle::kHashSize;
        return Walk::kStop;
      }));
  return size;
}

absl::StatusOr<merkle::Frontier> ReadTree(const View& view, std::uint64_t size) {
  const TreeReader reader(view);
  return merkle::ReadFrontier(size, reader);
}

absl::Status ExtendTree(engine::Engine& engine) {
  for (;;) {
    const View view(engine.NewSnapshot());
    LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t size, TreeSize(view));
    LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t newest, view.NewestSequence());
    if (size >= newest) return absl::OkStatus();
    LATCHKEY_ASSIGN_OR_RETURN(merkle::Frontier tree, ReadTree(view, size));
    TreeGrowth growth(std::move(tree));
    engine::KeyRange range = engine::PrefixRange(EventPrefix());
    range.begin = EventKey(size + 1).bytes;
    LATCHKEY_RETURN_IF_ERROR(view.ForEach(
        range, engine::Direction::kForward,
        [&](absl::string_view key, absl::string_view stored) -> absl::StatusOr<Walk> {
          const std::uint64_t next = growth.frontier().size() + 1;
          if (key != EventKey(next).bytes) {
            return absl::DataLossError(absl::StrCat("event ", next, " is missing"));
          }
          LATCHKEY_ASSIGN_OR_RETURN(const absl::string_view event, DecodePayload(key, stored));
          growth.Append(merkle::LeafHash(event));
          return growth.frontier().size() - size < kEventsInCommit ? Walk::kGoOn : Walk::kStop;
        }));
    engine::WriteBatch batch;
    for (auto& [key, value] : growth.TakeChunks()) batch.Put(std::move(key), std::move(value));
    LATCHKEY_RETURN_IF_ERROR(engine.Commit(batch).status());
  }
}

}  // namespace latchkey::storage
