#ifndef LATCHKEY_TESTS_CLIENT_FAKE_LOG_H_
#define LATCHKEY_TESTS_CLIENT_FAKE_LOG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/log_proofs.h"
#include "storage/merkle/checkpoint.h"
#include "storage/merkle/merkle_tree.h"
#include "storage/merkle/proof.h"
#include "storage/merkle/signed_note.h"

namespace latchkey::testing {

inline merkle::NoteSigner NewSigner(const std::string& name, char seed) {
  return *merkle::NoteSigner::Create(name, std::string(merkle::kNoteSeedSize, seed));
}

// What a server has: events, and their tree. Its members may be tampered with.
class FakeLog final : public LogProofs {
 public:
  explicit FakeLog(int count) {
    for (int i = 1; i <= count; ++i) Append(absl::StrCat("event ", i));
  }
  void Append(const std::string& event) {
    events.push_back(event);
    leaves.push_back(merkle::LeafHash(event));
  }
  std::uint64_t size() const { return leaves.size(); }

  absl::StatusOr<merkle::Hash> Subtree(unsigned level, std::uint64_t index) const {
    merkle::Frontier tree;
    const std::uint64_t begin = index << level;
    for (std::uint64_t i = 0; i < std::uint64_t{1} << level; ++i) tree.Append(leaves[begin + i]);
    return tree.Root();
  }
  merkle::Hash RootAt(std::uint64_t size) const {
    merkle::Frontier tree;
    for (std::uint64_t i = 0; i < size; ++i) tree.Append(leaves[i]);
    return tree.Root();
  }
  std::string CheckpointAt(std::uint64_t size) const {
    return *merkle::SignCheckpoint(signer, size, RootAt(size));
  }

  absl::StatusOr<std::string> NewestCheckpoint() override { return CheckpointAt(size()); }
  absl::StatusOr<Inclusion> ProveInclusion(std::uint64_t sequence, std::uint64_t size) override {
    ++proofs;
    if (!failure.ok()) return failure;
    if (size > leaves.size()) return absl::OutOfRangeError("tree_size");
    Inclusion inclusion;
    inclusion.leaf_hash = leaves[sequence - 1];
    inclusion.path = *merkle::InclusionPath(
        sequence - 1, size, [this](unsigned level, std::uint64_t i) { return Subtree(level, i); });
    return inclusion;
  }
  absl::StatusOr<std::vector<merkle::Hash>> ProveConsistency(std::uint64_t first,
                                                             std::uint64_t second) override {
    ++proofs;
    if (!failure.ok()) return failure;
    if (second > leaves.size()) return absl::OutOfRangeError("second_tree_size");
    return merkle::ConsistencyPath(
        first, second, [this](unsigned level, std::uint64_t i) { return Subtree(level, i); });
  }

  merkle::NoteSigner signer = NewSigner("latchkey/test", 7);
  std::vector<std::string> events;
  std::vector<merkle::Hash> leaves;
  int proofs = 0;
  absl::Status failure;  // what asking for a proof gives, where it is not OK
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_CLIENT_FAKE_LOG_H_
