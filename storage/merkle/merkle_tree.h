#ifndef LATCHKEY_STORAGE_MERKLE_MERKLE_TREE_H_
#define LATCHKEY_STORAGE_MERKLE_MERKLE_TREE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

namespace latchkey::merkle {

// The Merkle tree of RFC 6962, section 2.1, over SHA-256. Leaves are numbered from 0. A complete
// subtree is named by its level and its index: it covers the 2^level leaves from index * 2^level
// on.

inline constexpr std::size_t kHashSize = 32;
using Hash = std::array<std::uint8_t, kHashSize>;

inline absl::string_view AsBytes(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}
// Returns the hash of these bytes; nullopt where they are not 32.
std::optional<Hash> HashFromBytes(absl::string_view bytes);

// SHA-256(0x00 || leaf).
Hash LeafHash(absl::string_view leaf);
// SHA-256(0x01 || left || right).
Hash NodeHash(const Hash& left, const Hash& right);
// The root of the tree without leaves: SHA-256 of nothing.
Hash EmptyRoot();

// What of a tree is needed to append to it, and to know its root: the hashes of the largest
// complete subtrees that it consists of, at most 64. Copyable. Thread-compatible.
class Frontier {
 public:
  // Called with each subtree that an appended leaf completes, the leaf first, then upwards.
  using Completed = absl::FunctionRef<void(unsigned level, std::uint64_t index, const Hash& hash)>;

  // The tree without leaves.
  Frontier() = default;
  // A tree of `size` leaves. `parts` are the hashes of its complete subtrees from the left, the
  // largest first: one for each bit of `size`. nullopt where they are not as many.
  static std::optional<Frontier> FromParts(std::uint64_t size, std::vector<Hash> parts);

  void Append(const Hash& leaf_hash, Completed completed);
  void Append(const Hash& leaf_hash) {
    Append(leaf_hash, [](unsigned, std::uint64_t, const Hash&) {});
  }

  std::uint64_t size() const { return size_; }
  const std::vector<Hash>& parts() const { return parts_; }
  Hash Root() const;

  friend bool operator==(const Frontier& a, const Frontier& b) {
    return a.size_ == b.size_ && a.parts_ == b.parts_;
  }

 private:
  std::uint64_t size_ = 0;
  std::vector<Hash> parts_;
};

}  // namespace latchkey::merkle

#endif  // LATCHKEY_STORAGE_MERKLE_MERKLE_TREE_H_
