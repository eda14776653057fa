// What every engine must do, one suite for all of them.
#include <chrono>
#include <cstddef>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/engine/engine_conformance.h"
#include "tests/testing/status_matchers.h"

namespace latchkey::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Pair;
using testing::StatusIs;

INSTANTIATE_TEST_SUITE_P(Engines, EngineTest, ::testing::ValuesIn(EngineKinds()),
                         [](const auto& kind) { return kind.param.name; });

INSTANTIATE_TEST_SUITE_P(Engines, DurableEngineTest, ::testing::ValuesIn(DurableEngineKinds()),
                         [](const auto& kind) { return kind.param.name; });

TEST_P(EngineTest, AnEmptyStoreHasVersionZeroAndNothingInIt) {
  EXPECT_EQ(engine().NewSnapshot()->version(), 0u);
  EXPECT_EQ(Get("a"), "(none)");
  EXPECT_THAT(Scan({"", ""}, Direction::kForward), IsEmpty());
  EXPECT_THAT(Scan({"", ""}, Direction::kBackward), IsEmpty());
}

TEST_P(EngineTest, VersionsAreDenseFromOneAndEachValueSaysWhichCommitWroteIt) {
  EXPECT_EQ(Commit({{"a", "1"}}), 1u);
  container_->Settle();
  EXPECT_EQ(Commit({{"b", "2"}, {"c", "3"}}), 2u);
  container_->Settle();
  const auto snapshot = engine().NewSnapshot();
  EXPECT_EQ(snapshot->version(), 2u);
  EXPECT_EQ((*snapshot->Get("a"))->version, 1u);
  EXPECT_EQ((*snapshot->Get("c"))->version, 2u);
}

TEST_P(EngineTest, ABatchPutsOverwritesAndDeletes) {
  Commit({{"a", "1"}, {"b", "2"}});
  container_->Settle();
  Commit({{"a", "new"}, {"b", std::nullopt}, {"absent", std::nullopt}});
  container_->Settle();
  EXPECT_EQ(Get("a"), "new");
  EXPECT_EQ(Get("b"), "(none)");
  EXPECT_THAT(Scan({"", ""}, Direction::kForward), ElementsAre(Pair("a", "new")));
}

TEST_P(EngineTest, TheLastChangeToAKeyCounts) {
  Commit({{"a", "1"}, {"a", std::nullopt}, {"a", "3"}, {"b", "1"}, {"b", std::nullopt}});
  EXPECT_EQ(Get("a"), "3");
  EXPECT_EQ(Get("b"), "(none)");
}

TEST_P(EngineTest, ASnapshotShowsItsMomentWhateverIsCommittedLater) {
  Commit({{"a", "1"}, {"b", "1"}});
  const auto before = engine().NewSnapshot();
  Commit({{"a", "2"}, {"b", std::nullopt}, {"c", "2"}});
  EXPECT_EQ(before->version(), 1u);
  EXPECT_EQ(GetFrom(*before, "a"), "1");
  EXPECT_EQ(GetFrom(*before, "c"), "(none)");
  EXPECT_THAT(ScanOf(*before, {"", ""}, Direction::kBackward),
              ElementsAre(Pair("b", "1"), Pair("a", "1")));
  EXPECT_THAT(Scan({"", ""}, Direction::kForward), ElementsAre(Pair("a", "2"), Pair("c", "2")));
}

TEST_P(EngineTest, ACursorGoesOnOverItsSnapshotWhileOthersCommit) {
  Commit({{"a", "1"}, {"b", "1"}, {"c", "1"}});
  const auto snapshot = engine().NewSnapshot();
  const auto cursor = snapshot->Scan({"", ""}, Direction::kForward);
  Commit({{"b", std::nullopt}, {"bb", "2"}, {"c", "2"}});
  EngineTest::Entries seen;
  for (; cursor->Valid(); cursor->Next()) {
    seen.emplace_back(std::string(cursor->key()), std::string(cursor->value()));
  }
  EXPECT_THAT(cursor->status(), IsOk());
  EXPECT_THAT(seen, ElementsAre(Pair("a", "1"), Pair("b", "1"), Pair("c", "1")));
}

