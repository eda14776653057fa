#ifndef LATCHKEY_STORAGE_MERKLE_PROOF_H_
#define LATCHKEY_STORAGE_MERKLE_PROOF_H_

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "storage/merkle/merkle_tree.h"

namespace latchkey::merkle {

// Proofs as RFC 6962 has them: made from the hashes of complete subtrees, which whoever keeps a log
// has, and verified with nothing but two roots.

// Returns the hash of a complete subtree. Whatever error it returns is that of its caller.
using SubtreeSource = absl::FunctionRef<absl::StatusOr<Hash>(unsigned level, std::uint64_t index)>;

// Returns what FromParts() takes for the first `size` leaves.
absl::StatusOr<Frontier> ReadFrontier(std::uint64_t size, SubtreeSource subtrees);

// Returns the audit path of leaf `index` in the tree of the first `size` leaves, from the leaf's
// sibling up (section 2.1.1). INVALID_ARGUMENT: `index` is not below `size`.
absl::StatusOr<std::vector<Hash>> InclusionPath(std::uint64_t index, std::uint64_t size,
                                                SubtreeSource subtrees);

// Returns the proof that the tree of `second` leaves extends that of the first `first` (section
// 2.1.2); empty where they are the same. INVALID_ARGUMENT: not 1 <= `first` <= `second`.
absl::StatusOr<std::vector<Hash>> ConsistencyPath(std::uint64_t first, std::uint64_t second,
                                                  SubtreeSource subtrees);

// Verifies that a leaf is in the tree of `size` leaves with `root` (RFC 9162, section 2.1.3.2).
// INVALID_ARGUMENT: `index` is not below `size`. DATA_LOSS: the path proves no such thing.
absl::Status VerifyInclusion(const Hash& leaf_hash, std::uint64_t index, std::uint64_t size,
                             absl::Span<const Hash> path, const Hash& root);

// Verifies that the tree of `second` leaves with `second_root` begins with the `first` leaves that
// `first_root` is of (RFC 9162, section 2.1.4.2). Every tree extends the empty one, of which the
// path must be empty.
// INVALID_ARGUMENT: `first` is above `second`. DATA_LOSS: the path proves no such thing.
absl::Status VerifyConsistency(std::uint64_t first, std::uint64_t second, const Hash& first_root,
                               const Hash& second_root, absl::Span<const Hash> path);

}  // namespace latchkey::merkle

#endif  // LATCHKEY_STORAGE_MERKLE_PROOF_H_
