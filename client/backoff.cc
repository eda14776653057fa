#include "client/backoff.h"

#include <algorithm>
#include <cstdint>

namespace latchkey {

absl::Duration Backoff::Next() {
  std::uint32_t random = 0;
  entropy_.Fill(&random, sizeof random);
  const double part = 0.5 + 0.5 * (static_cast<double>(random) / 4294967295.0);
  const absl::Duration wait = next_ * part;
  next_ = std::min(next_ * 2, longest_);
  return wait;
}

}  // namespace latchkey
