// What is left in memory of a secret: the storage of a destroyed object, and every block that is
// given back to the heap.
#include <malloc.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/secret/digest.h"
#include "server/secret/key_file.h"
#include "server/secret/new_secret.h"
#include "server/secret/secret_string.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace {

// What to look for in freed blocks; nothing where it is empty.
struct Watch {
  std::array<char, 64> bytes{};
  std::atomic<std::size_t> size{0};
  std::atomic<int> found{0};
};
Watch g_watch;

void* Allocate(std::size_t size) {
  void* block = std::calloc(1, size == 0 ? 1 : size);
  if (block == nullptr) std::abort();
  return block;
}

void Free(void* block) {
  if (block == nullptr) return;
  const std::size_t watched = g_watch.size;
  if (watched != 0 &&
      ::memmem(block, ::malloc_usable_size(block), g_watch.bytes.data(), watched) != nullptr) {
    ++g_watch.found;
  }
  std::free(block);
}

}  // namespace

void* operator new(std::size_t size) { return Allocate(size); }
void* operator new[](std::size_t size) { return Allocate(size); }
void operator delete(void* block) noexcept { Free(block); }
void operator delete[](void* block) noexcept { Free(block); }
void operator delete(void* block, std::size_t) noexcept { Free(block); }
void operator delete[](void* block, std::size_t) noexcept { Free(block); }

namespace latchkey::secret {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Counts the freed blocks that hold `bytes`, from here to Found().
class FreedBlocksWith {
 public:
  explicit FreedBlocksWith(absl::string_view bytes) {
    std::copy(bytes.begin(), bytes.end(), g_watch.bytes.begin());
    g_watch.found = 0;
    g_watch.size = bytes.size();
  }
  ~FreedBlocksWith() { g_watch.size = 0; }
  FreedBlocksWith(const FreedBlocksWith&) = delete;
  FreedBlocksWith& operator=(const FreedBlocksWith&) = delete;

  int Found() {
    g_watch.size = 0;
    return g_watch.found;
  }
};

// Gives one byte over and over.
class OneByteEntropy final : public Entropy {
 public:
  explicit OneByteEntropy(int byte) : byte_(byte) {}
  void Fill(void* out, std::size_t size) override { std::memset(out, byte_, size); }

 private:
  const int byte_;
};

TEST(WipingTest, TheWatchSeesASecretThatIsNotWiped) {
  FreedBlocksWith freed("ZZZZZZZZZZZZZZZZ");
  { const std::string careless(48, 'Z'); }

  EXPECT_EQ(freed.Found(), 1);
}

TEST(WipingTest, ADestroyedSecretLeavesNothingOnTheHeap) {
  FreedBlocksWith freed("ZZZZZZZZZZZZZZZZ");
  {
    SecretString secret(std::string(48, 'Z'));
    SecretString moved(std::move(secret));
    SecretString assigned(std::string(64, 'Z'));
    assigned = std::move(moved);
  }

  EXPECT_EQ(freed.Found(), 0);
}

TEST(WipingTest, WhatIsBeyondTheEndIsWipedToo) {
  FreedBlocksWith freed("ZZZZZZZZZZZZZZZZ");
  {
    std::string text(48, 'Z');
    text.resize(2);
    const SecretString secret(std::move(text));
  }

  EXPECT_EQ(freed.Found(), 0);
}

// The storage of an object that is looked at byte by byte, also when the object is gone.
class Storage {
 public:
  Storage() { bytes_.resize(sizeof(SecretString)); }

  void* data() { return bytes_.data(); }

  // Reads in a way that the compiler makes no assumptions about.
  std::string Read() const {
    std::string copy;
    for (std::size_t i = 0; i < bytes_.size(); ++i) {
      copy.push_back(static_cast<const volatile char*>(bytes_.data())[i]);
    }
    return copy;
  }

 private:
  std::string bytes_;
};

TEST(WipingTest, AShortSecretLeavesNothingInTheObject) {
  Storage storage;
  auto* secret = new (storage.data()) SecretString(std::string("ZZZZZZZZ"));
  ASSERT_THAT(storage.Read(), HasSubstr("ZZZZ"));

  const SecretString taken(std::move(*secret));
  EXPECT_THAT(storage.Read(), Not(HasSubstr("ZZZZ"))) << "moved from";
  *secret = SecretString(std::string("YYYYYYYY"));
  ASSERT_THAT(storage.Read(), HasSubstr("YYYY"));
  secret->~SecretString();
  EXPECT_THAT(storage.Read(), Not(HasSubstr("YYYY"))) << "destroyed";
}

TEST(WipingTest, GeneratingASecretLeavesNoCopyOfIt) {
  OneByteEntropy zeros(0);
  FreedBlocksWith freed("_000000000000000");
  { const SecretString secret = GenerateSecret("lkb", zeros); }

  EXPECT_EQ(freed.Found(), 0);
}

TEST(WipingTest, AKeyedHashLeavesNothingOfItsState) {
  KeyedHash source(std::string(32, 'k'));
  // The inner state after the padded key block: what the object holds first.
  constexpr std::size_t kWatched = 16;
  std::array<char, kWatched> state{};
  const void* held = nullptr;
  std::memcpy(&held, static_cast<const void*>(&source), sizeof(held));
  std::memcpy(state.data(), held, state.size());

  FreedBlocksWith freed(absl::string_view(state.data(), state.size()));
  {
    KeyedHash assigned("another");
    KeyedHash moved(std::move(source));
    assigned = std::move(moved);
    assigned = KeyedHash("a third");
    source = std::move(assigned);
  }

  EXPECT_EQ(freed.Found(), 0);
}

class KeyFileWipingTest : public ::testing::TestWithParam<const char*> {};

TEST_P(KeyFileWipingTest, MakingAndWritingAKeyFileLeavesNoKey) {
  const testing::TempDir dir;
  OneByteEntropy entropy('Z');
  FreedBlocksWith freed(GetParam());
  absl::Status written;
  {
    SecretString operator_secret;
    const KeyFile keys = KeyFile::Create(entropy, operator_secret);
    written = keys.Write(dir.Child("keys.json"));
    const Keyring keyring = keys.MakeKeyring();
  }

  EXPECT_EQ(freed.Found(), 0);
  EXPECT_THAT(written, testing::IsOk());
}

INSTANTIATE_TEST_SUITE_P(RawAndBase64, KeyFileWipingTest,
                         ::testing::Values("ZZZZZZZZZZZZZZZZ", "WlpaWlpaWlpaWlpa"));

TEST(WipingTest, AKeyFileThatWasReadLeavesNoKey) {
  const testing::TempDir dir;
  OneByteEntropy entropy('Z');
  SecretString operator_secret;
  ASSERT_THAT(KeyFile::Create(entropy, operator_secret).Write(dir.Child("keys.json")),
              testing::IsOk());
  FreedBlocksWith freed("ZZZZZZZZZZZZZZZZ");
  bool read = false;
  {
    const auto keys = KeyFile::Read(dir.Child("keys.json"));
    read = keys.ok();
  }

  EXPECT_EQ(freed.Found(), 0);
  EXPECT_TRUE(read);
}

}  // namespace
}  // namespace latchkey::secret
