#include "server/secret/uuid.h"

#include <cstring>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "tests/testing/fake_entropy.h"

namespace latchkey::secret {
namespace {

constexpr char kUuid[] = "0188b1a2-5c3d-4e4f-8a6b-7c8d9e0f1a2b";

TEST(UuidTest, ARandomUuidIsAccepted) {
  EXPECT_TRUE(IsRandomUuid(kUuid));
  EXPECT_TRUE(IsRandomUuid("00000000-0000-4000-b000-000000000000"));
  EXPECT_TRUE(IsRandomUuid("ffffffff-ffff-4fff-9fff-ffffffffffff"));
}

TEST(UuidTest, OtherVersionsVariantsAndCasesAreRefused) {
  EXPECT_FALSE(IsRandomUuid("0188b1a2-5c3d-1e4f-8a6b-7c8d9e0f1a2b"));
  EXPECT_FALSE(IsRandomUuid("0188b1a2-5c3d-7e4f-8a6b-7c8d9e0f1a2b"));
  EXPECT_FALSE(IsRandomUuid("0188b1a2-5c3d-4e4f-7a6b-7c8d9e0f1a2b"));
  EXPECT_FALSE(IsRandomUuid("0188b1a2-5c3d-4e4f-ca6b-7c8d9e0f1a2b"));
  EXPECT_FALSE(IsRandomUuid("0188B1A2-5C3D-4E4F-8A6B-7C8D9E0F1A2B"));
  EXPECT_FALSE(IsRandomUuid("00000000-0000-0000-0000-000000000000"));
  EXPECT_FALSE(IsRandomUuid("{188b1a2-5c3d-4e4f-8a6b-7c8d9e0f1a2}"));
  EXPECT_FALSE(IsRandomUuid("0188b1a25c3d4e4f8a6b7c8d9e0f1a2b"));
}

TEST(UuidTest, EveryPrefixAndExtensionIsRefused) {
  const std::string uuid = kUuid;
  for (std::size_t size = 0; size < uuid.size(); ++size) {
    EXPECT_FALSE(IsRandomUuid(uuid.substr(0, size))) << size;
  }
  EXPECT_FALSE(IsRandomUuid(uuid + "0"));
  EXPECT_FALSE(IsRandomUuid(uuid + "\n"));
  EXPECT_FALSE(IsRandomUuid(std::string(36, '\0')));
}

TEST(UuidTest, OnlyHexadecimalDigitsAndHyphensInTheirPlacesAreAccepted) {
  for (std::size_t at = 0; at < sizeof(kUuid) - 1; ++at) {
    for (int c = 0; c < 256; ++c) {
      std::string changed = kUuid;
      const bool hyphen = changed[at] == '-';
      changed[at] = static_cast<char>(c);
      const char* allowed = hyphen ? "-" : at == 14 ? "4" : at == 19 ? "89ab" : "0123456789abcdef";
      const bool accepted = c != 0 && std::strchr(allowed, c) != nullptr;
      ASSERT_EQ(IsRandomUuid(changed), accepted) << at << " " << c;
    }
  }
}

TEST(UuidTest, EveryOneMadeIsARandomUuidOfItsOwn) {
  testing::FakeEntropy entropy;
  std::set<std::string> seen;
  for (int i = 0; i < 10000; ++i) {
    const std::string uuid = MakeRandomUuid(entropy);
    ASSERT_TRUE(IsRandomUuid(uuid)) << uuid;
    seen.insert(uuid);
  }
  EXPECT_EQ(seen.size(), 10000u);
}

TEST(UuidTest, TheVariantsTwoRandomBitsAreRandom) {
  testing::FakeEntropy entropy;
  std::set<char> variants;
  for (int i = 0; i < 1000; ++i) variants.insert(MakeRandomUuid(entropy)[19]);

  EXPECT_EQ(variants, (std::set<char>{'8', '9', 'a', 'b'}));
}

}  // namespace
}  // namespace latchkey::secret
