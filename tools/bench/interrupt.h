#ifndef LATCHKEY_TOOLS_BENCH_INTERRUPT_H_
#define LATCHKEY_TOOLS_BENCH_INTERRUPT_H_

#include "absl/status/status.h"

namespace latchkey::benchmark {

// From now on SIGINT and SIGTERM do not end the process but are noted, so that it can end its
// children and remove its files.
void NoteInterrupts();

// Returns CANCELLED once a signal was noted, else OK. Thread-safe.
absl::Status CheckInterrupt();

}  // namespace latchkey::benchmark

#endif  // LATCHKEY_TOOLS_BENCH_INTERRUPT_H_