TEST_P(EngineTest, ScansKeepToTheirRangeInBothDirections) {
  Commit({{"a", "1"}, {"b", "2"}, {"ba", "3"}, {"c", "4"}, {"d", "5"}});
  container_->Settle();
  const KeyRange middle = {"b", "d"};
  EXPECT_THAT(Scan(middle, Direction::kForward),
              ElementsAre(Pair("b", "2"), Pair("ba", "3"), Pair("c", "4")));
  EXPECT_THAT(Scan(middle, Direction::kBackward),
              ElementsAre(Pair("c", "4"), Pair("ba", "3"), Pair("b", "2")));
  EXPECT_THAT(Scan({"c", ""}, Direction::kBackward), ElementsAre(Pair("d", "5"), Pair("c", "4")));
  EXPECT_THAT(Scan(PrefixRange("b"), Direction::kForward),
              ElementsAre(Pair("b", "2"), Pair("ba", "3")));
}

TEST_P(EngineTest, AnEmptyOrInvertedRangeHasNothing) {
  Commit({{"a", "1"}, {"b", "2"}});
  for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
    EXPECT_THAT(Scan({"b", "b"}, direction), IsEmpty());
    EXPECT_THAT(Scan({"b", "a"}, direction), IsEmpty());
    EXPECT_THAT(Scan({"x", ""}, direction), IsEmpty());
  }
}

TEST_P(EngineTest, KeysAreInOrderOfTheirUnsignedBytesAndMayHoldAnyByte) {
  const std::string zero("a\0b", 3);
  Commit({{"\xff", "last"}, {zero, "zero"}, {"a", "first"}, {"a\x7f", "mid"}, {"a\x80", "high"}});
  container_->Settle();
  EXPECT_THAT(Scan({"", ""}, Direction::kForward),
              ElementsAre(Pair("a", "first"), Pair(zero, "zero"), Pair("a\x7f", "mid"),
                          Pair("a\x80", "high"), Pair("\xff", "last")));
  EXPECT_THAT(Scan(PrefixRange("\xff"), Direction::kForward), ElementsAre(Pair("\xff", "last")));
}

TEST_P(EngineTest, ValuesMayBeEmptyBinaryAndLarge) {
  const std::string large(3 << 20, '\xee');
  const std::string binary("\0\x80\xff\n", 4);
  Commit({{"empty", ""}, {"large", large}, {"binary", binary}});
  container_->Settle();
  EXPECT_EQ(Get("empty"), "");
  EXPECT_EQ(Get("large"), large);
  EXPECT_EQ(Get("binary"), binary);
}

TEST_P(EngineTest, MultiGetAnswersEachKeyInOrder) {
  Commit({{"a", "1"}, {"b", "2"}});
  container_->Settle();
  const std::vector<std::string> keys = {"b", "absent", "a", "b"};
  const auto values = engine().NewSnapshot()->MultiGet(keys);
  ASSERT_THAT(values, IsOk());
  ASSERT_EQ(values->size(), 4u);
  EXPECT_EQ((*values)[0]->bytes, "2");
  EXPECT_FALSE((*values)[1].has_value());
  EXPECT_EQ((*values)[2]->bytes, "1");
  EXPECT_EQ((*values)[3]->bytes, "2");
  EXPECT_THAT(*engine().NewSnapshot()->MultiGet({}), IsEmpty());
}

