#include "storage/merkle/merkle_tree.h"

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/merkle/proof.h"
#include "tests/storage/merkle_reference.h"
#include "tests/testing/status_matchers.h"

namespace latchkey::merkle {
namespace {

using testing::IsOk;
using testing::StatusIs;

std::string Hex(const Hash& hash) { return absl::BytesToHexString(AsBytes(hash)); }

std::vector<std::string> Hex(const std::vector<Hash>& hashes) {
  std::vector<std::string> hex;
  for (const Hash& hash : hashes) hex.push_back(Hex(hash));
  return hex;
}

constexpr const char* kKnownRoots[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

TEST(MerkleTreeTest, TheKnownLeavesHaveTheirKnownRoots) {
  const std::vector<std::string> leaves = KnownLeaves();
  Frontier frontier;
  for (std::size_t size = 0; size <= leaves.size(); ++size) {
    if (size > 0) frontier.Append(LeafHash(leaves[size - 1]));
    EXPECT_EQ(Hex(frontier.Root()), kKnownRoots[size]) << size;
    EXPECT_EQ(Hex(ReferenceRoot(absl::MakeConstSpan(leaves).first(size))), kKnownRoots[size]);
  }
}

TEST(MerkleTreeTest, TheKnownLeavesHaveTheirKnownPaths) {
  const std::vector<std::string> leaves = KnownLeaves();
  const ReferenceSubtrees subtrees(leaves);

  EXPECT_THAT(Hex(*InclusionPath(0, 1, subtrees)), ::testing::IsEmpty());
  EXPECT_THAT(
      Hex(*InclusionPath(0, 8, subtrees)),
      ::testing::ElementsAre("96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                             "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                             "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"));
  EXPECT_THAT(
      Hex(*InclusionPath(5, 8, subtrees)),
      ::testing::ElementsAre("bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                             "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                             "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"));
  EXPECT_THAT(
      Hex(*ConsistencyPath(6, 8, subtrees)),
      ::testing::ElementsAre("0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                             "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                             "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"));
  EXPECT_THAT(
      Hex(*ConsistencyPath(2, 5, subtrees)),
      ::testing::ElementsAre("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                             "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"));
}

// Trees of up to this size are gone through whole.
constexpr std::size_t kMaxSize = 130;

class MerklePropertyTest : public ::testing::Test {
 protected:
  MerklePropertyTest() {
    Frontier frontier;
    roots_.push_back(frontier.Root());
    for (const std::string& leaf : leaves_) {
      frontier.Append(LeafHash(leaf), [this](unsigned level, std::uint64_t index, const Hash& h) {
        ASSERT_TRUE(subtrees_.emplace(std::pair(level, index), h).second);
      });
      roots_.push_back(frontier.Root());
    }
  }

  absl::StatusOr<Hash> Subtree(unsigned level, std::uint64_t index) const {
    const auto it = subtrees_.find({level, index});
    if (it == subtrees_.end()) return absl::NotFoundError("no such subtree");
    return it->second;
  }
  SubtreeSource Source() const { return source_; }

  const std::vector<std::string> leaves_ = NumberedLeaves(kMaxSize);
  std::map<std::pair<unsigned, std::uint64_t>, Hash> subtrees_;
  std::vector<Hash> roots_;
  const std::function<absl::StatusOr<Hash>(unsigned, std::uint64_t)> source_ =
      [this](unsigned level, std::uint64_t index) { return Subtree(level, index); };
};

TEST_F(MerklePropertyTest, EveryRootAndEveryCompletedSubtreeIsThatOfTheDefinition) {
  const Leaves leaves(leaves_);
  for (std::size_t size = 0; size <= kMaxSize; ++size) {
    ASSERT_EQ(roots_[size], ReferenceRoot(leaves.first(size))) << size;
  }
  const ReferenceSubtrees reference(leaves);
  std::size_t expected = 0;
  for (unsigned level = 0; kMaxSize >> level > 0; ++level) expected += kMaxSize >> level;
  EXPECT_EQ(subtrees_.size(), expected);
  for (const auto& [place, hash] : subtrees_) {
    ASSERT_EQ(hash, *reference(place.first, place.second)) << place.first << " " << place.second;
  }
}

TEST_F(MerklePropertyTest, AFrontierThatIsReadIsTheOneThatWasAppendedTo) {
  Frontier frontier;
  for (std::size_t size = 0; size <= kMaxSize; ++size) {
    if (size > 0) frontier.Append(LeafHash(leaves_[size - 1]));
    const auto read = ReadFrontier(size, Source());
    ASSERT_THAT(read, IsOk());
    ASSERT_EQ(*read, frontier) << size;
    EXPECT_EQ(Frontier::FromParts(size, frontier.parts()), frontier);
  }
  EXPECT_FALSE(Frontier::FromParts(3, {EmptyRoot()}).has_value());
  EXPECT_FALSE(Frontier::FromParts(4, {EmptyRoot(), EmptyRoot()}).has_value());
  EXPECT_THAT(ReadFrontier(kMaxSize + 1, Source()), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(MerklePropertyTest, EveryAuditPathIsThatOfTheDefinitionAndVerifies) {
  for (std::size_t size = 1; size <= kMaxSize; ++size) {
    for (std::size_t index = 0; index < size; ++index) {
      const auto path = InclusionPath(index, size, Source());
      ASSERT_THAT(path, IsOk());
      ASSERT_EQ(*path, ReferencePath(index, Leaves(leaves_).first(size))) << index << " " << size;
      ASSERT_THAT(VerifyInclusion(LeafHash(leaves_[index]), index, size, *path, roots_[size]),
                  IsOk())
          << index << " " << size;
    }
  }
}

TEST_F(MerklePropertyTest, EveryConsistencyProofIsThatOfTheDefinitionAndVerifies) {
  for (std::size_t second = 1; second <= kMaxSize; ++second) {
    for (std::size_t first = 1; first <= second; ++first) {
      const auto path = ConsistencyPath(first, second, Source());
      ASSERT_THAT(path, IsOk());
      ASSERT_EQ(*path, ReferenceConsistency(first, Leaves(leaves_).first(second)))
          << first << " " << second;
      ASSERT_THAT(VerifyConsistency(first, second, roots_[first], roots_[second], *path), IsOk())
          << first << " " << second;
    }
  }
}

// Calls `refused` with every way to change one bit of the hashes, or to leave out or add one.
template <typename Refused>
void ForEachDamage(const std::vector<Hash>& path, Refused refused) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    for (std::size_t bit = 0; bit < 8 * kHashSize; ++bit) {
      std::vector<Hash> damaged = path;
      damaged[i][bit / 8] = static_cast<std::uint8_t>(damaged[i][bit / 8] ^ 1U << bit % 8);
      refused(damaged);
    }
    std::vector<Hash> shorter = path;
    shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(i));
    refused(shorter);
    std::vector<Hash> longer = path;
    longer.insert(longer.begin() + static_cast<std::ptrdiff_t>(i), path[i]);
    refused(longer);
  }
  std::vector<Hash> longer = path;
  longer.push_back(LeafHash(""));
  refused(longer);
}

TEST_F(MerklePropertyTest, EveryChangedBitOfAnAuditPathIsRefused) {
  for (const std::size_t size : {1, 2, 3, 5, 7, 8, 13, 33}) {
    for (std::size_t index = 0; index < size; ++index) {
      const std::vector<Hash> path = *InclusionPath(index, size, Source());
      const Hash leaf = LeafHash(leaves_[index]);
      ForEachDamage(path, [&](const std::vector<Hash>& damaged) {
        ASSERT_THAT(VerifyInclusion(leaf, index, size, damaged, roots_[size]),
                    StatusIs(absl::StatusCode::kDataLoss));
      });
    }
  }
}

TEST_F(MerklePropertyTest, AnAuditPathProvesNothingElse) {
  for (std::size_t size = 1; size <= 40; ++size) {
    for (std::size_t index = 0; index < size; ++index) {
      const std::vector<Hash> path = *InclusionPath(index, size, Source());
      const Hash leaf = LeafHash(leaves_[index]);
      for (std::size_t other = 0; other < size; ++other) {
        if (other == index) continue;
        ASSERT_FALSE(VerifyInclusion(leaf, other, size, path, roots_[size]).ok());
        ASSERT_FALSE(
            VerifyInclusion(LeafHash(leaves_[other]), index, size, path, roots_[size]).ok());
      }
      ASSERT_FALSE(VerifyInclusion(leaf, index, size, path, roots_[size - 1]).ok());
    }
  }
  EXPECT_THAT(VerifyInclusion(LeafHash(""), 3, 3, {}, roots_[3]),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(InclusionPath(3, 3, Source()), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(MerklePropertyTest, EveryChangedBitOfAConsistencyProofIsRefused) {
  for (const std::size_t second : {2, 3, 6, 7, 8, 13, 33}) {
    for (std::size_t first = 1; first <= second; ++first) {
      const std::vector<Hash> path = *ConsistencyPath(first, second, Source());
      ForEachDamage(path, [&](const std::vector<Hash>& damaged) {
        ASSERT_THAT(VerifyConsistency(first, second, roots_[first], roots_[second], damaged),
                    StatusIs(absl::StatusCode::kDataLoss));
      });
    }
  }
}

TEST_F(MerklePropertyTest, AConsistencyProofProvesNothingOfOtherRoots) {
  for (std::size_t second = 2; second <= 40; ++second) {
    for (std::size_t first = 1; first < second; ++first) {
      const std::vector<Hash> path = *ConsistencyPath(first, second, Source());
      ASSERT_FALSE(VerifyConsistency(first, second, roots_[first - 1], roots_[second], path).ok());
      ASSERT_FALSE(VerifyConsistency(first, second, roots_[first], roots_[first], path).ok());
      ASSERT_FALSE(VerifyConsistency(first, second, roots_[first], roots_[second + 1], path).ok());
    }
  }
  EXPECT_THAT(VerifyConsistency(0, 7, roots_[0], roots_[7], {}), IsOk());
  EXPECT_THAT(VerifyConsistency(0, 7, roots_[1], roots_[7], {}),
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(VerifyConsistency(4, 3, roots_[4], roots_[3], {}),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ConsistencyPath(0, 3, Source()), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ConsistencyPath(4, 3, Source()), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace latchkey::merkle
