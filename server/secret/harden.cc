#include "server/secret/harden.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace latchkey::secret {

absl::Status DisableCoreDumps() {
  const rlimit none{0, 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0 || ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot switch core dumps off: ", std::strerror(errno)));
  }
  return absl::OkStatus();
}

}  // namespace latchkey::secret
