#ifndef LATCHKEY_TOOLS_BENCH_DISK_COST_H_
#define LATCHKEY_TOOLS_BENCH_DISK_COST_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "tools/bench/lab.h"

namespace latchkey::benchmark {

// What the disk gives a single writer that makes each write durable before the next.
struct DiskCost {
  Spread syncs_per_second;
  Spread p50_ms;
};

// Appends to a new file in the lab's folder and calls fdatasync, as often as the time of a turn
// allows, once a round: the log of a store without a store. `bytes` are written each time.
// Errors are those of the disk. CANCELLED: the process was interrupted.
absl::StatusOr<DiskCost> MeasureDisk(const Lab& lab, std::size_t bytes);

}  // namespace latchkey::benchmark

#endif  // LATCHKEY_TOOLS_BENCH_DISK_COST_H_
