#ifndef LATCHKEY_SERVER_BASE_HUGE_PAGES_H_
#define LATCHKEY_SERVER_BASE_HUGE_PAGES_H_

#include <cstddef>
#include <memory_resource>

namespace latchkey {

// A huge page of the processors that this is built for.
inline constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

// Returns memory in huge pages, as far as the system grants them (madvise(2), MADV_HUGEPAGE): for
// tables that are looked into at random, where to find the page costs as much as what is on it.
// What fills no huge page comes from the heap.
//
// Lives for ever. Thread-safe. Throws std::bad_alloc where there is no memory.
std::pmr::memory_resource* HugePages();

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_BASE_HUGE_PAGES_H_
