#ifndef LATCHKEY_SERVER_RPC_SUBSCRIBE_REACTOR_H_
#define LATCHKEY_SERVER_RPC_SUBSCRIBE_REACTOR_H_

#include <chrono>
#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/support/byte_buffer.h"
#include "latchkey/v1/audit_service.grpc.pb.h"
#include "server/authority/subscription.h"
#include "server/base/mutex.h"
#include "server/events/event_hub.h"
#include "server/rpc/call_frame.h"
#include "server/rpc/write_stream.h"

namespace latchkey::rpc {

class SubscriberSet;

// One Subscribe stream. It pulls from the hub at the pace of its reader, so that what it has not
// sent yet costs no memory and nobody waits for it.
//
//   IDLE       nothing to do: all of the log is sent or did not match.
//     -> READING    Wake(): there are later events. Beat(): a heartbeat is due.
//     -> FINISHING  the client cancelled, or End().
//   READING    a worker looks for what to send, and before that is sent again at the caller's
//              rights: when a commit may have taken them since, or when they were last looked at a
//              second ago. The first state.
//     -> WRITING    there is something to send.
//     -> IDLE       there is nothing.
//     -> FINISHING  cancelled, ended, or an error.
//   WRITING    the one write is in flight; `response_` is gRPC's.
//     -> READING    the write is through.
//     -> FINISHING  it failed, or the client cancelled or End() was called meanwhile.
//   FINISHING  Finish() was called, once.
//     -> (deleted)  OnDone().
//
// Only whoever made a transition acts on it, outside of the lock. Thread-safe.
// Requests and responses pass as bytes: the events are those of the log, which nobody takes apart
// and puts together again for each stream.
class SubscribeReactor final : public WriteStream<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  // `set` outlives the reactor.
  SubscribeReactor(const CallFrame& frame, CallPoller& poller, SubscriberSet& set);
  ~SubscribeReactor() override = default;

  // Begins to read. Once, after OnStart().
  void Begin();

  // Refuses the call in place of Begin().
  void Refuse(const absl::Status& status);

  // Reads on where there is something to read. Where it is idle, nothing that matches lies at or
  // below `passed`, which is not looked at again. Does not block.
  void Wake(std::uint64_t passed);
  // Reads on where a heartbeat is due; and gives up a write that keeps an ended stream open. As
  // Wake().
  void Beat(std::uint64_t passed);

  // Ends the stream with `status`.
  void End(const absl::Status& status);

 private:
  enum class State { kIdle, kReading, kWriting, kFinishing };
  using SteadyTime = std::chrono::steady_clock::time_point;

  void OnStart() override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  void ScheduleWork();
  // A worker's turn.
  void Work();
  // Fills `response_` with what comes next; false where there is nothing to send.
  absl::StatusOr<bool> FillResponse();
  absl::Status CheckRequest();
  // OUT_OF_RANGE: what follows `position` is not retained for this stream.
  absl::Status CheckStart(std::uint64_t position);
  absl::Status CheckRights();
  // Looks at them again where a commit may have taken them; and where they were last looked at a
  // second ago, since they may also end with the time.
  absl::Status CheckRightsAgain();
  absl::Status CheckRightsInTime();
  // Takes the filter of the consumer that the request names, and returns where it is.
  // INVALID_ARGUMENT, NOT_FOUND: it does not go with the rest, or the caller may not read it.
  absl::StatusOr<std::uint64_t> UseConsumer(const Caller& caller);
  // Makes this the consumer's one stream. Returns where it begins, at `position` or later.
  absl::StatusOr<std::uint64_t> ClaimConsumer(const Caller& caller, std::uint64_t position);
  // Makes the response of a batch; `position` is where the stream then is.
  absl::StatusOr<grpc::ByteBuffer> MakeResponse(EventHub::Batch batch, std::uint64_t position);
  void FinishWith(const absl::Status& status);

  const CallFrame frame_;
  SubscriberSet& set_;

  // Used by whoever is in READING or WRITING, so by one thread at a time.
  bool begun_ = false;
  v1::SubscribeRequest asked_;
  SubscriptionTerms terms_;
  bool consumer_may_hold_ = false;
  google::protobuf::Timestamp consumer_made_;
  grpc::ByteBuffer response_;
  // When the rights were last found good, and what the log's end was then.
  SteadyTime rights_time_;
  std::uint64_t rights_revision_ = 0;
  SteadyTime checkpoint_time_;  // of the last checkpoint that was sent

  bool counted_ = false;  // constant after Begin()

  Mutex mu_;
  State state_ ABSL_GUARDED_BY(mu_) = State::kReading;
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status ended_ ABSL_GUARDED_BY(mu_);
  SteadyTime ended_time_ ABSL_GUARDED_BY(mu_);       // where that is not OK
  std::uint64_t position_ ABSL_GUARDED_BY(mu_) = 0;  // sent or passed over up to here
  std::chrono::nanoseconds interval_ ABSL_GUARDED_BY(mu_){};
  SteadyTime last_write_ ABSL_GUARDED_BY(mu_);  // long ago before the first one

  ConsumerStreams::Claim claim_;  // the last member: once it is gone nobody calls End()
};

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_SUBSCRIBE_REACTOR_H_
