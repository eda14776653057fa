#include "server/secret/sealer.h"

#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/fake_entropy.h"
#include "tests/testing/status_matchers.h"

namespace latchkey::secret {
namespace {

using ::latchkey::testing::IsOk;
using ::latchkey::testing::IsOkAndHolds;
using ::latchkey::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kId[] = "0188b1a2-5c3d-4e4f-8a6b-7c8d9e0f1a2b";
constexpr char kOtherId[] = "0188b1a2-5c3d-4e4f-8a6b-7c8d9e0f1a2c";

// 32 bytes from 0 up.
std::string CountingKey() {
  std::string key;
  for (char c = 0; c < 32; ++c) key.push_back(c);
  return key;
}

class SealerTest : public ::testing::Test {
 protected:
  std::string MustSeal(const std::string& plain) {
    const auto sealed = sealer_.Seal(kId, "IssueToken", plain, entropy_);
    EXPECT_THAT(sealed, IsOk());
    return sealed.value_or("");
  }

  testing::FakeEntropy entropy_;
  const Sealer sealer_{CountingKey()};
};

TEST_F(SealerTest, OpensWhatItSealed) {
  for (const std::string& plain :
       {std::string(), std::string("a"), std::string("\0\xff", 2), std::string(1 << 20, 'x')}) {
    EXPECT_THAT(sealer_.Open(kId, "IssueToken", MustSeal(plain)), IsOkAndHolds(plain));
  }
}

TEST_F(SealerTest, OpensWhatAnotherImplementationSealedAsTheHeaderSays) {
  const std::string sealed = absl::HexStringToBytes(
      "a0a1a2a3a4a5a6a7a8a9aaab7792fe30658d3562a44321d3131116d50ff75d2f19f2dcbbb7e8");

  EXPECT_THAT(sealer_.Open(kId, "IssueToken", sealed), IsOkAndHolds("the answer"));
}

TEST_F(SealerTest, TheBytesShowNothingOfTheAnswerAndDifferEachTime) {
  const std::string first = MustSeal("a secret answer");

  EXPECT_THAT(first, Not(HasSubstr("secret")));
  EXPECT_THAT(first, Not(HasSubstr(kId)));
  EXPECT_NE(MustSeal("a secret answer"), first);
}

TEST_F(SealerTest, EveryAlteredByteIsDataLoss) {
  const std::string sealed = MustSeal("the answer");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    for (const int bit : {1, 2, 4, 8, 16, 32, 64, 128}) {
      std::string altered = sealed;
      altered[i] = static_cast<char>(altered[i] ^ bit);
      ASSERT_THAT(sealer_.Open(kId, "IssueToken", altered), StatusIs(absl::StatusCode::kDataLoss))
          << i;
    }
  }
}

TEST_F(SealerTest, EveryOtherLengthIsDataLoss) {
  const std::string sealed = MustSeal("the answer");
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    ASSERT_THAT(sealer_.Open(kId, "IssueToken", sealed.substr(0, size)),
                StatusIs(absl::StatusCode::kDataLoss))
        << size;
  }
  EXPECT_THAT(sealer_.Open(kId, "IssueToken", sealed + '\0'),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(SealerTest, OpensOnlyForTheSameRequestIdContextAndKey) {
  const std::string sealed = MustSeal("the answer");

  EXPECT_THAT(sealer_.Open(kOtherId, "IssueToken", sealed), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(sealer_.Open("", "IssueToken", sealed), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(sealer_.Open(kId, "RevokeToken", sealed), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(sealer_.Open(kId, "", sealed), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(Sealer(std::string(32, 'k')).Open(kId, "IssueToken", sealed),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(SealerTest, AnEmptyContextIsAContext) {
  const auto sealed = sealer_.Seal(kId, "", "the answer", entropy_);

  ASSERT_THAT(sealed, IsOk());
  EXPECT_THAT(sealer_.Open(kId, "", *sealed), IsOkAndHolds("the answer"));
  EXPECT_THAT(sealer_.Open(kId, "x", *sealed), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(RequestIdHashTest, IsTheDigestThatTheHeaderSays) {
  EXPECT_EQ(absl::BytesToHexString(RequestIdHash(kId, "members/ann")),
            "8a3192332dd5df2f1808b83944f98ec37456d6798fde586a1d2115f7914d79d4");
}

TEST(RequestIdHashTest, DiffersForEachCallerAndId) {
  const std::set<std::string> hashes{RequestIdHash(kId, "members/ann"),
                                     RequestIdHash(kOtherId, "members/ann"),
                                     RequestIdHash(kId, "members/bob"), RequestIdHash(kId, "")};

  EXPECT_EQ(hashes.size(), 4u);
}

}  // namespace
}  // namespace latchkey::secret
