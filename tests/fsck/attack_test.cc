// Somebody who rewrites events and tiles together, so that the store agrees with itself: what was
// signed before tells.
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fsck/log_store.h"

namespace latchkey {
namespace {

using ::testing::HasSubstr;
using testing::LogStore;

class AttackTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kSize = 300;

  AttackTest() {
    store_.Append(kSize);
    kept_ = store_.Checkpoint();
    EXPECT_TRUE(store_.Check({{"kept.txt", kept_}}).clean);
  }

  // Makes the log anew from its first `count` events, with the tiles that it would have had.
  // `alter` changes the event of a number.
  template <typename Alter>
  void Rewrite(std::uint64_t count, Alter alter) {
    const auto events = store_.All(storage::EventPrefix());
    for (const char* table : {"E", "N"}) {
      for (const auto& [key, payload] : store_.All(table)) store_.Remove(key);
    }
    storage::TreeGrowth growth((merkle::Frontier()));
    for (std::uint64_t n = 1; n <= count; ++n) {
      v1::Event event;
      ASSERT_TRUE(event.ParseFromString(events.at(storage::EventKey(n).bytes)));
      alter(event);
      event.set_sequence(n);
      const std::string payload = storage::EncodeMessage(event);
      store_.Put(storage::EventKey(n).bytes, payload);
      growth.Append(merkle::LeafHash(payload));
    }
    for (const auto& [key, stored] : growth.TakeChunks()) store_.PutStored(key, stored);
  }
  static void AlterEvent17(v1::Event& event) {
    if (event.sequence() == 17) event.set_resource("apps/innocent");
  }
  void RemoveCheckpoints() {
    for (const auto& [key, payload] : store_.All(storage::CheckpointPrefix())) store_.Remove(key);
  }
  // Signs what there is now with a key of the attacker's, or the server's own.
  void SignAnew(const merkle::NoteSigner& signer) {
    RemoveCheckpoints();
    const storage::View view(store_.engine().NewSnapshot());
    const merkle::Frontier tree = *storage::ReadTree(view, *storage::TreeSize(view));
    storage::v1::CheckpointRecord record;
    record.set_note(*merkle::SignCheckpoint(signer, tree.size(), tree.Root()));
    store_.Put(storage::CheckpointKey(tree.size()).bytes, storage::EncodeMessage(record));
  }
  std::string DamageWithKept() const {
    const auto result = store_.Check({{"kept.txt", kept_}});
    EXPECT_FALSE(result.clean);
    return result.text;
  }

  LogStore store_;
  std::string kept_;
};

TEST_F(AttackTest, ARewrittenHistoryIsNotThatOfTheStoredCheckpoint) {
  Rewrite(kSize, AlterEvent17);
  const auto result = store_.Check();
  EXPECT_FALSE(result.clean);
  EXPECT_THAT(result.text, HasSubstr("the stored checkpoint of size 300 does not match"));
}

TEST_F(AttackTest, WithoutStoredCheckpointsOnlyAKeptOneTells) {
  Rewrite(kSize, AlterEvent17);
  RemoveCheckpoints();
  EXPECT_TRUE(store_.Check().clean) << "a store that agrees with itself has nothing to show";
  EXPECT_THAT(DamageWithKept(), HasSubstr("the checkpoint of size 300 in kept.txt does not match"));
}

TEST_F(AttackTest, AHistoryThatIsSignedAnewWithTheServersKeyIsNotThatOfAKeptCheckpoint) {
  Rewrite(kSize, AlterEvent17);
  SignAnew(store_.signer());
  EXPECT_TRUE(store_.Check().clean) << "who has the key can sign";
  EXPECT_THAT(DamageWithKept(), HasSubstr("kept.txt does not match"));
}

TEST_F(AttackTest, AHistoryThatIsSignedWithAnotherKeyIsFoundWithoutAnythingKept) {
  Rewrite(kSize, AlterEvent17);
  SignAnew(*merkle::NoteSigner::Create("log", std::string(32, 'e')));
  const auto result = store_.Check();
  EXPECT_FALSE(result.clean);
  EXPECT_THAT(result.text, HasSubstr("the key does not match: log signed none of the"));
}

TEST_F(AttackTest, ALogThatWasCutShortIsFound) {
  Rewrite(200, [](v1::Event&) {});
  EXPECT_THAT(store_.Check().text, HasSubstr("size 300 is of more events than the 200"));
  RemoveCheckpoints();
  EXPECT_TRUE(store_.Check().clean);
  EXPECT_THAT(DamageWithKept(), HasSubstr("in kept.txt is of more events than the 200"));
}

TEST_F(AttackTest, ALogThatGrewSinceIsHeldToTheSameCheckpoint) {
  store_.Append(500);
  store_.Checkpoint();
  EXPECT_TRUE(store_.Check({{"kept.txt", kept_}}).clean);
  Rewrite(800, AlterEvent17);
  RemoveCheckpoints();
  EXPECT_THAT(DamageWithKept(), HasSubstr("kept.txt does not match"));
}

TEST_F(AttackTest, AKeptCheckpointOfAnotherLogIsNotTakenForOneOfThis) {
  const merkle::NoteSigner other = *merkle::NoteSigner::Create("other", std::string(32, 'o'));
  const std::string note = *merkle::SignCheckpoint(other, 1, merkle::EmptyRoot());
  const auto result = store_.Check({{"theirs.txt", note}});
  EXPECT_FALSE(result.clean);
  EXPECT_THAT(result.text, HasSubstr("the checkpoint in theirs.txt is not one of the log log"));
}

}  // namespace
}  // namespace latchkey
