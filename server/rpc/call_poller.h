#ifndef LATCHKEY_SERVER_RPC_CALL_POLLER_H_
#define LATCHKEY_SERVER_RPC_CALL_POLLER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "grpcpp/completion_queue.h"
#include "grpcpp/server_builder.h"
#include "server/base/executor.h"

namespace latchkey::rpc {

// The completion queue that every call goes through, and the threads that empty it. gRPC's callback
// interface is not used at all: wherever one method has it, gRPC's own threads take turns with ours
// at the sockets, and each call is handed between threads.
//
// Make it before the server is built, Start() it after, and Stop() it after Server::Shutdown(),
// without which it would wait for ever. Thread-safe but for Start() and Stop().
class CallPoller {
 public:
  explicit CallPoller(grpc::ServerBuilder& builder) : queue_(builder.AddCompletionQueue()) {}
  // Stops it where that was not done.
  ~CallPoller();
  CallPoller(const CallPoller&) = delete;
  CallPoller& operator=(const CallPoller&) = delete;

  // Begins to serve, with `threads` threads.
  void Start(int threads);

  // Waits until every place for a call is given up, and joins the threads.
  void Stop();

  grpc::ServerCompletionQueue& queue() { return *queue_; }

  // A place for a call is counted from before gRPC is asked for the call until no more operations
  // will be begun for it: an operation on a queue that is shut down would end the process. Places
  // ask for calls until the server, being shut down, refuses.
  void AddPlace() { places_.fetch_add(1, std::memory_order_relaxed); }
  void RemovePlace();

 private:
  void Poll();

  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::atomic<std::int64_t> places_{0};
  std::vector<std::thread> threads_;
  bool stopped_ = false;
};

// Runs tasks on the threads that empty the queue, which answer calls cheapest: gRPC wakes nobody
// for what they do, and they do not fight with anybody for a connection.
class PollerExecutor final : public Executor {
 public:
  explicit PollerExecutor(CallPoller& poller) : poller_(poller) {}
  // Only before CallPoller::Stop(), or while a call is under way.
  void Schedule(Task task) override;

 private:
  CallPoller& poller_;
};

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_CALL_POLLER_H_
