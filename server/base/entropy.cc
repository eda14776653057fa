#include "server/base/entropy.h"

#include <sys/mman.h>
#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

namespace latchkey {
namespace {

constexpr std::size_t kPageBytes = 4096;
// Larger draws would empty the stock, and gain little by it.
constexpr std::size_t kMostFromStock = 256;

void AskKernel(unsigned char* out, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::getrandom(out, size, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      std::perror("latchkey: getrandom");
      std::abort();
    }
    out += got;
    size -= static_cast<std::size_t>(got);
  }
}

}  // namespace

// One page. Of zeros, as it is at first and in a child after a fork, it holds nothing.
struct SystemEntropy::Stock {
  std::size_t left;  // at the end of `bytes`
  std::array<unsigned char, kPageBytes - sizeof(std::size_t)> bytes;
};

SystemEntropy::SystemEntropy() {
  static_assert(sizeof(Stock) == kPageBytes);
  void* page =
      ::mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return;
  if (::madvise(page, kPageBytes, MADV_WIPEONFORK) != 0 ||
      ::madvise(page, kPageBytes, MADV_DONTDUMP) != 0) {
    ::munmap(page, kPageBytes);
    return;
  }
  stock_ = new (page) Stock;  // of zeros: not initialized
}

SystemEntropy::~SystemEntropy() {
  if (stock_ == nullptr) return;
  ::explicit_bzero(stock_, kPageBytes);
  ::munmap(stock_, kPageBytes);
}

void SystemEntropy::Fill(void* out, std::size_t size) {
  auto* next = static_cast<unsigned char*>(out);
  if (stock_ == nullptr || size > kMostFromStock) return AskKernel(next, size);
  MutexLock lock(mu_);
  if (stock_->left < size) {
    AskKernel(stock_->bytes.data(), stock_->bytes.size());
    stock_->left = stock_->bytes.size();
  }
  unsigned char* const taken = stock_->bytes.data() + (stock_->bytes.size() - stock_->left);
  std::memcpy(next, taken, size);
  // What was given must not be found here, nor given again.
  ::explicit_bzero(taken, size);
  stock_->left -= size;
}

}  // namespace latchkey
