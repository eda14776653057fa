#ifndef LATCHKEY_TESTS_STORAGE_MERKLE_REFERENCE_H_
#define LATCHKEY_TESTS_STORAGE_MERKLE_REFERENCE_H_

#include <openssl/sha.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "storage/merkle/merkle_tree.h"

namespace latchkey::merkle {

// RFC 6962, section 2.1, word for word: slow, recursive, and with nothing of the code it judges.

using Leaves = absl::Span<const std::string>;

inline Hash ReferenceSha256(const std::string& bytes) {
  Hash hash;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), hash.data());
  return hash;
}

inline std::size_t ReferenceSplit(std::size_t size) {
  std::size_t split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

inline Hash ReferenceRoot(Leaves leaves) {
  if (leaves.empty()) return ReferenceSha256("");
  if (leaves.size() == 1) return ReferenceSha256(std::string(1, '\0') + leaves[0]);
  const std::size_t split = ReferenceSplit(leaves.size());
  const Hash left = ReferenceRoot(leaves.first(split));
  const Hash right = ReferenceRoot(leaves.subspan(split));
  std::string node(1, '\1');
  node.append(left.begin(), left.end());
  node.append(right.begin(), right.end());
  return ReferenceSha256(node);
}

inline std::vector<Hash> ReferencePath(std::size_t index, Leaves leaves) {
  if (leaves.size() == 1) return {};
  const std::size_t split = ReferenceSplit(leaves.size());
  const bool left = index < split;
  std::vector<Hash> path = left ? ReferencePath(index, leaves.first(split))
                                : ReferencePath(index - split, leaves.subspan(split));
  path.push_back(ReferenceRoot(left ? leaves.subspan(split) : leaves.first(split)));
  return path;
}

inline std::vector<Hash> ReferenceConsistency(std::size_t first, Leaves leaves, bool known = true) {
  if (first == leaves.size()) {
    return known ? std::vector<Hash>() : std::vector<Hash>{ReferenceRoot(leaves)};
  }
  const std::size_t split = ReferenceSplit(leaves.size());
  const bool left = first <= split;
  std::vector<Hash> path =
      left ? ReferenceConsistency(first, leaves.first(split), known)
           : ReferenceConsistency(first - split, leaves.subspan(split), /*known=*/false);
  path.push_back(ReferenceRoot(left ? leaves.subspan(split) : leaves.first(split)));
  return path;
}

// The complete subtrees of `leaves`, in the form that the code under test asks for.
class ReferenceSubtrees {
 public:
  explicit ReferenceSubtrees(Leaves leaves) : leaves_(leaves) {}
  absl::StatusOr<Hash> operator()(unsigned level, std::uint64_t index) const {
    const std::size_t size = std::size_t{1} << level;
    if ((index + 1) * size > leaves_.size()) return absl::NotFoundError("no such subtree");
    return ReferenceRoot(leaves_.subspan(index * size, size));
  }

 private:
  const Leaves leaves_;
};

// The leaves that implementations of the RFC are commonly tested with.
inline std::vector<std::string> KnownLeaves() {
  return {"",         std::string(1, '\0'), "\x10",     "\x20\x21",
          "\x30\x31", "\x40\x41\x42\x43",   "PQRSTUVW", "`abcdefghijklmno"};
}

// `count` leaves, each another.
inline std::vector<std::string> NumberedLeaves(std::size_t count) {
  std::vector<std::string> leaves;
  for (std::size_t i = 0; i < count; ++i) leaves.push_back("leaf " + std::to_string(i));
  return leaves;
}

}  // namespace latchkey::merkle

#endif  // LATCHKEY_TESTS_STORAGE_MERKLE_REFERENCE_H_
