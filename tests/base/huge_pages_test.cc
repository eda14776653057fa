#include "server/base/huge_pages.h"

#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace latchkey {
namespace {

// The bytes of this process's address space.
std::size_t MappedBytes() {
  std::ifstream in("/proc/self/status");
  std::string word;
  while (in >> word) {
    if (word == "VmSize:" && in >> word) return std::stoul(word) * 1024;
  }
  return 0;
}

TEST(HugePagesTest, LargeBlocksBeginAtAHugePageAndAreAsLargeAsAsked) {
  for (const std::size_t bytes : {kHugePageBytes, kHugePageBytes + 1, 3 * kHugePageBytes - 4097}) {
    auto* const block = static_cast<char*>(HugePages()->allocate(bytes));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % kHugePageBytes, 0u) << bytes;
    std::memset(block, 7, bytes);
    EXPECT_EQ(block[bytes - 1], 7);
    HugePages()->deallocate(block, bytes);
  }
}

TEST(HugePagesTest, SmallBlocksAreFromTheHeapAndAligned) {
  void* const block = HugePages()->allocate(100, 64);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 64, 0u);
  std::memset(block, 7, 100);
  HugePages()->deallocate(block, 100, 64);
}

TEST(HugePagesTest, WhatIsGivenBackGoesBackToTheSystem) {
  constexpr std::size_t kBytes = 8 * kHugePageBytes + 1;
  HugePages()->deallocate(HugePages()->allocate(kBytes), kBytes);
  const std::size_t before = MappedBytes();
  ASSERT_GT(before, 0u);
  for (int i = 0; i < 64; ++i) {
    HugePages()->deallocate(HugePages()->allocate(kBytes), kBytes);
  }
  EXPECT_LT(MappedBytes(), before + kBytes);
}

}  // namespace
}  // namespace latchkey
