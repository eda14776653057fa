#include "server/base/huge_pages.h"

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace latchkey {
namespace {

using ::testing::HasSubstr;

// The bytes of this process's address space.
std::size_t MappedBytes() {
  std::ifstream in("/proc/self/status");
  std::string word;
  while (in >> word) {
    if (word == "VmSize:" && in >> word) return std::stoul(word) * 1024;
  }
  return 0;
}

// The flags of the mapping that `block` is the beginning of.
std::string FlagsOf(const void* block) {
  std::ifstream in("/proc/self/smaps");
  std::ostringstream begin;
  begin << std::hex << reinterpret_cast<std::uintptr_t>(block) << '-';
  std::string line;
  bool found = false;
  while (std::getline(in, line)) {
    if (line.rfind(begin.str(), 0) == 0) found = true;
    if (found && line.rfind("VmFlags:", 0) == 0) return line;
  }
  return "";
}

TEST(HugePagesTest, LargeBlocksAskForHugePages) {
  if (!std::filesystem::exists("/sys/kernel/mm/transparent_hugepage")) {
    GTEST_SKIP() << "this kernel has none";
  }
  constexpr std::size_t kBytes = 2 * kHugePageBytes;
  void* const block = HugePages()->allocate(kBytes);
  EXPECT_THAT(FlagsOf(block), HasSubstr(" hg"));
  HugePages()->deallocate(block, kBytes);
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
