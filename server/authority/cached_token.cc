#include "server/authority/cached_token.h"

namespace latchkey {

bool GenerationCell::RaiseTo(std::uint64_t generation) {
  std::uint64_t seen = generation_.load(std::memory_order_relaxed);
  while (seen < generation &&
         !generation_.compare_exchange_weak(seen, generation, std::memory_order_acq_rel)) {
  }
  return seen < generation;
}

}  // namespace latchkey
