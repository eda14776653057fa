#ifndef LATCHKEY_TOOLS_BENCH_STREAM_ECHO_H_
#define LATCHKEY_TOOLS_BENCH_STREAM_ECHO_H_

#include "grpcpp/completion_queue.h"
#include "latchkey/bench/v1/echo.grpc.pb.h"

namespace latchkey::benchmark {

// The part of the echo server that streams.

using QueuedEchoService = bench::v1::EchoService::WithAsyncMethod_Echo<
    bench::v1::EchoService::WithRawMethod_Stream<bench::v1::EchoService::Service>>;

// What an operation of the server's queue ends at.
class QueuedTag {
 public:
  virtual ~QueuedTag() = default;
  // Goes on. Returns by how many the calls that the queue has to wait for have changed.
  virtual int Proceed(bool ok) = 0;
};

// Waits for a call of Stream, and after each for another. Calls delete themselves.
void WaitForStreamEcho(QueuedEchoService& service, grpc::ServerCompletionQueue& queue);

}  // namespace latchkey::benchmark

#endif  // LATCHKEY_TOOLS_BENCH_STREAM_ECHO_H_
