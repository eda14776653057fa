#include "server/base/entropy.h"

#include <sys/random.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

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

}  // namespace latchkey
