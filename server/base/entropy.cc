#include "server/base/entropy.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace latchkey {

void SystemEntropy::Fill(void* out, std::size_t size) {
  auto* next = static_cast<unsigned char*>(out);
  while (size > 0) {
    const ssize_t got = ::getrandom(next, size, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      std::perror("latchkey: getrandom");
      std::abort();
    }
    next += got;
    size -= static_cast<std::size_t>(got);
  }
}

void PrefetchedEntropy::Prefetch(std::size_t size) {
  Discard();
  end_ = std::min(size, bytes_.size());
  if (end_ > 0) source_.Fill(bytes_.data(), end_);
}

void PrefetchedEntropy::Discard() {
  ::explicit_bzero(bytes_.data() + begin_, end_ - begin_);
  begin_ = 0;
  end_ = 0;
}

void PrefetchedEntropy::Fill(void* out, std::size_t size) {
  if (size > end_ - begin_) {
    source_.Fill(out, size);
    return;
  }
  std::memcpy(out, bytes_.data() + begin_, size);
  ::explicit_bzero(bytes_.data() + begin_, size);
  begin_ += size;
}

}  // namespace latchkey
