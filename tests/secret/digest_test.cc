#include "server/secret/digest.h"

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace latchkey::secret {
namespace {

std::string Hex(const Digest& digest) { return absl::BytesToHexString(AsBytes(digest)); }

// The bytes from `first` on, one more each.
std::string Counting(unsigned char first, std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(first + i));
  return bytes;
}

TEST(Sha256Test, GivesTheDigestsOfFips180) {
  EXPECT_EQ(Hex(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Hex(Sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

struct HmacCase {
  const char* name;
  std::string key;
  std::string message;
  std::string digest;  // case 5 of the RFC gives its first 16 bytes only
};

class KeyedHashTest : public ::testing::TestWithParam<HmacCase> {};

TEST_P(KeyedHashTest, GivesTheDigestsOfRfc4231) {
  const KeyedHash hash(GetParam().key);

  EXPECT_THAT(Hex(hash.Hash(GetParam().message)), ::testing::StartsWith(GetParam().digest));
}

INSTANTIATE_TEST_SUITE_P(
    Rfc4231, KeyedHashTest,
    ::testing::Values(
        HmacCase{"Case1", std::string(20, '\x0b'), "Hi There",
                 "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        HmacCase{"Case2", "Jefe", "what do ya want for nothing?",
                 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        HmacCase{"Case3", std::string(20, '\xaa'), std::string(50, '\xdd'),
                 "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        HmacCase{"Case4", Counting(1, 25), std::string(50, '\xcd'),
                 "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        HmacCase{"Case5", std::string(20, '\x0c'), "Test With Truncation",
                 "a3b6167473100ee06e0c796c2955552b"},
        HmacCase{"Case6", std::string(131, '\xaa'),
                 "Test Using Larger Than Block-Size Key - Hash Key First",
                 "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        HmacCase{"Case7", std::string(131, '\xaa'),
                 "This is a test using a larger than block-size key and a larger than block-size "
                 "data. The key needs to be hashed before being used by the HMAC algorithm.",
                 "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"}),
    [](const auto& param) { return param.param.name; });

TEST(KeyedHashUseTest, AnswersTheSameEveryTimeAndAfterAMove) {
  KeyedHash hash("Jefe");
  const Digest first = hash.Hash("what do ya want for nothing?");

  EXPECT_NE(hash.Hash(""), first);
  EXPECT_EQ(hash.Hash("what do ya want for nothing?"), first);
  KeyedHash moved(std::move(hash));
  EXPECT_EQ(moved.Hash("what do ya want for nothing?"), first);
  KeyedHash assigned("another");
  assigned = std::move(moved);
  EXPECT_EQ(assigned.Hash("what do ya want for nothing?"), first);
}

TEST(KeyedHashUseTest, ManyThreadsUseOneAtOnce) {
  const KeyedHash hash("Jefe");
  const Digest expected = hash.Hash("message");
  std::vector<int> wrong(4, 0);

  std::vector<std::thread> threads;
  threads.reserve(wrong.size());
  for (int& count : wrong) {
    threads.emplace_back([&hash, &expected, &count] {
      for (int i = 0; i < 2000; ++i) {
        if (hash.Hash(absl::StrCat(i)) == expected || hash.Hash("message") != expected) ++count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_THAT(wrong, ::testing::Each(0));
}

TEST(HkdfSha256Test, GivesTheKeysOfRfc5869) {
  const std::string input(22, '\x0b');

  EXPECT_EQ(Hex(HkdfSha256(KeyedHash(Counting(0, 13)), input, Counting(0xf0, 10))),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
  EXPECT_EQ(Hex(HkdfSha256(KeyedHash(Counting(0x60, 80)), Counting(0, 80), Counting(0xb0, 80))),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c");
  EXPECT_EQ(Hex(HkdfSha256(KeyedHash(""), input, "")),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

}  // namespace
}  // namespace latchkey::secret
