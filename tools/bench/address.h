#ifndef LATCHKEY_TOOLS_BENCH_ADDRESS_H_
#define LATCHKEY_TOOLS_BENCH_ADDRESS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tools/bench/process.h"

namespace latchkey::benchmark {

// How a child of the benchmark listens.
enum class Transport { kTcp, kUnix };

// Returns an address that is free now: a loopback port, or a unix socket `name` in `folder`.
absl::StatusOr<std::string> FreeAddress(Transport transport, absl::string_view folder,
                                        absl::string_view name);

// Waits until `child` accepts connections at `address`, one of FreeAddress()'s, with a look every
// half millisecond.
// INTERNAL: it ended. DEADLINE_EXCEEDED: it does not accept in time.
absl::Status WaitUntilAccepts(const std::string& address, ChildProcess& child,
                              absl::Duration timeout);

}  // namespace latchkey::benchmark

#endif  // LATCHKEY_TOOLS_BENCH_ADDRESS_H_
