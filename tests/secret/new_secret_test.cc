#include "server/secret/new_secret.h"

#include <cstring>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "tests/testing/fake_entropy.h"

namespace latchkey::secret {
namespace {

// Gives one byte over and over.
class OneByteEntropy final : public Entropy {
 public:
  explicit OneByteEntropy(int byte) : byte_(byte) {}
  void Fill(void* out, std::size_t size) override { std::memset(out, byte_, size); }

 private:
  const int byte_;
};

TEST(NewSecretTest, AllTheRandomBitsAreInTheSecret) {
  OneByteEntropy zeros(0);
  OneByteEntropy ones(0xff);

  EXPECT_EQ(GenerateSecret("lkb", zeros).Reveal(),
            "lkb_00000000000000000000000000000000000000000000jTibY");
  EXPECT_EQ(GenerateSecret("lkr", ones).Reveal(),
            "lkr_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp13PWsOs");
}

TEST(NewSecretTest, WhatIsGeneratedIsOfItsKindAndOccursOnce) {
  const TokenPrefixes prefixes;
  testing::FakeEntropy entropy;
  std::set<std::string> seen;
  for (int i = 0; i < 10000; ++i) {
    const int kind = 1 + i % static_cast<int>(kTokenKinds);
    const std::string secret(
        GenerateSecret(prefixes.PrefixOf(static_cast<TokenKindNumber>(kind)), entropy).Reveal());
    ASSERT_EQ(secret.size(), 53u);
    const auto parsed = ParseSecret(prefixes, secret);
    ASSERT_TRUE(parsed.has_value()) << secret;
    ASSERT_EQ(static_cast<int>(parsed->kind), kind) << secret;
    seen.insert(secret);
  }
  EXPECT_EQ(seen.size(), 10000u);
}

}  // namespace
}  // namespace latchkey::secret
