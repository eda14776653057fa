// The bytes of every key: a store that was written with others could not be read.
#include "storage/keys.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/engine/engine.h"

namespace latchkey::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

std::string Hex(absl::string_view bytes) { return absl::BytesToHexString(bytes); }

const absl::Time kTime = absl::FromUnixMicros(0x0102030405060708);
const std::string kHash(32, '\xab');

TEST(KeysTest, ResourcesLieUnderTheBytesOfTheFormat) {
  EXPECT_EQ(Hex(MetaKey().bytes), "4d");
  EXPECT_EQ(Hex(WorkspaceKey("ab").bytes), "576162");
  EXPECT_EQ(Hex(MemberKey("ab", "c").bytes), "4261620063");
  EXPECT_EQ(Hex(ServiceKey("ab").bytes), "536162");
  EXPECT_EQ(Hex(AppKey("ab").bytes), "416162");
  EXPECT_EQ(Hex(InstallationKey("ab", "c").bytes), "4961620063");
  EXPECT_EQ(Hex(ApprovalRequestKey("ab", "c").bytes), "5061620063");
  EXPECT_EQ(Hex(WorkspaceTokenKey("ab", "c").bytes), "5461620063");
  EXPECT_EQ(Hex(ServiceTokenKey("ab", "c").bytes), "5561620063");
  EXPECT_EQ(Hex(BulkRevocationKey("ab", "c").bytes), "5961620063");
  EXPECT_EQ(Hex(OrganizationKey("ab").bytes), "4f6162");
  EXPECT_EQ(Hex(OrganizationInstallationKey("ab", "c").bytes), "5661620063");
}

TEST(KeysTest, SecretsEventsAndGenerationsLieUnderTheBytesOfTheFormat) {
  EXPECT_EQ(Hex(SecretKey(kHash).bytes), "48abababababababababababababababab");
  EXPECT_EQ(Hex(EventKey(0x0102030405060708).bytes), "450102030405060708");
  EXPECT_EQ(Hex(GenerationKey(AppKey("ab").bytes, 3).bytes), "47416162000000000000000003");
}

TEST(KeysTest, IndexesLieUnderTheBytesOfTheFormat) {
  const std::string hash = Hex(kHash);
  EXPECT_EQ(Hex(ReplayKey(kHash).bytes), "51" + hash);
  EXPECT_EQ(Hex(ReplayExpiryKey(kTime, kHash).bytes), "71010203040506070800" + hash);
  EXPECT_EQ(Hex(UriSanKey("a://b").bytes), "75613a2f2f62");
  EXPECT_EQ(Hex(TestTokenKey("ab", "c").bytes), "7461620063");
  EXPECT_EQ(Hex(PendingRequestKey("ab", "c", "d").bytes), "70616200630064");
  EXPECT_EQ(Hex(GrantKey("ab", "c", "").bytes), "676162006300");
  EXPECT_EQ(Hex(RequestExpiryKey(kTime, "ab", "c").bytes),
            "780102030405060708006162"
            "0063");
  EXPECT_EQ(Hex(DeadlineKey(kTime, "t").bytes), "6401020304050607080074");
  EXPECT_EQ(Hex(LastUseKey("t").bytes), "4c74");
  EXPECT_EQ(Hex(RescheduleKey("ab").bytes), "726162");
  EXPECT_EQ(Hex(AppTokenKey("ab", "c", "d").bytes), "61616200630064");
  EXPECT_EQ(Hex(MemberTokenKey("ab", "c", "d").bytes), "6d616200630064");
  EXPECT_EQ(Hex(HomeAppKey("ab", "c").bytes), "6861620063");
  EXPECT_EQ(Hex(OrganizationWorkspaceKey("ab", "c").bytes), "6f61620063");
  EXPECT_EQ(OrganizationWorkspaceKey("ab", "c").bytes, OrganizationWorkspacePrefix("ab") + "c");
  EXPECT_EQ(OrganizationInstallationKey("ab", "c").bytes,
            OrganizationInstallationPrefix("ab") + "c");
}

TEST(KeysTest, ABulkRevocationThatRunsTellsWhichItIs) {
  const std::string key = RunningBulkRevocationKey("ab", "c").bytes;
  EXPECT_EQ(Hex(key), "7961620063");
  EXPECT_EQ(key, RunningBulkRevocationPrefix("ab") + "c");
  EXPECT_THAT(key, StartsWith(RunningBulkRevocationPrefix()));
  EXPECT_EQ(BulkRevocationOfRunningKey(key).first, "ab");
  EXPECT_EQ(BulkRevocationOfRunningKey(key).second, "c");
  EXPECT_EQ(BulkRevocationKey("ab", "c").bytes, BulkRevocationPrefix("ab") + "c");
}

