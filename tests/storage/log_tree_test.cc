#include "storage/log_tree.h"

#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/engine/memory_engine.h"
#include "storage/merkle/proof.h"
#include "storage/transaction.h"
#include "tests/testing/ghost_commit_engine.h"
#include "tests/testing/status_matchers.h"

namespace latchkey::storage {
namespace {

using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusIs;

::latchkey::v1::Event NumberedEvent(std::uint64_t number) {
  ::latchkey::v1::Event event;
  event.set_resource("workspaces/w" + std::to_string(number));
  return event;
}

// A store that a single writer fills, and the tree that it must have.
class LogTreeTest : public ::testing::Test {
 protected:
  std::unique_ptr<Transaction> Begin() {
    return *Transaction::Begin(std::make_unique<View>(engine_.NewSnapshot()), &cache_);
  }
  // Adds `count` events to the log in one commit.
  absl::Status Append(std::uint64_t count) {
    auto transaction = Begin();
    for (std::uint64_t i = 0; i < count; ++i) {
      transaction->Append(NumberedEvent(transaction->next_sequence()));
      transaction->Keep();
    }
    return Commit(*transaction);
  }
  absl::Status Commit(Transaction& transaction) {
    const auto batch = transaction.ToBatch();
    if (!batch.ok()) return batch.status();
    const auto version = engine_.Commit(*batch);
    if (!version.ok()) {
      cache_.Clear();
      return version.status();
    }
    for (const auto& change : batch->changes()) {
      if (PlaceOfNodeKey(change.key).has_value()) {
        EXPECT_TRUE(written_.insert(change.key).second) << "a node was written twice";
      }
    }
    cache_.Advance(*version, transaction.newest_sequence(), transaction.known_tree());
    for (std::string& event : transaction.TakeEvents()) expected_.Append(merkle::LeafHash(event));
    return absl::OkStatus();
  }
  View Now() const { return View(engine_.NewSnapshot()); }
  // Checks the tree in the store and in memory against what was appended.
  void ExpectTree() {
    const View view = Now();
    EXPECT_EQ(*TreeSize(view), expected_.size());
    const auto read = ReadTree(view, expected_.size());
    ASSERT_THAT(read, IsOk());
    ASSERT_EQ(*read, expected_) << expected_.size();
    ASSERT_EQ(*Begin()->Tree(), expected_);
  }

  testing::GhostCommitEngine engine_;
  RecordCache cache_{100};
  merkle::Frontier expected_;
  std::set<std::string> written_;
};

TEST_F(LogTreeTest, AnEmptyStoreHasTheEmptyTree) {
  EXPECT_EQ(Begin()->Tree()->Root(), merkle::EmptyRoot());
  ExpectTree();
}

TEST_F(LogTreeTest, TheTreeIsThatOfTheEventsWhateverTheSizesOfCommits) {
  std::mt19937 random(20);
  const std::vector<std::uint64_t> sizes = {1, 1, 1, 2, 3, 17, 255, 256, 257, 600};
  while (expected_.size() < 3000) {
    ASSERT_THAT(Append(sizes[random() % sizes.size()]), IsOk());
    if (random() % 3 == 0) cache_.Clear();
    ExpectTree();
  }
}

TEST_F(LogTreeTest, EveryCommitOfOneEventAddsOneSmallKeyToALevelThatItTouches) {
  for (std::uint64_t size = 1; size <= 600; ++size) {
    const std::size_t before = written_.size();
    ASSERT_THAT(Append(1), IsOk());
    EXPECT_EQ(written_.size() - before, size % 256 == 0 ? 2u : 1u) << size;
  }
  ExpectTree();
}

TEST_F(LogTreeTest, ProofsAreMadeForEverySizeFromALaterStore) {
  std::vector<merkle::Hash> roots = {expected_.Root()};
  while (expected_.size() < 700) {
    ASSERT_THAT(Append(1), IsOk());
    roots.push_back(expected_.Root());
  }
  const View view = Now();
  TreeReader reader(view);
  for (std::uint64_t size = 1; size <= 700; size += 23) {
    ASSERT_EQ(ReadTree(view, size)->Root(), roots[size]);
    for (std::uint64_t index = 0; index < size; index += 19) {
      const auto path = merkle::InclusionPath(index, size, reader);
      ASSERT_THAT(path, IsOk());
      ASSERT_THAT(merkle::VerifyInclusion(*reader(0, index), index, size, *path, roots[size]),
                  IsOk());
      const auto proof = merkle::ConsistencyPath(index + 1, size, reader);
      ASSERT_THAT(proof, IsOk());
      ASSERT_THAT(merkle::VerifyConsistency(index + 1, size, roots[index + 1], roots[size], *proof),
                  IsOk());
    }
  }
  EXPECT_THAT(reader(0, 700), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("lacks")));
}

TEST_F(LogTreeTest, TheBytesAreThoseOfTheFormat) {
  ASSERT_THAT(Append(2), IsOk());
  const std::string key = absl::HexStringToBytes("4e00000000000000000000");
  const auto stored = Now().GetStored(key);
  ASSERT_TRUE(stored.ok() && stored->has_value());
  EXPECT_EQ(absl::BytesToHexString(**stored),
            "01"
            "6ae25ba040d16bc59ed052409bb96e18202b5143842a72643ccfc3b3e732b6b9"
            "d04c370d624aeef67cb8b97c9531d50e332d0f86fc149fe4ad2484507d1cadf5"
            "3124eba3");
}

TEST_F(LogTreeTest, ADroppedStepLeavesNoLeaf) {
  auto transaction = Begin();
  transaction->Append(NumberedEvent(1));
  transaction->Keep();
  transaction->Append(NumberedEvent(2));
  transaction->Drop();
  EXPECT_EQ(transaction->Tree()->size(), 1u);
  transaction->Append(NumberedEvent(3));
  transaction->Keep();
  EXPECT_EQ(transaction->Tree()->size(), 2u);
  ASSERT_THAT(Commit(*transaction), IsOk());
  ExpectTree();
}

TEST_F(LogTreeTest, ACommitWithoutEventsKeepsTheTreeInMind) {
  ASSERT_THAT(Append(3), IsOk());
  auto transaction = Begin();
  transaction->Put(IndexKey{"zero"});
  transaction->Keep();
  ASSERT_THAT(Commit(*transaction), IsOk());
  EXPECT_TRUE(cache_.tree().has_value());
  ASSERT_THAT(Append(1), IsOk());
  ExpectTree();
}

TEST_F(LogTreeTest, ACommitThatFailedAndShowsAfterARecoveryIsInTheTreeAsInTheLog) {
  ASSERT_THAT(Append(300), IsOk());
  engine_.FailNextCommit();
  ASSERT_FALSE(Append(5).ok());
  EXPECT_EQ(*TreeSize(Now()), 300u);
  ASSERT_THAT(engine_.Recover(), IsOk());
  for (std::uint64_t n = 301; n <= 305; ++n) {
    ::latchkey::v1::Event event = NumberedEvent(n);
    event.set_sequence(n);
    expected_.Append(merkle::LeafHash(EncodeMessage(event)));
  }
  ExpectTree();
  ASSERT_THAT(Append(1), IsOk());
  ExpectTree();
}

TEST_F(LogTreeTest, ATreeThatDoesNotReadStopsTheLogAndNotReading) {
  ASSERT_THAT(Append(3), IsOk());
  engine::WriteBatch damage;
  damage.Delete(NodeKey({0, 0}));
  ASSERT_THAT(engine_.Commit(damage).status(), IsOk());
  auto transaction = Begin();
  EXPECT_THAT(transaction->Get(EventKey(2)), IsOk());
  transaction->Append(NumberedEvent(4));
  transaction->Keep();
  EXPECT_THAT(transaction->ToBatch(),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("latchkey_fsck")));
}

