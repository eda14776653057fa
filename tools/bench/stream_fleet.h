#ifndef LATCHKEY_TOOLS_BENCH_STREAM_FLEET_H_
#define LATCHKEY_TOOLS_BENCH_STREAM_FLEET_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/generic/generic_stub.h"
#include "server/base/mutex.h"
#include "tools/bench/channels.h"

namespace latchkey::benchmark {

// Many open streams of one method, read by one thread of their own. Responses are taken as bytes
// and their events counted, without taking these apart, so that what is measured is the server.
// Used by one thread.
class StreamFleet {
 public:
  struct Options {
    std::string method;  // "/latchkey.v1.AuditService/Subscribe"
    Metadata metadata;
    std::size_t count = 1;
    // Returns the bytes of a stream's request, by its number.
    std::function<std::string(std::size_t)> request;
    // Whether a stream reads on after its first response; all do where this is empty.
    std::function<bool(std::size_t)> reads;
  };

  // Opens the streams. Returns when each has its first response.
  // DEADLINE_EXCEEDED: some have none in 30 seconds. Else as the call's error.
  static absl::StatusOr<std::unique_ptr<StreamFleet>> Open(const Channels& channels,
                                                           const Options& options);
  // Ends them.
  ~StreamFleet();
  StreamFleet(const StreamFleet&) = delete;
  StreamFleet& operator=(const StreamFleet&) = delete;

  // Whether one of the streams that read on has ended.
  bool failed() const { return failed_; }
  // Waits until at least so many events came in all. DEADLINE_EXCEEDED: they did not in `timeout`.
  // CANCELLED: the process was interrupted.
  absl::Status WaitForEvents(std::uint64_t events, absl::Duration timeout) const;
  // Ends the streams and returns the first response that had events, of any of them.
  std::string StopAndTakeResponse();

 private:
  class Stream;

  explicit StreamFleet(Options options);
  void Read();
  void Stop();

  const Options options_;
  grpc::CompletionQueue queue_;
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::string first_response_;  // the thread's
  std::atomic<std::uint64_t> events_{0};
  std::atomic<std::size_t> begun_{0};
  std::atomic<bool> failed_{false};
  Mutex mu_;  // held while operations are begun
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

// Returns how many events a SubscribeResponse has, by its bytes.
std::size_t CountEvents(const std::string& response);

}  // namespace latchkey::benchmark

#endif  // LATCHKEY_TOOLS_BENCH_STREAM_FLEET_H_
