#ifndef LATCHKEY_TOOLS_BENCH_INTERRUPT_H_
#define LATCHKEY_TOOLS_BENCH_INTERRUPT_H_

#include <csignal>

#include "absl/status/status.h"

namespace latchkey::benchmark {

// From now on SIGINT and SIGTERM do not end the process but are noted, so that it can end its
// children and remove its files.
void NoteInterrupts();

// Returns CANCELLED once a signal was noted, else OK. Thread-safe.
absl::Status CheckInterrupt();

// Lets a process go on until it is asked to end. Made before any thread, whose signals it keeps
// back too.
class EndSignals {
 public:
  EndSignals();

  // Waits for SIGINT or SIGTERM.
  void Wait();

 private:
  sigset_t signals_{};
};

}  // namespace latchkey::benchmark

#endif  // LATCHKEY_TOOLS_BENCH_INTERRUPT_H_