TEST_F(LogTreeTest, NoNumberIsGivenTwiceWhereNoEventIsRetained) {
  ASSERT_THAT(Append(3), IsOk());
  engine::WriteBatch removal;
  for (std::uint64_t n = 1; n <= 3; ++n) removal.Delete(EventKey(n).bytes);
  ASSERT_THAT(engine_.Commit(removal).status(), IsOk());
  EXPECT_EQ(*Now().NewestSequence(), 3u);
  EXPECT_EQ(Begin()->next_sequence(), 4u);
}

// A store as it was before it had a tree: events alone.
class ExtendTreeTest : public LogTreeTest {
 protected:
  void PutEvents(std::uint64_t first, std::uint64_t last) {
    engine::WriteBatch batch;
    for (std::uint64_t n = first; n <= last; ++n) {
      ::latchkey::v1::Event event = NumberedEvent(n);
      event.set_sequence(n);
      const std::string key = EventKey(n).bytes;
      batch.Put(key, EncodeRecord(key, event));
      expected_.Append(merkle::LeafHash(EncodeMessage(event)));
    }
    ASSERT_THAT(engine_.Commit(batch).status(), IsOk());
  }
};

TEST_F(ExtendTreeTest, GivesEveryEventItsLeafInBoundedCommits) {
  PutEvents(1, 10000);
  const engine::Version before = engine_.NewSnapshot()->version();
  ASSERT_THAT(ExtendTree(engine_), IsOk());
  ExpectTree();
  EXPECT_EQ(engine_.NewSnapshot()->version() - before, 3u);
  ASSERT_THAT(ExtendTree(engine_), IsOk());
  EXPECT_EQ(engine_.NewSnapshot()->version() - before, 3u);
  ASSERT_THAT(Append(1), IsOk());
  ExpectTree();
}

TEST_F(ExtendTreeTest, GoesOnWhereItWasInterrupted) {
  PutEvents(1, 5000);
  engine_.FailNextCommit();
  EXPECT_THAT(ExtendTree(engine_), StatusIs(absl::StatusCode::kUnavailable));
  ASSERT_THAT(engine_.Recover(), IsOk());  // which shows what had failed
  EXPECT_EQ(*TreeSize(Now()), 4096u);
  PutEvents(5001, 5100);
  ASSERT_THAT(ExtendTree(engine_), IsOk());
  ExpectTree();
}

TEST_F(ExtendTreeTest, AnEmptyLogNeedsNothing) {
  ASSERT_THAT(ExtendTree(engine_), IsOk());
  EXPECT_EQ(engine_.NewSnapshot()->version(), 0u);
}

TEST_F(ExtendTreeTest, AMissingEventIsDataLossThatNamesIt) {
  PutEvents(1, 9);
  engine::WriteBatch removal;
  removal.Delete(EventKey(4).bytes);
  ASSERT_THAT(engine_.Commit(removal).status(), IsOk());
  EXPECT_THAT(ExtendTree(engine_),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("event 4 is missing")));
}

}  // namespace
}  // namespace latchkey::storage
