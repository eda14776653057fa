#include "server/base/entropy.h"

#include <array>
#include <set>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/fake_entropy.h"

namespace latchkey {
namespace {

using ::testing::Each;

std::array<unsigned char, 32> Draw(Entropy& entropy) {
  std::array<unsigned char, 32> bytes{};
  entropy.Fill(bytes.data(), bytes.size());
  return bytes;
}

TEST(SystemEntropyTest, NoTwoDrawsAreEqual) {
  SystemEntropy entropy;
  std::set<std::array<unsigned char, 32>> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(Draw(entropy));
  EXPECT_EQ(seen.size(), 1000u);
}

TEST(SystemEntropyTest, FillsMoreThanTheKernelGivesAtOnce) {
  SystemEntropy entropy;
  // getrandom() may stop at 256 bytes when a signal comes, and always stops below 32 MiB.
  std::vector<unsigned char> bytes(40 << 20);
  entropy.Fill(bytes.data(), bytes.size());
  const std::vector<unsigned char> end(bytes.end() - 4096, bytes.end());
  EXPECT_THAT(end, ::testing::Not(Each(0)));
}

TEST(SystemEntropyTest, WritesNothingBeyondTheEnd) {
  SystemEntropy entropy;
  std::array<unsigned char, 8> bytes{};
  for (int i = 0; i < 100; ++i) entropy.Fill(bytes.data(), 4);
  EXPECT_THAT(std::vector<unsigned char>(bytes.begin() + 4, bytes.end()), Each(0));
}

TEST(PrefetchedEntropyTest, GivesEachByteOfTheSourceOnce) {
  testing::FakeEntropy source(7);
  testing::FakeEntropy same(7);
  PrefetchedEntropy entropy(source);
  entropy.Prefetch(64);
  EXPECT_EQ(Draw(entropy), Draw(same));
  EXPECT_EQ(Draw(entropy), Draw(same));
  // Beyond what was fetched it is the source that gives, where it is then.
  EXPECT_EQ(Draw(entropy), Draw(same));
}

TEST(PrefetchedEntropyTest, WhatWasNotGivenIsNotGivenLater) {
  testing::FakeEntropy source(7);
  testing::FakeEntropy same(7);
  PrefetchedEntropy entropy(source);
  entropy.Prefetch(64);
  entropy.Discard();
  Draw(same);
  Draw(same);
  EXPECT_EQ(Draw(entropy), Draw(same));
  entropy.Prefetch(64);
  entropy.Prefetch(32);
  Draw(same);
  Draw(same);
  EXPECT_EQ(Draw(entropy), Draw(same));
}

TEST(PrefetchedEntropyTest, FetchesNoMoreThanItsBound) {
  testing::FakeEntropy source(7);
  testing::FakeEntropy same(7);
  PrefetchedEntropy entropy(source);
  entropy.Prefetch(1 << 20);
  for (int i = 0; i < 200; ++i) ASSERT_EQ(Draw(entropy), Draw(same)) << i;
}

TEST(FakeEntropyTest, TheSameSeedGivesTheSameStream) {
  testing::FakeEntropy one(7);
  testing::FakeEntropy same(7);
  testing::FakeEntropy other(8);

  const auto first = Draw(one);
  EXPECT_EQ(Draw(same), first);
  EXPECT_NE(Draw(other), first);
  EXPECT_NE(Draw(one), first);
}

}  // namespace
}  // namespace latchkey
