#ifndef LATCHKEY_TOOLS_BENCH_EXPERIMENTS_H_
#define LATCHKEY_TOOLS_BENCH_EXPERIMENTS_H_

#include "absl/status/status.h"
#include "tools/bench/lab.h"

namespace latchkey::benchmark {

// Each adds its figures and findings to the lab's report. Errors are those of the calls.

// Adds what the server says of itself to the report's setting.
absl::Status DescribeServer(Lab& lab, const Subject& subject);

// Verify and BatchVerify against the bare echo.
absl::Status MeasureVerify(Lab& lab, const Subject& subject);

// IssueToken, each durable before its answer, against the bare echo and against itself one by one.
absl::Status MeasureMutations(Lab& lab, const Subject& subject);

// A store of many tokens against one of 1,000: opening it, verifying there, and its bytes.
absl::Status MeasureStore(Lab& lab);

// Subscribe: what many streams cost writers, how fast and how soon events come, and memory.
absl::Status MeasureStreams(Lab& lab);

}  // namespace latchkey::benchmark

#endif  // LATCHKEY_TOOLS_BENCH_EXPERIMENTS_H_
