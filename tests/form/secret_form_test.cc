#include "server/form/secret_form.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/fake_entropy.h"
#include "tests/testing/status_matchers.h"

namespace latchkey::secret {
namespace {

using ::latchkey::testing::IsOk;
using ::latchkey::testing::StatusIs;
using ::testing::HasSubstr;

std::string Write(absl::string_view prefix, Entropy& entropy) {
  std::string secret(SecretBytes(prefix), '?');
  SecretBits bits{};
  entropy.Fill(bits.data(), sizeof(bits));
  WriteSecret(prefix, bits, secret.data());
  EXPECT_THAT(bits, ::testing::Each(0U));
  return secret;
}

class SecretFormTest : public ::testing::Test {
 protected:
  // The number of the kind, or 0 where it is refused.
  int KindOf(absl::string_view presented) const {
    const auto parsed = ParseSecret(prefixes_, presented);
    return parsed.has_value() ? static_cast<int>(parsed->kind) : 0;
  }

  std::string Generate(absl::string_view prefix) { return Write(prefix, entropy_); }

  const TokenPrefixes prefixes_;
  testing::FakeEntropy entropy_;
};

TEST_F(SecretFormTest, SecretsMadeByTheDescriptionAloneAreAccepted) {
  EXPECT_EQ(KindOf("lkb_00000000000000000000000000000000000000000000jTibY"), 1);  // the number 0
  EXPECT_EQ(KindOf("lku_00000000000000000000000000000000000000000013Q3qL0"), 2);  // 1
  EXPECT_EQ(KindOf("lkr_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp13PWsOs"), 8);  // 2^256 - 1
}

TEST_F(SecretFormTest, NumbersBeyond256BitsAreRefusedThoughTheChecksumFits) {
  EXPECT_EQ(KindOf("lkr_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp20e2lhU"), 0);  // 2^256
  EXPECT_EQ(KindOf("lkb_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz1Ng4vp"), 0);
}

TEST_F(SecretFormTest, OtherCharactersAreRefusedThoughTheChecksumFits) {
  EXPECT_EQ(KindOf("lkb_00000000000000000000-00000000000000000000003H8ukf"), 0);
  EXPECT_EQ(KindOf("lkb_00000000000000000000_00000000000000000000001dCVsG"), 0);
}

TEST_F(SecretFormTest, OtherPrefixesAreRefusedThoughTheChecksumFits) {
  EXPECT_EQ(KindOf("abc_00000000000000000000000000000000000000000001ZtkQJ"), 0);
  EXPECT_EQ(KindOf("LKB_000000000000000000000000000000000000000000046QltH"), 0);
}

TEST_F(SecretFormTest, EveryChangedCharacterIsRefused) {
  for (int i = 0; i < 20; ++i) {
    const std::string secret = Generate("lkt");
    for (std::size_t at = 0; at < secret.size(); ++at) {
      for (int c = 0; c < 256; ++c) {
        std::string changed = secret;
        changed[at] = static_cast<char>(c);
        if (changed == secret) continue;
        ASSERT_EQ(KindOf(changed), 0) << "the character " << at << " as " << c;
      }
    }
  }
}

TEST_F(SecretFormTest, TwoSwappedCharactersAreRefused) {
  for (int i = 0; i < 200; ++i) {
    const std::string secret = Generate("lks");
    for (std::size_t at = 0; at + 1 < secret.size(); ++at) {
      std::string swapped = secret;
      std::swap(swapped[at], swapped[at + 1]);
      if (swapped == secret) continue;
      ASSERT_EQ(KindOf(swapped), 0) << at;
    }
  }
}

TEST_F(SecretFormTest, EveryPrefixAndEveryExtensionIsRefused) {
  const std::string secret = Generate("lkb");
  for (std::size_t size = 0; size < secret.size(); ++size) {
    EXPECT_EQ(KindOf(secret.substr(0, size)), 0) << size;
    EXPECT_EQ(KindOf(secret.substr(size + 1)), 0) << size;
  }
  for (const char* end : {"0", " ", "\n", "_"}) {
    EXPECT_EQ(KindOf(secret + end), 0);
    EXPECT_EQ(KindOf(end + secret), 0);
  }
  EXPECT_EQ(KindOf(secret + std::string(1, '\0')), 0);
  EXPECT_EQ(KindOf(secret + secret), 0);
}

TEST_F(SecretFormTest, WhateverIsPresentedIsRefusedQuietly) {
  for (std::size_t size = 0; size < 3000; ++size) {
    std::string bytes(size, '\0');
    entropy_.Fill(bytes.data(), bytes.size());
    ASSERT_EQ(KindOf(bytes), 0);
    ASSERT_EQ(KindOf(absl::StrCat("lkb_", bytes)), 0);
    ASSERT_FALSE(HasSecretForm(kOperatorPrefix, bytes));
  }
  EXPECT_EQ(KindOf(absl::string_view()), 0);
  EXPECT_EQ(KindOf("_"), 0);
  EXPECT_EQ(KindOf(std::string(10 << 20, '_')), 0);
}

TEST_F(SecretFormTest, ASecretIsFoundWithinAText) {
  for (const char* prefix : {"lkb", "ab", "acmecorp", kOperatorPrefix}) {
    const std::string secret = Generate(prefix);
    for (const char* before : {"", "found ", "x_y_", "=", "\xff", "A"}) {
      for (const char* after : {"", " in a log", "_", ".", "0"}) {
        EXPECT_TRUE(HoldsSecret(absl::StrCat(before, secret, after))) << before << prefix << after;
      }
    }
    std::string other = secret;
    other.back() = other.back() == '0' ? '1' : '0';
    EXPECT_FALSE(HoldsSecret(other));
    EXPECT_FALSE(HoldsSecret(secret.substr(0, secret.size() - 1)));
    EXPECT_FALSE(HoldsSecret(secret.substr(secret.find('_'))));
  }
  EXPECT_FALSE(HoldsSecret(""));
  EXPECT_FALSE(HoldsSecret(std::string(256, '_')));
}

TEST_F(SecretFormTest, TheOperatorSecretHasTheFormButIsNoToken) {
  const std::string secret = Generate(kOperatorPrefix);

  EXPECT_TRUE(HasSecretForm(kOperatorPrefix, secret));
  EXPECT_FALSE(HasSecretForm("lkb", secret));
  EXPECT_EQ(KindOf(secret), 0);
}

TEST(TokenPrefixesTest, TheDefaultIsInTheOrderOfTheKinds) {
  const TokenPrefixes prefixes;

  std::string all;
  for (std::uint8_t kind = 1; kind <= kTokenKinds; ++kind) {
    const absl::string_view prefix = prefixes.PrefixOf(static_cast<TokenKindNumber>(kind));
    EXPECT_EQ(prefixes.KindOf(prefix), static_cast<TokenKindNumber>(kind));
    absl::StrAppend(&all, prefix, " ");
  }
  EXPECT_EQ(all, "lkb lku lkt lkc lkh lka lks lkr ");
}

TEST(TokenPrefixesTest, ConfiguredPrefixesReplaceTheDefault) {
  testing::FakeEntropy entropy;
  const auto prefixes =
      TokenPrefixes::Create({"ab", "acmeuser", "x3", "44", "5e", "6f", "70", "8a"});
  ASSERT_THAT(prefixes, IsOk());

  const std::string secret = Write(prefixes->PrefixOf(static_cast<TokenKindNumber>(2)), entropy);

  EXPECT_THAT(secret, ::testing::StartsWith("acmeuser_"));
  const auto parsed = ParseSecret(*prefixes, secret);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->kind, static_cast<TokenKindNumber>(2));
  EXPECT_FALSE(ParseSecret(TokenPrefixes(), secret).has_value());
  EXPECT_EQ(prefixes->KindOf("lkb"), std::nullopt);
}

TEST(TokenPrefixesTest, APrefixThatDoesNotDoIsNamed) {
  for (const char* bad : {"", "a", "ninechars", "lkB", "l_k", "lk-", "l k", "lk\n", "l\xc3\xa4",
                          "lkb", kOperatorPrefix}) {
    std::vector<std::string> prefixes{"lkb", "lku", "lkt", "lkc", "lkh", "lka", "lks"};
    prefixes.emplace_back(bad);
    std::rotate(prefixes.begin(), prefixes.end() - 1, prefixes.end());

    EXPECT_THAT(TokenPrefixes::Create(prefixes),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("token prefix 1 is \"")))
        << bad;
  }
}

