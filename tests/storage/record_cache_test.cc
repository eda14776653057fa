#include "storage/record_cache.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/engine/memory_engine.h"
#include "storage/reader.h"
#include "storage/transaction.h"
#include "tests/testing/status_matchers.h"

namespace latchkey::storage {
namespace {

v1::NameRecord Named(const std::string& name) {
  v1::NameRecord record;
  record.set_name(name);
  return record;
}

// What a writer sees who reads through a cache from one transaction to the next.
class RecordCacheTest : public ::testing::Test {
 protected:
  std::unique_ptr<Transaction> Begin() {
    return *Transaction::Begin(std::make_unique<View>(engine_.NewSnapshot()), &cache_);
  }
  std::string NameIn(const Transaction& transaction) {
    const auto found = transaction.Get(key_);
    return found.ok() && found->has_value() ? (*found)->name() : "none";
  }
  void Commit(Transaction& transaction) {
    const auto version = engine_.Commit(*transaction.ToBatch());
    ASSERT_THAT(version.status(), testing::IsOk());
    cache_.Advance(*version, transaction.newest_sequence(), transaction.known_tree());
  }

  engine::MemoryEngine engine_;
  RecordCache cache_{100};
  const Key<v1::NameRecord> key_ = TestTokenKey("acme", "ann");
};

TEST_F(RecordCacheTest, ShowsWhatTheSameWriterCommitted) {
  auto first = Begin();
  EXPECT_EQ(NameIn(*first), "none");
  first->Put(key_, Named("one"));
  first->Keep();
  EXPECT_EQ(NameIn(*first), "one");
  Commit(*first);
  EXPECT_EQ(NameIn(*Begin()), "one");
}

TEST_F(RecordCacheTest, ShowsAStepToItselfAndForgetsItWhenItIsDropped) {
  auto transaction = Begin();
  EXPECT_EQ(NameIn(*transaction), "none");
  transaction->Put(key_, Named("dropped"));
  EXPECT_EQ(NameIn(*transaction), "dropped");
  transaction->Drop();
  EXPECT_EQ(NameIn(*transaction), "none");
}

TEST_F(RecordCacheTest, ShowsADeletion) {
  auto first = Begin();
  first->Put(key_, Named("one"));
  first->Keep();
  EXPECT_EQ(NameIn(*first), "one");
  first->Delete(key_);
  EXPECT_EQ(NameIn(*first), "none");
  first->Keep();
  EXPECT_EQ(NameIn(*first), "none");
}

TEST_F(RecordCacheTest, ShowsWhatSomebodyElseWrote) {
  EXPECT_EQ(NameIn(*Begin()), "none");
  engine::WriteBatch batch;
  batch.Put(key_.bytes, EncodeRecord(key_.bytes, Named("other")));
  ASSERT_THAT(engine_.Commit(batch).status(), testing::IsOk());
  EXPECT_EQ(NameIn(*Begin()), "other");
}

TEST_F(RecordCacheTest, ForgetsAtItsBoundAndStaysRight) {
  auto transaction = Begin();
  for (int i = 0; i < 250; ++i) {
    const auto key = TestTokenKey("acme", std::to_string(i));
    transaction->Put(key, Named(std::to_string(i)));
    transaction->Keep();
    ASSERT_THAT(transaction->Get(key).status(), testing::IsOk());
  }
  for (int i = 0; i < 250; ++i) {
    const auto found = transaction->Get(TestTokenKey("acme", std::to_string(i)));
    ASSERT_THAT(found.status(), testing::IsOk());
    EXPECT_EQ((*found)->name(), std::to_string(i));
  }
}

}  // namespace
}  // namespace latchkey::storage
