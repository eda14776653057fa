#include "server/base/huge_pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <new>

namespace latchkey {
namespace {

std::size_t WholePages(std::size_t bytes) {
  static const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

void Unmap(char* begin, std::size_t bytes) {
  if (bytes != 0) munmap(begin, bytes);
}

void* Map(std::size_t bytes) {
  const std::size_t size = WholePages(bytes);
  void* const mapped = mmap(nullptr, size + kHugePageBytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  // A huge page begins at a multiple of its size; what is before and behind goes back.
  char* const begin = static_cast<char*>(mapped);
  const std::size_t before = -reinterpret_cast<std::uintptr_t>(begin) % kHugePageBytes;
  Unmap(begin, before);
  Unmap(begin + before + size, kHugePageBytes - before);
  // An end that fills no huge page stays in small ones: only what is used is to be taken.
  madvise(begin + before, size / kHugePageBytes * kHugePageBytes, MADV_HUGEPAGE);
  return begin + before;
}

class Resource final : public std::pmr::memory_resource {
 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (bytes >= kHugePageBytes) return Map(bytes);
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    if (bytes >= kHugePageBytes) {
      Unmap(static_cast<char*>(block), WholePages(bytes));
    } else {
      std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
    }
  }
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }
};

}  // namespace

std::pmr::memory_resource* HugePages() {
  static Resource* const resource = new Resource;
  return resource;
}

}  // namespace latchkey
