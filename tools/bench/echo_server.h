#ifndef LATCHKEY_TOOLS_BENCH_ECHO_SERVER_H_
#define LATCHKEY_TOOLS_BENCH_ECHO_SERVER_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "latchkey/bench/v1/echo.pb.h"

namespace latchkey::benchmark {

// Which of gRPC's server interfaces serves a call: a completion queue with one polling thread, as
// latchkeyd serves Verify, or callbacks, as it serves mutations.
enum class EchoApi { kQueue, kCallback };

// Serves EchoService at `address` until SIGTERM or SIGINT. Call it before any thread is made.
// UNAVAILABLE: it cannot listen there.
absl::Status ServeEcho(const std::string& address, EchoApi api);

// Returns a request of `request_bytes` on the wire that is answered by `response_bytes`, each as
// near as the messages allow: a request takes 6 bytes at least.
bench::v1::EchoRequest MakeEchoRequest(std::size_t request_bytes, std::size_t response_bytes);

}  // namespace latchkey::benchmark

#endif  // LATCHKEY_TOOLS_BENCH_ECHO_SERVER_H_
