#include "storage/merkle/proof.h"

#include <algorithm>
#include <bit>

#include "absl/strings/str_cat.h"
#include "server/base/status_macros.h"

namespace latchkey::merkle {
namespace {

absl::Status Refused(absl::string_view why) { return absl::DataLossError(why); }

// The largest power of two below `size`, which is at least 2: where RFC 6962 splits a tree.
std::uint64_t SplitOf(std::uint64_t size) { return std::bit_floor(size - 1); }

// The root of the leaves [begin, end): MTH of the RFC. `begin` is a multiple of the smallest power
// of two that is not below the number of leaves, which is not 0.
absl::StatusOr<Hash> RangeRoot(std::uint64_t begin, std::uint64_t end, SubtreeSource subtrees) {
  const std::uint64_t size = end - begin;
  if (std::has_single_bit(size)) {
    const auto level = static_cast<unsigned>(std::countr_zero(size));
    return subtrees(level, begin >> level);
  }
  const std::uint64_t split = begin + SplitOf(size);
  LATCHKEY_ASSIGN_OR_RETURN(const Hash left, RangeRoot(begin, split, subtrees));
  LATCHKEY_ASSIGN_OR_RETURN(const Hash right, RangeRoot(split, end, subtrees));
  return NodeHash(left, right);
}

}  // namespace

absl::StatusOr<Frontier> ReadFrontier(std::uint64_t size, SubtreeSource subtrees) {
  std::vector<Hash> parts;
  for (unsigned level = 64; level-- > 0;) {
    if ((size >> level & 1) == 0) continue;
    LATCHKEY_ASSIGN_OR_RETURN(const Hash part, subtrees(level, (size >> level) - 1));
    parts.push_back(part);
  }
  return *Frontier::FromParts(size, std::move(parts));
}

absl::StatusOr<std::vector<Hash>> InclusionPath(std::uint64_t index, std::uint64_t size,
                                                SubtreeSource subtrees) {
  if (index >= size) {
    return absl::InvalidArgumentError(absl::StrCat("leaf ", index, " is not in a tree of ", size));
  }
  std::vector<Hash> path;
  std::uint64_t begin = 0;
  std::uint64_t end = size;
  while (end - begin > 1) {
    const std::uint64_t split = begin + SplitOf(end - begin);
    const bool is_left = index < split;
    LATCHKEY_ASSIGN_OR_RETURN(const Hash sibling, is_left ? RangeRoot(split, end, subtrees)
                                                          : RangeRoot(begin, split, subtrees));
    path.push_back(sibling);
    (is_left ? end : begin) = split;
  }
  std::reverse(path.begin(), path.end());
  return path;
}

absl::StatusOr<std::vector<Hash>> ConsistencyPath(std::uint64_t first, std::uint64_t second,
                                                  SubtreeSource subtrees) {
  if (first == 0 || first > second) {
    return absl::InvalidArgumentError(
        absl::StrCat("there is no proof from a tree of ", first, " to one of ", second));
  }
  std::vector<Hash> path;
  std::uint64_t begin = 0;
  std::uint64_t end = second;
  // Down to the subtree that ends where the first tree does.
  while (end != first) {
    const std::uint64_t split = begin + SplitOf(end - begin);
    const bool is_left = first <= split;
    LATCHKEY_ASSIGN_OR_RETURN(const Hash sibling, is_left ? RangeRoot(split, end, subtrees)
                                                          : RangeRoot(begin, split, subtrees));
    path.push_back(sibling);
    (is_left ? end : begin) = split;
  }
  // Where that is the whole first tree, the verifier has its root.
  if (begin != 0) {
    LATCHKEY_ASSIGN_OR_RETURN(const Hash own, RangeRoot(begin, end, subtrees));
    path.push_back(own);
  }
  std::reverse(path.begin(), path.end());
  return path;
}

absl::Status VerifyInclusion(const Hash& leaf_hash, std::uint64_t index, std::uint64_t size,
                             absl::Span<const Hash> path, const Hash& root) {
  if (index >= size) {
    return absl::InvalidArgumentError(absl::StrCat("leaf ", index, " is not in a tree of ", size));
  }
  std::uint64_t node = index;
  std::uint64_t last = size - 1;  // the last node of the level
  Hash hash = leaf_hash;
  for (const Hash& sibling : path) {
    if (last == 0) return Refused("the audit path is too long");
    if ((node & 1) == 1 || node == last) {
      hash = NodeHash(sibling, hash);
      // A last node without a sibling is its own parent.
      const int skipped = (node & 1) == 1 ? 0 : std::countr_zero(node);
      node >>= skipped;
      last >>= skipped;
    } else {
      hash = NodeHash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last != 0) return Refused("the audit path is too short");
  return hash == root ? absl::OkStatus() : Refused("the audit path does not lead to the root");
}

absl::Status VerifyConsistency(std::uint64_t first, std::uint64_t second, const Hash& first_root,
                               const Hash& second_root, absl::Span<const Hash> path) {
  if (first > second) {
    return absl::InvalidArgumentError(
        absl::StrCat("a tree of ", second, " does not extend one of ", first));
  }
  if (first == 0 || first == second) {
    if (!path.empty()) return Refused("the consistency proof is too long");
    if (first == second) {
      return first_root == second_root ? absl::OkStatus() : Refused("the roots differ");
    }
    return first_root == EmptyRoot() ? absl::OkStatus() : Refused("the first root is wrong");
  }
  // A first tree that is one complete subtree is the node that the proof begins with.
  absl::Span<const Hash> rest = path;
  Hash start = first_root;
  if (!std::has_single_bit(first)) {
    if (rest.empty()) return Refused("the consistency proof is too short");
    start = rest.front();
    rest.remove_prefix(1);
  }
  std::uint64_t node = first - 1;
  std::uint64_t last = second - 1;
  const int shared = std::countr_one(node);
  node >>= shared;
  last >>= shared;
  Hash old_hash = start;
  Hash new_hash = start;
  for (const Hash& sibling : rest) {
    if (last == 0) return Refused("the consistency proof is too long");
    if ((node & 1) == 1 || node == last) {
      old_hash = NodeHash(sibling, old_hash);
      new_hash = NodeHash(sibling, new_hash);
      const int skipped = (node & 1) == 1 ? 0 : std::countr_zero(node);
      node >>= skipped;
      last >>= skipped;
    } else {
      new_hash = NodeHash(new_hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last != 0) return Refused("the consistency proof is too short");
  if (old_hash != first_root)
    return Refused("the consistency proof does not lead to the first root");
  if (new_hash != second_root) {
    return Refused("the consistency proof does not lead to the second root");
  }
  return absl::OkStatus();
}

}  // namespace latchkey::merkle
