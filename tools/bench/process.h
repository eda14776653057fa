#ifndef LATCHKEY_TOOLS_BENCH_PROCESS_H_
#define LATCHKEY_TOOLS_BENCH_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace latchkey::benchmark {

// A program that runs beside this one, and ends with it at the latest. Used by one thread.
class ChildProcess {
 public:
  struct Options {
    std::vector<std::string> argv;  // the first is the program's path
    std::string input;              // its standard input
    std::string log_file;           // gets what it prints
    int core = -1;                  // the only core it may use; -1: any
  };
  // FAILED_PRECONDITION: the log file cannot be made, or the process not be started. A program that
  // cannot be run shows as one that exits with 127.
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Start(const Options& options);
  // Kills it where it still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }

  // Asks it to end, by SIGTERM, and waits for that.
  // DEADLINE_EXCEEDED: it did not in time, and was killed. INTERNAL: it did not exit with 0.
  absl::Status Stop(absl::Duration timeout);

  // Ends it by SIGKILL.
  void Kill();

  // Returns false once it ended by itself.
  bool IsRunning();

 private:
  ChildProcess(pid_t pid, std::string name) : pid_(pid), name_(std::move(name)) {}

  const pid_t pid_;
  const std::string name_;
  bool ended_ = false;
  int wait_status_ = 0;
};

// Adds the end of a log, which holds no secrets, to an error.
absl::Status WithLog(const absl::Status& status, const std::string& log_file);

// Runs a program to its end and returns what it printed to its standard output. `log_file` gets its
// standard error.
// FAILED_PRECONDITION: as Start(). INTERNAL: it did not exit with 0; the message holds none of its
//   output.
absl::StatusOr<std::string> RunAndCapture(const std::vector<std::string>& argv,
                                          const std::string& log_file);

// Returns the CPU time, in user space and in the kernel, that a process has used so far.
// NOT_FOUND: there is no such process, or it may not be looked at.
absl::StatusOr<absl::Duration> CpuTimeOf(pid_t pid);

// Keeps the calling thread, and every thread that it makes later, on one core; -1 does nothing.
absl::Status PinToCore(int core);

// Returns the first and the last of the cores that this process may use.
// FAILED_PRECONDITION: there is only one.
struct CorePair {
  int first;
  int last;
};
absl::StatusOr<CorePair> UsableCores();

}  // namespace latchkey::benchmark

#endif  // LATCHKEY_TOOLS_BENCH_PROCESS_H_
