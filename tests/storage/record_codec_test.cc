#include "storage/record_codec.h"

#include <random>
#include <string>

#include "absl/strings/escaping.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/keys.h"
#include "tests/testing/status_matchers.h"

namespace latchkey::storage {
namespace {

using testing::IsOk;
using testing::StatusIs;

v1::TokenRecord SampleToken() {
  v1::TokenRecord record;
  record.mutable_token()->set_name("workspaces/w/tokens/t");
  record.mutable_token()->set_revision(7);
  record.set_secret_hash(std::string(4, '\x11'));
  record.set_key_id(1);
  record.set_workspace_generation(2);
  return record;
}

const std::string kKey = WorkspaceTokenKey("w", "t").bytes;

TEST(RecordCodecTest, WritesTheBytesOfTheFormat) {
  EXPECT_EQ(absl::BytesToHexString(EncodeRecord(kKey, SampleToken())),
            "010a190a15776f726b7370616365732f772f746f6b656e732f74700712041111111118012002e1a3d3b9");
  EXPECT_EQ(absl::BytesToHexString(EncodePayload(kKey, "")), "01578a0dc1");
}

TEST(RecordCodecTest, WritesSizesOfEventsInFewBytes) {
  v1::EventSizesRecord sizes;
  sizes.set_total_bytes(1 << 20);
  sizes.set_counted_sequence(9);
  for (const std::uint64_t mark : {3, 300}) {
    sizes.add_mark_sequences(mark);
    sizes.add_mark_bytes(mark + 1);
  }
  EXPECT_EQ(absl::BytesToHexString(EncodeMessage(sizes)), "0880804010091a0303ac02220304ad02");
  v1::EventSizesProgressRecord progress;
  progress.set_counted_sequence(9);
  EXPECT_EQ(absl::BytesToHexString(EncodeMessage(progress)), "0809");
}

TEST(RecordCodecTest, ReadsWhatItWrote) {
  v1::TokenRecord read;
  ASSERT_THAT(DecodeRecord(kKey, EncodeRecord(kKey, SampleToken()), read), IsOk());
  EXPECT_EQ(read.SerializeAsString(), SampleToken().SerializeAsString());
}

TEST(RecordCodecTest, RefusesEveryFlippedBit) {
  const std::string stored = EncodeRecord(kKey, SampleToken());
  for (std::size_t at = 0; at < stored.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string damaged = stored;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      v1::TokenRecord read;
      EXPECT_THAT(DecodeRecord(kKey, damaged, read), StatusIs(absl::StatusCode::kDataLoss))
          << "byte " << at << " bit " << bit;
    }
  }
}

TEST(RecordCodecTest, RefusesEveryTruncation) {
  const std::string stored = EncodeRecord(kKey, SampleToken());
  for (std::size_t size = 0; size < stored.size(); ++size) {
    v1::TokenRecord read;
    EXPECT_THAT(DecodeRecord(kKey, stored.substr(0, size), read),
                StatusIs(absl::StatusCode::kDataLoss))
        << size;
  }
}

TEST(RecordCodecTest, RefusesARecordUnderAnotherKey) {
  v1::TokenRecord read;
  EXPECT_THAT(
      DecodeRecord(WorkspaceTokenKey("w", "u").bytes, EncodeRecord(kKey, SampleToken()), read),
      StatusIs(absl::StatusCode::kDataLoss));
}

TEST(RecordCodecTest, NamesANewerFormat) {
  // A record of format 2, whole and with its checksum: it differs from damage.
  const std::string key = "K";
  std::string newer = EncodePayload(key, "x");
  newer[0] = 2;
  newer.resize(newer.size() - 4);
  const std::string checksum = absl::HexStringToBytes("bf2066ef");
  EXPECT_THAT(DecodePayload(key, newer + checksum),
              StatusIs(absl::StatusCode::kDataLoss, ::testing::HasSubstr("format 2")));
}

TEST(RecordCodecTest, SurvivesRandomBytes) {
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes(random() % 64, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    v1::TokenRecord read;
    EXPECT_FALSE(DecodeRecord(kKey, bytes, read).ok());
  }
}

}  // namespace
}  // namespace latchkey::storage
