// Damage of one thing at a time, with its checksum mended, so that only the tree can tell.
#include "tools/fsck/store_check.h"

#include <algorithm>
#include <sstream>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fsck/log_store.h"
#include "tests/testing/status_matchers.h"

namespace latchkey {
namespace {

using ::testing::HasSubstr;
using testing::LogStore;
using ::testing::Not;

const std::string kEventKey17 = storage::EventKey(17).bytes;

// Runs `change` on the payload at a key, and expects the check to tell; then puts it back.
template <typename Change>
void ExpectTold(LogStore& store, const std::string& key, const std::string& payload,
                Change change) {
  std::string altered = payload;
  change(altered);
  store.Put(key, altered);
  ASSERT_FALSE(store.Check().clean) << absl::CHexEscape(key) << ": " << absl::CHexEscape(altered);
  store.Put(key, payload);
}

TEST(StoreCheckTest, AStoreAsTheServerWritesItIsClean) {
  for (const std::uint64_t size : {1, 2, 3, 255, 256, 257, 700}) {
    LogStore store;
    EXPECT_TRUE(store.Check().clean);
    for (std::uint64_t done = 0; done < size;) {
      const std::uint64_t some = std::min<std::uint64_t>(1 + done % 90, size - done);
      store.Append(some);
      store.Checkpoint();
      done += some;
    }
    const auto result = store.Check();
    EXPECT_TRUE(result.clean) << result.text;
    EXPECT_THAT(result.text, HasSubstr(absl::StrCat("clean: ", size, " events")));
  }
}

TEST(StoreCheckTest, AStoreOfThreeLevelsOfTilesIsClean) {
  LogStore store;
  store.Append(70'000);
  store.Checkpoint();
  EXPECT_TRUE(store.Check().clean);
  const std::string top = storage::NodeKey({2, 0});
  ExpectTold(store, top, store.PayloadAt(top),
             [](std::string& payload) { payload[5] = static_cast<char>(payload[5] ^ 1); });
}

// Eight events in three chunks of leaves, of which some have a checkpoint.
class EveryByteTest : public ::testing::TestWithParam<const char*> {
 protected:
  EveryByteTest() {
    store_.Append(3);
    store_.Checkpoint();
    store_.Append(4);
    store_.Append(1);
    store_.Checkpoint();
    EXPECT_TRUE(store_.Check().clean);
  }

  LogStore store_;
};

TEST_P(EveryByteTest, ThatIsChangedIsFound) {
  for (const auto& [key, payload] : store_.All(GetParam())) {
    for (std::size_t i = 0; i < payload.size(); ++i) {
      for (const unsigned bit :
           {static_cast<unsigned>(i) % 8, (static_cast<unsigned>(i) + 5) % 8}) {
        ExpectTold(store_, key, payload, [&](std::string& altered) {
          altered[i] = static_cast<char>(static_cast<unsigned char>(altered[i]) ^ 1U << bit);
        });
      }
    }
  }
  EXPECT_TRUE(store_.Check().clean);
}

TEST_P(EveryByteTest, ThatIsLeftOutOrAddedIsFound) {
  for (const auto& [key, payload] : store_.All(GetParam())) {
    for (std::size_t size = 0; size < payload.size(); ++size) {
      ExpectTold(store_, key, payload, [&](std::string& altered) { altered.resize(size); });
    }
    for (const std::size_t more : {1, 31, 32, 33, 64}) {
      ExpectTold(store_, key, payload, [&](std::string& altered) { altered.append(more, 'x'); });
    }
  }
  EXPECT_TRUE(store_.Check().clean);
}

INSTANTIATE_TEST_SUITE_P(OfEventsNodesAndCheckpoints, EveryByteTest,
                         ::testing::Values("E", "N", "C"),
                         [](const auto& param) { return std::string(param.param); });

// Six hundred events, so that there are nodes above the leaves.
class StoreCheckDamageTest : public ::testing::Test {
 protected:
  StoreCheckDamageTest() {
    store_.Append(300);
    store_.Checkpoint();
    store_.Append(300);
    store_.Checkpoint();
  }

  std::string Damage() const {
    const auto result = store_.Check();
    EXPECT_FALSE(result.clean);
    EXPECT_THAT(result.text, HasSubstr("damaged"));
    return result.text;
  }

  // Turns one bit of the payload at a key.
  void Flip(const std::string& key, std::size_t byte) {
    std::string payload = store_.PayloadAt(key);
    payload.at(byte) = static_cast<char>(payload[byte] ^ 1);
    store_.Put(key, payload);
  }

  LogStore store_;
};

TEST_F(StoreCheckDamageTest, AnAlteredEventIsNamed) {
  Flip(kEventKey17, 6);
  EXPECT_THAT(Damage(), HasSubstr("event 17 is altered"));
  EXPECT_THAT(Damage(), Not(HasSubstr("leaf of")));
}

TEST_F(StoreCheckDamageTest, AnAlteredLeafIsNamedAndItsEventIsNot) {
  Flip(storage::NodeKey({0, 0}), std::size_t{16} * 32);
  EXPECT_THAT(Damage(), HasSubstr("the leaf of event 17 is altered"));
  EXPECT_THAT(Damage(), Not(HasSubstr("event 17 is altered: it is not what")));
  EXPECT_THAT(Damage(), HasSubstr("damaged, 1 findings"));
}

TEST_F(StoreCheckDamageTest, AnAlteredLeafThatOnlyACheckpointCoversIsToldFromItsEvent) {
  Flip(storage::NodeKey({0, 512}), std::size_t{60} * 32);
  EXPECT_THAT(Damage(), HasSubstr("the leaf of event 573 is altered"));
  Flip(storage::NodeKey({0, 512}), std::size_t{60} * 32);
  Flip(storage::EventKey(573).bytes, 6);
  EXPECT_THAT(Damage(), HasSubstr("event 573 is altered"));
}

TEST_F(StoreCheckDamageTest, AMissingEventIsNamedAndMissingNeighboursAreOneFinding) {
  store_.Remove(kEventKey17);
  EXPECT_THAT(Damage(), HasSubstr("event 17 is missing"));
  store_.Remove(storage::EventKey(18).bytes);
  EXPECT_THAT(Damage(), HasSubstr("events 17 to 18 are missing"));
  EXPECT_THAT(Damage(), HasSubstr("damaged, 1 findings"));
}

TEST_F(StoreCheckDamageTest, MissingLeavesAreNamed) {
  std::string leaves = store_.PayloadAt(storage::NodeKey({0, 0}));
  leaves.resize(std::size_t{255} * 32);
  store_.Put(storage::NodeKey({0, 0}), leaves);
  EXPECT_THAT(Damage(), HasSubstr("the leaf of event 256 is missing"));
  store_.Remove(storage::NodeKey({0, 0}));
  EXPECT_THAT(Damage(), HasSubstr("the leaves of events 1 to 256 are missing"));
}

TEST_F(StoreCheckDamageTest, EveryEventAndChunkThatIsRemovedIsMissed) {
  for (const char* table : {"E", "N"}) {
    for (const auto& [key, payload] : store_.All(table)) {
      store_.Remove(key);
      ASSERT_FALSE(store_.Check().clean) << absl::CHexEscape(key);
      store_.Put(key, payload);
    }
  }
  EXPECT_TRUE(store_.Check().clean);
}

TEST_F(StoreCheckDamageTest, EventsThatChangedPlacesAreNamed) {
  const std::string first = store_.PayloadAt(kEventKey17);
  store_.Put(kEventKey17, store_.PayloadAt(storage::EventKey(40).bytes));
  store_.Put(storage::EventKey(40).bytes, first);
  EXPECT_THAT(Damage(), HasSubstr("event 17 says of itself that it is event 40"));
  EXPECT_THAT(Damage(), HasSubstr("event 40 is altered"));
}

TEST_F(StoreCheckDamageTest, AnEventThatIsPutInIsNamed) {
  v1::Event event;
  event.set_sequence(601);
  store_.Put(storage::EventKey(601).bytes, storage::EncodeMessage(event));
  EXPECT_THAT(Damage(), HasSubstr("the leaf of event 601 is missing"));
  store_.Remove(storage::EventKey(601).bytes);
  // However far away it is put.
  store_.Put(storage::EventKey(std::uint64_t{1} << 62).bytes, storage::EncodeMessage(event));
  EXPECT_THAT(Damage(), HasSubstr("events 601 to 4611686018427387903 are missing"));
}

TEST_F(StoreCheckDamageTest, AnAlteredNodeIsNamed) {
  Flip(storage::NodeKey({1, 0}), 3);
  EXPECT_THAT(Damage(), HasSubstr("node 0 of level 8 (events 1 to 256) is not the hash"));
  Flip(storage::NodeKey({1, 0}), 3);
  store_.Remove(storage::NodeKey({1, 1}));
  EXPECT_THAT(Damage(), HasSubstr("node 1 of level 8 (events 257 to 512) is missing"));
}

TEST_F(StoreCheckDamageTest, NodesThatNoLogOfThisSizeHasAreNamed) {
  store_.Put(storage::NodeKey({1, 2}), std::string(32, 'x'));
  EXPECT_THAT(Damage(), HasSubstr("node 2 of level 8"));
  store_.Remove(storage::NodeKey({1, 2}));
  store_.Put(storage::NodeKey({7, 0}), std::string(32, 'x'));
  EXPECT_THAT(Damage(), HasSubstr("node 0 of level 56"));
  store_.Remove(storage::NodeKey({7, 0}));
  store_.Put(storage::NodeKey({0, 5}), std::string(32, 'x'));
  EXPECT_THAT(Damage(), HasSubstr("overlaps"));
  store_.Remove(storage::NodeKey({0, 5}));
  store_.Put(storage::NodeKey({0, 5}) + "x", std::string(32, 'x'));
  EXPECT_THAT(Damage(), HasSubstr("a key that is none"));
}

TEST_F(StoreCheckDamageTest, ACheckpointOfAnotherSizeIsNamed) {
  store_.Put(storage::CheckpointKey(20).bytes, store_.PayloadAt(storage::CheckpointKey(300).bytes));
  EXPECT_THAT(Damage(), HasSubstr("the stored checkpoint of size 20 is altered: it is that of "
                                  "size 300"));
  store_.Remove(storage::CheckpointKey(20).bytes);
  store_.Put(storage::CheckpointKey(700).bytes,
             store_.PayloadAt(storage::CheckpointKey(600).bytes));
  EXPECT_THAT(Damage(), HasSubstr("size 700 is of more events than the 600"));
}

TEST_F(StoreCheckDamageTest, WhatDoesNotMatchItsChecksumIsNamed) {
  std::string stored = storage::EncodePayload(kEventKey17, store_.PayloadAt(kEventKey17));
  stored[3] = static_cast<char>(stored[3] ^ 1);
  store_.PutStored(kEventKey17, stored);
  EXPECT_THAT(Damage(), HasSubstr("event 17 is damaged: it does not match its checksum"));
  store_.PutStored("Wacme", "no record");
  EXPECT_THAT(Damage(), HasSubstr("the record of table 'W' at acme is damaged"));
}

TEST_F(StoreCheckDamageTest, FindingsBeyondAThousandAreCounted) {
  LogStore store;
  store.Append(1500);
  for (std::uint64_t n = 1; n <= 1500; n += 1) {
    v1::Event event;
    event.set_sequence(n);
    store.Put(storage::EventKey(n).bytes, storage::EncodeMessage(event));
  }
  const auto result = store.Check();
  EXPECT_THAT(result.text, HasSubstr("damaged, 1500 findings"));
  EXPECT_LT(std::count(result.text.begin(), result.text.end(), '\n'), 1010);
}

TEST_F(StoreCheckDamageTest, EventsThatRetentionRemovedAreNotMissing) {
  for (std::uint64_t n = 1; n <= 20; ++n) store_.Remove(storage::EventKey(n).bytes);
  EXPECT_THAT(Damage(), HasSubstr("events 1 to 20 are missing"));
  // What is told does not say what was removed: anybody's removal could follow it.
  store_.Append(1, v1::ACTION_AUDIT_TRUNCATE);
  EXPECT_THAT(Damage(), HasSubstr("events 1 to 20 are missing"));
  store_.SetOldest(16);
  EXPECT_THAT(Damage(), HasSubstr("events 16 to 20 are missing"));
  store_.SetOldest(22);
  EXPECT_THAT(Damage(), HasSubstr("event 21 is there, and the log begins with event 22"));
  store_.SetOldest(21);
  const auto result = store_.Check();
  EXPECT_TRUE(result.clean) << result.text;
  EXPECT_THAT(result.text, HasSubstr("1 to 20 are no longer retained"));
  store_.Remove(storage::EventKey(30).bytes);
  EXPECT_THAT(Damage(), HasSubstr("event 30 is missing"));
}

TEST_F(StoreCheckDamageTest, ALogOfWhichNothingIsRetainedIsToHaveBeenRemoved) {
  const auto events = store_.All(storage::EventPrefix());
  for (const auto& [key, payload] : events) store_.Remove(key);
  EXPECT_THAT(Damage(), HasSubstr(absl::StrCat("events 1 to ", events.size(), " are missing")));
  store_.SetOldest(events.size() + 1);
  const auto result = store_.Check();
  EXPECT_TRUE(result.clean) << result.text;
}

TEST_F(StoreCheckDamageTest, AStoreOfAnotherFormatIsNotChecked) {
  for (const std::uint32_t format : {1U, 4U}) {
    storage::v1::MetaRecord meta;
    meta.set_format(format);
    store_.Put(storage::MetaKey().bytes, storage::EncodeMessage(meta));
    std::ostringstream out;
    EXPECT_THAT(fsck::CheckStore({store_.engine(), store_.signer(), {}, out}),
                testing::StatusIs(absl::StatusCode::kFailedPrecondition,
                                  HasSubstr(absl::StrCat("format ", format))));
  }
  store_.Remove(storage::MetaKey().bytes);
  EXPECT_THAT(Damage(), HasSubstr("the store's format is missing"));
}

}  // namespace
}  // namespace latchkey
