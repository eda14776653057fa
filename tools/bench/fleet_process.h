#ifndef LATCHKEY_TOOLS_BENCH_FLEET_PROCESS_H_
#define LATCHKEY_TOOLS_BENCH_FLEET_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "latchkey/bench/v1/fleet.pb.h"
#include "tools/bench/process.h"

namespace latchkey::benchmark {

// Streams that this program reads in a process of its own, as subscribers are processes of their
// own: in that of a load, gRPC would wake the streams' thread for what the load's is to take.
class FleetProcess {
 public:
  // Returns when each stream has its first response. `log_file` gets what the process prints.
  // INTERNAL: the process ended, as where a stream did or had no response in 30 seconds; the
  //   message has the end of its log.
  // CANCELLED: this process was interrupted.
  // Else as ChildProcess::Start().
  static absl::StatusOr<std::unique_ptr<FleetProcess>> Start(const bench::v1::FleetSpec& spec,
                                                             int core, const std::string& log_file);

  pid_t pid() const { return process_->pid(); }

  // INTERNAL: the process has ended; as Start() says it.
  absl::Status Check();

  // Ends the streams. INTERNAL: one of those that read on had ended before. DEADLINE_EXCEEDED: the
  // process did not end in time, and was killed.
  absl::Status Stop();

 private:
  FleetProcess(std::unique_ptr<ChildProcess> process, std::string log_file)
      : process_(std::move(process)), log_file_(std::move(log_file)) {}

  const std::unique_ptr<ChildProcess> process_;
  const std::string log_file_;
};

// Opens and reads the streams of the FleetSpec on standard input, until SIGTERM or SIGINT. Call it
// before any thread is made.
// INVALID_ARGUMENT: it is none. INTERNAL: a stream ended meanwhile. Else as StreamFleet::Open().
absl::Status ReadStreams();

}  // namespace latchkey::benchmark

#endif  // LATCHKEY_TOOLS_BENCH_FLEET_PROCESS_H_
