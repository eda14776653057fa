#include "server/authority/secret_cache.h"

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace latchkey {
namespace {

constexpr std::size_t kShards = 16;

// A hash of 32 bytes that falls into the first shard.
std::string HashOf(std::uint64_t number) {
  std::string hash(32, '\0');
  std::memcpy(hash.data(), &number, sizeof(number));
  return hash;
}

class SecretCacheTest : public ::testing::Test {
 protected:
  // Looks a hash up and adds it where it is not there, as the verifier does.
  void Use(const std::string& hash) {
    SecretCache::Epoch epoch = 0;
    if (cache_.Find(hash, epoch) == nullptr) cache_.Insert(cache_.NewEntry(hash), epoch);
  }
  bool Has(const std::string& hash) {
    SecretCache::Epoch epoch = 0;
    return cache_.Find(hash, epoch) != nullptr;
  }

  SecretCache cache_{kShards * 4};  // four in a shard
};

TEST_F(SecretCacheTest, HoldsAsManyEntriesAsItMay) {
  for (std::uint64_t i = 0; i < 4; ++i) Use(HashOf(i));
  for (std::uint64_t i = 0; i < 4; ++i) EXPECT_TRUE(Has(HashOf(i))) << i;
  EXPECT_EQ(cache_.size(), 4u);
}

TEST_F(SecretCacheTest, NeverHoldsMoreThanItMay) {
  for (std::uint64_t i = 0; i < 1000; ++i) Use(HashOf(i));
  EXPECT_EQ(cache_.size(), 4u);
}

TEST_F(SecretCacheTest, KeepsWhatIsUsedWhenOthersComeAndGo) {
  for (std::uint64_t i = 0; i < 200; ++i) {
    Use(HashOf(7));
    Use(HashOf(1000 + i));
  }
  EXPECT_TRUE(Has(HashOf(7)));
}

TEST_F(SecretCacheTest, ForgetsWhatWasErasedAndOnlyThat) {
  Use(HashOf(1));
  Use(HashOf(2));
  cache_.Erase(HashOf(1));
  EXPECT_FALSE(Has(HashOf(1)));
  EXPECT_TRUE(Has(HashOf(2)));
  EXPECT_EQ(cache_.size(), 1u);
}

TEST_F(SecretCacheTest, DoesNotTakeInWhatWasReadBeforeAnErase) {
  SecretCache::Epoch epoch = 0;
  ASSERT_EQ(cache_.Find(HashOf(1), epoch), nullptr);
  cache_.Erase(HashOf(1));
  cache_.Insert(cache_.NewEntry(HashOf(1)), epoch);
  EXPECT_FALSE(Has(HashOf(1)));
}

TEST_F(SecretCacheTest, DoesNotTakeInWhatWasReadBeforeAClear) {
  Use(HashOf(2));
  SecretCache::Epoch epoch = 0;
  ASSERT_EQ(cache_.Find(HashOf(1), epoch), nullptr);
  cache_.Clear();
  cache_.Insert(cache_.NewEntry(HashOf(1)), epoch);
  EXPECT_FALSE(Has(HashOf(1)));
  EXPECT_FALSE(Has(HashOf(2)));
  EXPECT_EQ(cache_.size(), 0u);
}

TEST_F(SecretCacheTest, FillsTheRoomThatAnEraseLeft) {
  for (std::uint64_t i = 0; i < 4; ++i) Use(HashOf(i));
  cache_.Erase(HashOf(3));
  Use(HashOf(9));
  for (const std::uint64_t i : {0, 1, 2, 9}) EXPECT_TRUE(Has(HashOf(i))) << i;
}

TEST_F(SecretCacheTest, ThreadsMayFreeWhatOthersMadeAndEnd) {
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < 500; ++i) {
        Use(HashOf(t * 250 + i));
        cache_.Erase(HashOf(t * 250 + i / 2));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(cache_.size(), 4u);
  cache_.Clear();
  EXPECT_EQ(cache_.size(), 0u);
  Use(HashOf(1));
  EXPECT_TRUE(Has(HashOf(1)));
}

TEST_F(SecretCacheTest, ToPrefetchIsNotToUse) {
  for (std::uint64_t i = 0; i < 4; ++i) Use(HashOf(i));
  for (std::uint64_t i = 4; i < 8; ++i) {
    cache_.Prefetch(HashOf(0));
    Use(HashOf(i));
  }
  EXPECT_FALSE(Has(HashOf(0)));
}

}  // namespace
}  // namespace latchkey