TEST(TokenPrefixesTest, SecretsWithAFormerPrefixAreStillGood) {
  testing::FakeEntropy entropy;
  auto prefixes = TokenPrefixes::Create({"ab", "acmeuser", "x3", "44", "5e", "6f", "70", "8a"});
  ASSERT_THAT(prefixes, IsOk());
  const std::string secret = Write("lkr", entropy);
  ASSERT_FALSE(ParseSecret(*prefixes, secret).has_value());

  EXPECT_THAT(prefixes->AddFormer(TokenKindNumber{8}, "lkr"), IsOk());
  EXPECT_THAT(prefixes->AddFormer(TokenKindNumber{8}, "lkr"), IsOk());
  EXPECT_THAT(prefixes->AddFormer(TokenKindNumber{1}, "ab"), IsOk());

  const auto parsed = ParseSecret(*prefixes, secret);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->kind, TokenKindNumber{8});
  EXPECT_EQ(prefixes->PrefixOf(TokenKindNumber{8}), "8a");
}

TEST(TokenPrefixesTest, WhatAKindHasNowGoesBeforeWhatAnotherHad) {
  auto prefixes = TokenPrefixes::Create({"ab", "acmeuser", "x3", "44", "5e", "6f", "70", "8a"});
  ASSERT_THAT(prefixes, IsOk());

  EXPECT_THAT(prefixes->AddFormer(TokenKindNumber{2}, "x3"), IsOk());

  EXPECT_EQ(prefixes->KindOf("x3"), TokenKindNumber{3});
  for (const char* bad : {"", "x", "ninechars", "LKB", kOperatorPrefix}) {
    EXPECT_THAT(prefixes->AddFormer(TokenKindNumber{1}, bad),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << bad;
  }
}

TEST(PrefixOfSecretTest, TellsWholeSecretsOnly) {
  testing::FakeEntropy entropy;
  for (const char* prefix : {"lkb", "ab", "acmeuser", kOperatorPrefix}) {
    const std::string secret = Write(prefix, entropy);
    EXPECT_EQ(PrefixOfSecret(secret), prefix);
    EXPECT_EQ(PrefixOfSecret("x" + secret), std::nullopt);
    EXPECT_EQ(PrefixOfSecret(secret + "0"), std::nullopt);
    EXPECT_EQ(PrefixOfSecret(secret.substr(0, secret.size() - 1)), std::nullopt);
  }
  EXPECT_EQ(PrefixOfSecret(""), std::nullopt);
  EXPECT_EQ(PrefixOfSecret("_"), std::nullopt);
}

TEST(TokenPrefixesTest, AsManyPrefixesAsKindsAreNeeded) {
  EXPECT_THAT(TokenPrefixes::Create({}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("got 0")));
  EXPECT_THAT(TokenPrefixes::Create({"p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("got 9")));
}

}  // namespace
}  // namespace latchkey::secret