TEST_P(EngineTest, AnExpectationThatDoesNotHoldLeavesNothingBehind) {
  Commit({{"a", "1"}});
  Commit({{"b", "1"}});
  container_->Settle();
  WriteBatch batch;
  batch.Put("c", "3");
  batch.Expect("a", 1);
  batch.Expect("b", 1);  // it is 2
  EXPECT_THAT(engine().Commit(batch), StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(Get("c"), "(none)");
  EXPECT_EQ(engine().NewSnapshot()->version(), 2u);
  EXPECT_THAT(engine().writable(), IsOk());
}

TEST_P(EngineTest, ExpectationsThatHoldLetABatchThrough) {
  Commit({{"a", "1"}});
  container_->Settle();
  WriteBatch batch;
  batch.Put("a", "2");
  batch.Expect("a", 1);
  batch.Expect("absent", 0);
  EXPECT_EQ(*engine().Commit(batch), 2u);
  EXPECT_THAT(engine().Commit(batch), StatusIs(absl::StatusCode::kAborted));
  Commit({{"a", std::nullopt}});
  WriteBatch again;
  again.Put("a", "4");
  again.Expect("a", 0);
  EXPECT_THAT(engine().Commit(again), IsOk());
}

TEST_P(EngineTest, ABatchForOneVersionCommitsOntoThatOneOnly) {
  Commit({{"a", "1"}});
  container_->Settle();
  WriteBatch batch;
  batch.Put("b", "2");
  batch.ExpectVersion(0);
  EXPECT_THAT(engine().Commit(batch), StatusIs(absl::StatusCode::kAborted));
  batch.ExpectVersion(2);
  EXPECT_THAT(engine().Commit(batch), StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(Get("b"), "(none)");
  batch.ExpectVersion(1);
  EXPECT_EQ(*engine().Commit(batch), 2u);
  EXPECT_EQ(Get("b"), "2");
  EXPECT_THAT(engine().writable(), IsOk());
}

TEST_P(EngineTest, WhatIsOutOfBoundsIsRefusedWhole) {
  const auto refused = [&](const std::string& key, const std::string& value) {
    WriteBatch batch;
    batch.Put("fine", "1");
    batch.Put(key, value);
    EXPECT_THAT(engine().Commit(batch), StatusIs(absl::StatusCode::kInvalidArgument));
  };
  refused("", "1");
  refused(std::string("\0own", 4), "1");
  refused(std::string(kMaxKeySize + 1, 'k'), "1");
  refused("big", std::string(kMaxValueSize + 1, 'v'));
  EXPECT_THAT(engine().Commit(WriteBatch()), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(Get("fine"), "(none)");
  Commit({{std::string(kMaxKeySize, 'k'), "1"}});
  EXPECT_EQ(Get(std::string(kMaxKeySize, 'k')), "1");
}

TEST_P(DurableEngineTest, ReopeningKeepsEverythingAndGoesOnCounting) {
  Commit({{"a", "1"}, {"b", "1"}});
  Commit({{"a", std::nullopt}, {"c", "2"}});
  container_->Reopen();
  EXPECT_THAT(Scan({"", ""}, Direction::kForward), ElementsAre(Pair("b", "1"), Pair("c", "2")));
  EXPECT_EQ(engine().NewSnapshot()->version(), 2u);
  EXPECT_EQ(Commit({{"d", "3"}}), 3u);
}

TEST_P(EngineTest, ReclaimingChangesNothingThatCanBeRead) {
  Commit({{"a", "1"}, {"b", "1"}, {"c", "1"}});
  Commit({{"a", std::nullopt}, {"b", "2"}});
  engine().Reclaim({"a", "bb"});
  engine().Reclaim({"", ""});
  Commit({{"d", "3"}});
  container_->Settle();  // reopens while that may go on
  EXPECT_THAT(Scan({"", ""}, Direction::kForward),
              ElementsAre(Pair("b", "2"), Pair("c", "1"), Pair("d", "3")));
}

TEST_P(DurableEngineTest, ReclaimingGivesBackTheRoomOfDeletedKeys) {
  constexpr int kKeys = 64;
  constexpr std::size_t kBytes = std::size_t{128} << 10;
  std::mt19937_64 random(20261129);
  std::vector<WriteBatch::Change> puts;
  std::vector<WriteBatch::Change> deletions;
  for (int i = 0; i < kKeys; ++i) {
    std::string value(kBytes, '\0');
    for (char& byte : value) byte = static_cast<char>(random());  // nothing compresses it
    puts.push_back({absl::StrCat("e", 100 + i), std::move(value)});
    deletions.push_back({absl::StrCat("e", 100 + i), std::nullopt});
  }
  Commit({{"d", "stays"}, {"f", "stays"}});
  Commit(puts);
  container_->Settle();
  ASSERT_GT(engine().SizeInBytes(), kKeys * kBytes);
  Commit(deletions);
  engine().Reclaim({"e", "f"});
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (engine().SizeInBytes() > kBytes && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_LE(engine().SizeInBytes(), kBytes);
  EXPECT_THAT(Scan({"", ""}, Direction::kForward),
              ElementsAre(Pair("d", "stays"), Pair("f", "stays")));
}

TEST_P(EngineTest, ReadersSeeEachBatchWholeWhileAWriterCommits) {
  Commit({{"a", "0"}, {"b", "0"}});
  std::thread writer([&] {
    for (int i = 1; i <= 100; ++i) Commit({{"a", std::to_string(i)}, {"b", std::to_string(i)}});
  });
  std::string seen;
  while (seen != "100") {
    const auto snapshot = engine().NewSnapshot();
    seen = GetFrom(*snapshot, "a");
    EXPECT_EQ(GetFrom(*snapshot, "b"), seen);
    EXPECT_EQ(snapshot->version(), std::stoul(seen) + 1);
  }
  writer.join();
}

}  // namespace
}  // namespace latchkey::engine
