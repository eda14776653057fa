#ifndef LATCHKEY_SERVER_RPC_SUBSCRIBER_SET_H_
#define LATCHKEY_SERVER_RPC_SUBSCRIBER_SET_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "grpcpp/support/byte_buffer.h"
#include "server/base/mutex.h"
#include "server/rpc/call_frame.h"
#include "server/rpc/call_poller.h"
#include "server/rpc/wake_plan.h"
#include "server/rpc/write_stream.h"

namespace latchkey::rpc {

class SubscribeReactor;

// Every open Subscribe stream, and the one thread that wakes them: after commits, each at its pace,
// and when a heartbeat is due. The committing thread only raises a flag, however many streams there
// are.
// Thread-safe.
class SubscriberSet {
 public:
  SubscriberSet(const CallFrame& frame, std::size_t max_subscribers);
  // Every stream must be gone: CallPoller::Stop() returned.
  ~SubscriberSet();
  SubscriberSet(const SubscriberSet&) = delete;
  SubscriberSet& operator=(const SubscriberSet&) = delete;

  // Takes calls of Subscribe, which `ask` asks gRPC for. Streams delete themselves. While
  // `max_subscribers` are open, others are refused: RESOURCE_EXHAUSTED (OVERLOADED). Once.
  void Start(CallPoller& poller, WriteStream<grpc::ByteBuffer, grpc::ByteBuffer>::Ask ask);

  // Ends every stream with `status`, those that wait on a slow reader as soon as their write is
  // through; later ones at once. Does not wait for them.
  void EndAll(const absl::Status& status);

  std::size_t size() const;

 private:
  friend class SubscribeReactor;

  // Makes the thread look at every stream. Cheap, for any thread.
  void Notify();
  // Takes in a stream that got its call, or refuses it.
  void Add(SubscribeReactor* stream);
  // Counts a stream for its caller: a member has some dozens at most, so that no one takes the
  // places of all. RESOURCE_EXHAUSTED (OVERLOADED): that many are open.
  absl::Status CountFor(SubscribeReactor* stream, const Caller& caller);
  // Wakes a stream by the plan from now on. Before it waits for anything.
  void Follow(SubscribeReactor* stream, const WakePlan::Place& place);
  void Remove(SubscribeReactor* stream);
  void WaitForStream();
  void Run();
  // Wakes what is due. Returns until when nothing is, unless there is a notice.
  WakePlan::Time Step() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool MustStep() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  WakePlan::News NewsSince(std::uint64_t after, std::uint64_t newest) const;
  EventHub& hub() const { return frame_.authority.events(); }

  const CallFrame frame_;
  const std::size_t max_subscribers_;
  CallPoller* poller_ = nullptr;  // constant after Start(), as is `ask_`
  WriteStream<grpc::ByteBuffer, grpc::ByteBuffer>::Ask ask_;
  // Stays raised while every stream waits, and nobody needs to be told of commits.
  std::atomic<bool> notified_{false};
  // From so many published bytes on the thread is to be told all the same.
  std::atomic<std::uint64_t> urgent_bytes_{UINT64_MAX};
  mutable Mutex mu_;  // taken before that of a stream
  CondVar changed_;
  struct Open {
    std::optional<WakePlan::Place> place;  // in the plan, once that is known
    std::string member;                    // whose it is; empty where it is no member's
  };
  absl::flat_hash_map<SubscribeReactor*, Open> streams_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<std::string, int> streams_of_member_ ABSL_GUARDED_BY(mu_);
  WakePlan plan_ ABSL_GUARDED_BY(mu_);
  WakePlan::Time next_beat_ ABSL_GUARDED_BY(mu_){};
  absl::Status ended_ ABSL_GUARDED_BY(mu_);  // not OK after EndAll()
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::uint64_t waker_ = 0;  // constant after construction
  std::thread thread_;       // the same
};

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_SUBSCRIBER_SET_H_
