#include "storage/transaction.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/engine/memory_engine.h"
#include "tests/testing/status_matchers.h"

namespace latchkey::storage {
namespace {

using testing::IsOk;
using testing::StatusIs;

class TransactionTest : public ::testing::Test {
 protected:
  std::unique_ptr<Transaction> Begin() {
    return *Transaction::Begin(std::make_unique<View>(engine_.NewSnapshot()));
  }
  static v1::NameRecord Named(const std::string& name) {
    v1::NameRecord record;
    record.set_name(name);
    return record;
  }
  static ::latchkey::v1::Event EventFor(const std::string& resource) {
    ::latchkey::v1::Event event;
    event.set_resource(resource);
    return event;
  }
  std::string NameIn(const Reader& reader) {
    const auto found = reader.Get(key_);
    return found.ok() && found->has_value() ? (*found)->name() : "none";
  }
  View Now() { return View(engine_.NewSnapshot()); }

  engine::MemoryEngine engine_;
  const Key<v1::NameRecord> key_ = TestTokenKey("acme", "ann");
};

TEST_F(TransactionTest, NothingIsWrittenBeforeTheBatchIsCommitted) {
  auto transaction = Begin();
  transaction->Put(key_, Named("one"));
  transaction->Append(EventFor("one"));
  transaction->Keep();
  EXPECT_EQ(NameIn(*transaction), "one");
  EXPECT_EQ(NameIn(Now()), "none");
  ASSERT_THAT(engine_.Commit(*transaction->ToBatch()), IsOk());
  EXPECT_EQ(NameIn(Now()), "one");
}

TEST_F(TransactionTest, ADroppedStepLeavesWhatWasKeptBefore) {
  auto transaction = Begin();
  transaction->Put(key_, Named("kept"));
  EXPECT_EQ(transaction->Append(EventFor("kept")), 1u);
  transaction->Keep();
  transaction->Put(key_, Named("dropped"));
  EXPECT_EQ(transaction->Append(EventFor("dropped")), 2u);
  transaction->Drop();
  EXPECT_EQ(NameIn(*transaction), "kept");
  EXPECT_EQ(transaction->Append(EventFor("next")), 2u);
  transaction->Keep();
  ASSERT_THAT(engine_.Commit(*transaction->ToBatch()), IsOk());
  EXPECT_EQ(NameIn(Now()), "kept");
  EXPECT_EQ((*Now().Get(EventKey(2)))->resource(), "next");
}

TEST_F(TransactionTest, ADroppedStepTakesAwayNeitherKeysNorDeletionsOfStepsBefore) {
  const auto other = TestTokenKey("acme", "bob");
  const auto fresh = TestTokenKey("acme", "cid");
  auto transaction = Begin();
  transaction->Put(key_, Named("one"));
  transaction->Put(other, Named("other"));
  transaction->Keep();
  transaction->Delete(other);
  transaction->Keep();
  transaction->Put(other, Named("dropped"));
  transaction->Delete(key_);
  transaction->Delete(key_);
  transaction->Put(fresh, Named("dropped"));
  transaction->Drop();
  EXPECT_EQ(NameIn(*transaction), "one");
  EXPECT_FALSE(transaction->Get(other)->has_value());
  EXPECT_FALSE(transaction->Get(fresh)->has_value());
  const engine::WriteBatch batch = *transaction->ToBatch();
  ASSERT_EQ(batch.changes().size(), 2u);
  EXPECT_EQ(batch.changes()[0].key, key_.bytes);
  EXPECT_TRUE(batch.changes()[0].value.has_value());
  EXPECT_EQ(batch.changes()[1].key, other.bytes);
  EXPECT_FALSE(batch.changes()[1].value.has_value());
}

TEST_F(TransactionTest, OfAKeyThatSeveralStepsChangeTheLastChangeIsTheOneThatIsWritten) {
  auto transaction = Begin();
  for (const char* name : {"one", "two", "three"}) {
    transaction->Put(key_, Named("before"));
    transaction->Put(key_, Named(name));
    EXPECT_EQ(NameIn(*transaction), name);
    transaction->Keep();
  }
  transaction->Put(key_, Named("neither kept nor dropped"));
  const engine::WriteBatch batch = *transaction->ToBatch();
  EXPECT_EQ(batch.changes().size(), 1u);
  ASSERT_THAT(engine_.Commit(batch), IsOk());
  EXPECT_EQ(NameIn(Now()), "three");
}

TEST_F(TransactionTest, TheSameChangesAreTheSameBatchInTheOrderOfTheKeys) {
  const auto keys_of = [this](std::vector<std::string> members) {
    auto transaction = Begin();
    for (const std::string& member : members) {
      transaction->Put(TestTokenKey("acme", member), Named(member));
      transaction->Keep();
    }
    std::vector<std::string> keys;
    const engine::WriteBatch batch = *transaction->ToBatch();
    for (const auto& change : batch.changes()) keys.push_back(change.key);
    return keys;
  };
  const std::vector<std::string> keys = keys_of({"dan", "ann", "cid", "bob"});
  EXPECT_EQ(keys.size(), 4u);
  EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
  EXPECT_EQ(keys, keys_of({"bob", "cid", "ann", "dan"}));
}

TEST_F(TransactionTest, SequenceNumbersGoOnDenselyFromTheLog) {
  auto first = Begin();
  first->Append(EventFor("a"));
  first->Append(EventFor("b"));
  first->Keep();
  EXPECT_EQ(first->newest_sequence(), 2u);
  ASSERT_THAT(engine_.Commit(*first->ToBatch()), IsOk());
  auto second = Begin();
  EXPECT_EQ(second->next_sequence(), 3u);
  EXPECT_EQ(*Now().NewestSequence(), 2u);
  EXPECT_EQ(*Now().OldestSequence(), 1u);
}

TEST_F(TransactionTest, OfTwoThatBeganWithTheSameLogOnlyOneCommits) {
  auto one = Begin();
  auto other = Begin();
  one->Append(EventFor("one"));
  one->Keep();
  other->Append(EventFor("other"));
  other->Keep();
  ASSERT_THAT(engine_.Commit(*one->ToBatch()), IsOk());
  EXPECT_THAT(engine_.Commit(*other->ToBatch()), StatusIs(absl::StatusCode::kAborted));
}

TEST_F(TransactionTest, ADeletionHidesWhatLiesInTheStore) {
  auto first = Begin();
  first->Put(key_, Named("one"));
  first->Append(EventFor("one"));
  first->Keep();
  ASSERT_THAT(engine_.Commit(*first->ToBatch()), IsOk());
  auto second = Begin();
  EXPECT_EQ(NameIn(*second), "one");
  second->Delete(key_);
  EXPECT_EQ(NameIn(*second), "none");
  second->Append(EventFor("gone"));
  second->Keep();
  ASSERT_THAT(engine_.Commit(*second->ToBatch()), IsOk());
  EXPECT_EQ(NameIn(Now()), "none");
}

TEST_F(TransactionTest, ADamagedRecordIsDataLossAndNoAbsence) {
  engine::WriteBatch batch;
  std::string stored = EncodeRecord(key_.bytes, Named("one"));
  stored[2] = static_cast<char>(stored[2] ^ 1);
  batch.Put(key_.bytes, stored);
  ASSERT_THAT(engine_.Commit(batch), IsOk());
  EXPECT_THAT(Begin()->Get(key_), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(TransactionTest, TokensAreFoundByTheirPublicNames) {
  auto transaction = Begin();
  v1::TokenRecord record;
  record.mutable_token()->set_name("services/ci/tokens/t1");
  transaction->Put(ServiceTokenKey("ci", "t1"), record);
  EXPECT_TRUE((*transaction->GetToken("services/ci/tokens/t1")).has_value());
  for (const char* name : {"services/ci/tokens/t2", "workspaces/ci/tokens/t1", "services/ci/t1", "",
                           "services/ci/tokens/t1/x"}) {
    EXPECT_FALSE((*transaction->GetToken(name)).has_value()) << name;
  }
}

TEST_F(TransactionTest, AWalkOverKeysShowsTheStoreWithEveryChangeSinceInOrder) {
  const auto put = [&](Transaction& transaction, const char* app) {
    transaction.Put(HomeAppKey("acme", app));
  };
  auto before = Begin();
  for (const char* app : {"b", "d", "f"}) put(*before, app);
  before->Put(HomeAppKey("acme-2", "a"));
  before->Append(EventFor("apps"));
  before->Keep();
  ASSERT_THAT(engine_.Commit(*before->ToBatch()), IsOk());
  auto transaction = Begin();
  put(*transaction, "a");
  put(*transaction, "d");
  transaction->Delete(HomeAppKey("acme", "b"));
  transaction->Keep();
  put(*transaction, "e");
  put(*transaction, "z");
  transaction->Delete(HomeAppKey("acme", "f"));
  const std::string prefix = HomeAppPrefix("acme");
  std::string seen;
  const auto collect = [&](const std::string& last) {
    seen.clear();
    return transaction->ForEachKey(prefix, [&](absl::string_view key) {
      seen += std::string(key.substr(prefix.size()));
      return key.substr(prefix.size()) == last ? Walk::kStop : Walk::kGoOn;
    });
  };

  EXPECT_THAT(collect(""), IsOk());
  EXPECT_EQ(seen, "adez");
  // An end among the changes, and one among what was stored before.
  EXPECT_THAT(collect("a"), IsOk());
  EXPECT_EQ(seen, "a");
  EXPECT_THAT(collect("d"), IsOk());
  EXPECT_EQ(seen, "ad");
  transaction->Drop();
  EXPECT_THAT(collect(""), IsOk());
  EXPECT_EQ(seen, "adf");
}

}  // namespace
}  // namespace latchkey::storage
