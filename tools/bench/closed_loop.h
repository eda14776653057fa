#ifndef LATCHKEY_TOOLS_BENCH_CLOSED_LOOP_H_
#define LATCHKEY_TOOLS_BENCH_CLOSED_LOOP_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/completion_queue.h"

namespace latchkey::benchmark {

// The place of one outstanding call, whose address is the tag of its operations.
class Slot {
 public:
  virtual ~Slot() = default;

  // Sends the next call, whose end arrives at `queue`.
  virtual void Start(grpc::CompletionQueue& queue) = 0;

  // Takes the answer of the call that ended. An error says why the answer is not the expected one.
  virtual absl::Status Finish() = 0;
};

// Calls of one kind to one server.
class Load {
 public:
  virtual ~Load() = default;

  // The slot keeps to one of the load's channels, counted by `index`, and lives no longer than the
  // load.
  virtual std::unique_ptr<Slot> NewSlot(std::size_t index) = 0;

  // The bytes of the last request and of the last answer. 0 before the first.
  virtual std::size_t request_bytes() const = 0;
  virtual std::size_t response_bytes() const = 0;
};

// How to run a load.
struct LoopOptions {
  int outstanding = 1;
  absl::Duration warm_up;                // before anything is counted
  absl::Duration measure;                // how long is counted
  std::uint64_t max_calls = UINT64_MAX;  // calls sent in all, the warm-up's too
  pid_t server_pid = 0;                  // whose CPU time is counted; 0: nobody's
};

// What one run of a load showed.
struct Sample {
  std::uint64_t calls = 0;
  double seconds = 0;
  double calls_per_second = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  double server_cpu_us = 0;  // per call; 0: not known
  double client_cpu_us = 0;  // per call
};

// Keeps `outstanding` calls under way, each followed by the next at once, on one thread: this one.
// Returns when all have ended.
//
// Where a call fails, its error, after the others that were under way have ended.
// DEADLINE_EXCEEDED: no call ended in the time that counts. CANCELLED: the process was interrupted.
absl::StatusOr<Sample> RunClosedLoop(Load& load, const LoopOptions& options);

}  // namespace latchkey::benchmark

#endif  // LATCHKEY_TOOLS_BENCH_CLOSED_LOOP_H_