TEST(KeysTest, NodesOfTheTreeLieUnderTheBytesOfTheFormatAndTellTheirPlace) {
  const std::string key = NodeKey({2, 0x01020304050607});
  EXPECT_EQ(Hex(key), "4e02000001020304050607");
  EXPECT_THAT(key, StartsWith(NodePrefix()));
  EXPECT_THAT(key, StartsWith(NodeLevelPrefix(2)));
  EXPECT_EQ(NodeTilePrefix(2, 0x010203040506), key.substr(0, key.size() - 1));
  const auto place = PlaceOfNodeKey(key);
  ASSERT_TRUE(place.has_value());
  EXPECT_EQ(place->level, 2u);
  EXPECT_EQ(place->index, 0x01020304050607u);
  EXPECT_EQ(PlaceOfNodeKey(NodeKey({0, ~std::uint64_t{0}}))->index, ~std::uint64_t{0});
  EXPECT_FALSE(PlaceOfNodeKey(key.substr(1)).has_value());
  EXPECT_FALSE(PlaceOfNodeKey(key + "x").has_value());
  EXPECT_FALSE(PlaceOfNodeKey(EventKey(1).bytes).has_value());
}

TEST(KeysTest, CheckpointsLieUnderTheBytesOfTheFormatAndTellTheirSize) {
  const std::string key = CheckpointKey(0x0102030405060708).bytes;
  EXPECT_EQ(Hex(key), "430102030405060708");
  EXPECT_THAT(key, StartsWith(CheckpointPrefix()));
  EXPECT_EQ(SizeOfCheckpointKey(key), 0x0102030405060708u);
  EXPECT_FALSE(SizeOfCheckpointKey(key + "x").has_value());
  EXPECT_FALSE(SizeOfCheckpointKey(EventKey(1).bytes).has_value());
}

TEST(KeysTest, AConsumerLiesApartFromItsPosition) {
  EXPECT_EQ(Hex(ConsumerKey("ab").bytes), "4b6162");
  EXPECT_EQ(Hex(ConsumerPositionKey("ab").bytes), "6b6162");
  EXPECT_EQ(Hex(WorkspaceConsumerKey("ab", "c").bytes), "6361620063");
  EXPECT_EQ(Hex(HoldingConsumerKey("ab").bytes), "656162");
  EXPECT_EQ(HoldingConsumerKey("ab").bytes, HoldingConsumerPrefix() + "ab");
  EXPECT_EQ(Hex(RetentionKey().bytes), "52");
  EXPECT_EQ(Hex(EventSizesKey("ab").bytes), "7a6162");
  EXPECT_EQ(Hex(EventSizesProgressKey().bytes), "5a");
  EXPECT_EQ(ConsumerKey("ab").bytes, ConsumerPrefix() + "ab");
  EXPECT_EQ(WorkspaceConsumerKey("ab", "c").bytes, WorkspaceConsumerPrefix("ab") + "c");
}

TEST(KeysTest, EventsSortBySequenceAndTellIt) {
  std::vector<std::string> keys;
  for (const std::uint64_t sequence : {1ULL, 255ULL, 256ULL, 65536ULL, 1ULL << 40}) {
    keys.push_back(EventKey(sequence).bytes);
    EXPECT_EQ(SequenceOfEventKey(keys.back()), sequence);
  }
  EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
}

TEST(KeysTest, AListingHasItsOwnKeysAndNoNeighbours) {
  const engine::KeyRange range = engine::PrefixRange(MemberPrefix("acme"));
  const auto inside = [&](const std::string& key) { return key >= range.begin && key < range.end; };
  EXPECT_TRUE(inside(MemberKey("acme", "ann").bytes));
  EXPECT_FALSE(inside(MemberKey("acme-2", "ann").bytes));
  EXPECT_FALSE(inside(MemberKey("acm", "ann").bytes));
  EXPECT_FALSE(inside(InstallationKey("acme", "ann").bytes));
}

TEST(KeysTest, WhatIsDueAtATimeIsBelowItsEndAndWhatIsLaterIsNot) {
  const std::string end = DueEnd(ReplayExpiryPrefix(), kTime);
  EXPECT_LT(ReplayExpiryKey(kTime, kHash).bytes, end);
  EXPECT_GT(ReplayExpiryKey(kTime + absl::Microseconds(1), kHash).bytes, end);
  EXPECT_EQ(HashOfReplayExpiryKey(ReplayExpiryKey(kTime, kHash).bytes), kHash);
}

}  // namespace
}  // namespace latchkey::storage
