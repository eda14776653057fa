#ifndef LATCHKEY_CLIENT_AUDIT_SUBSCRIBER_H_
#define LATCHKEY_CLIENT_AUDIT_SUBSCRIBER_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/backoff.h"
#include "client/client.h"
#include "client/log_verifier.h"
#include "latchkey/v1/audit_service.pb.h"
#include "server/base/mutex.h"

namespace latchkey {

class AuditStream;

// Tells of a stream that broke and will be opened again.
struct Reconnect {
  // Why it broke.
  absl::Status cause;
  // How long the subscriber waits before it tries again.
  absl::Duration delay;
  // Whether a server was reached. Where none was, it is looked for meanwhile, about once a second,
  // and the wait ends as soon as one is there.
  bool reached = true;
};

// Where a subscription begins, what it selects, and who gets it.
struct SubscriberOptions {
  // Name of a consumer: begin after what it acknowledged, with its filter. `filter`,
  // `after_revision`, `from_now` and `start_time` must then be left as they are.
  std::string consumer;
  v1::EventFilter filter;
  // Begin after this revision: what complete_through() said when an earlier subscriber ended.
  std::uint64_t after_revision = 0;
  // Begin at the log's end instead, or with the first event of a time; only one of the three is
  // set.
  bool from_now = false;
  std::optional<absl::Time> start_time = std::nullopt;
  // How often the server says that it is there: 1 s to 60 s. A stream that is silent for three
  // times as long is taken for dead.
  absl::Duration heartbeat_interval = absl::Seconds(10);
  // How long an event may wait for others to come with it: 0 to 1 s. Unset: as the server has it,
  // 2 ms.
  std::optional<absl::Duration> max_delay = std::nullopt;
  // How many bytes of events a response may have, and one event more: 1 KiB to 1 MiB. 0: as the
  // server has it, 256 KiB.
  std::uint32_t max_bytes = 0;
  // How long to try for the first response. Once there was one, the subscriber goes on trying.
  absl::Duration first_response_within = absl::InfiniteDuration();
  // The bounds of the wait before a broken stream is opened again, and of that between two words
  // about a server that is not there.
  absl::Duration shortest_backoff = absl::Milliseconds(100);
  absl::Duration longest_backoff = absl::Seconds(10);

  // Verifies what is read, before it is handed on: asks for the events' canonical bytes and for
  // checkpoints, and Run() ends with DATA_LOSS where the log is not what was signed. What was
  // handed on is proven up to its verified_through(), which follows at each checkpoint. It must
  // outlive the subscriber, and is used on the thread of Run(). Null: nothing is verified.
  LogVerifier* verifier = nullptr;

  // Gets each response, on the thread of Run(), without the events that it got before: `events` in
  // order, each once, and none for a heartbeat. No event at or below `complete_through` follows.
  // The next response is read when it returns; the server waits meanwhile. Required.
  std::function<void(const v1::SubscribeResponse&)> on_response;
  // Hears of every broken stream, on the thread of Run(). May be empty.
  std::function<void(const Reconnect&)> on_reconnect;
};

// Follows the audit log over broken connections and restarts of the server, without a gap or a
// repeat within the life of the object: it resumes after the greatest complete_through that it
// handed on, and drops events that it handed on before. Whoever needs that over restarts of the
// program too keeps complete_through() and drops events at or below the last one handled.
//
// One thread calls Run(); the other methods are thread-safe. `client` must outlive it.
class AuditSubscriber {
 public:
  AuditSubscriber(const Client& client, SubscriberOptions options);
  AuditSubscriber(const AuditSubscriber&) = delete;
  AuditSubscriber& operator=(const AuditSubscriber&) = delete;

  // Blocks and follows the log until Stop(), which makes it return OK, or until an error that
  // waiting does not heal, which it returns: OUT_OF_RANGE (events were lost: the position is older
  // than what the server keeps, or beyond its log), UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND,
  // INVALID_ARGUMENT, FAILED_PRECONDITION, UNIMPLEMENTED, DATA_LOSS, or ABORTED (a later stream
  // took the consumer over). Where first_response_within is over: the error of the last attempt. Of
  // an acknowledgement: the same, and after Stop() whatever the last one failed with; UNAVAILABLE,
  // at once, where no server was there to take it. It may be called again after an error, and goes
  // on where it was.
  absl::Status Run();

  // Makes Run() return, now and later. From any thread, on_response and on_reconnect included.
  void Stop();

  // Says that everything up to `revision` is handled, where there is a consumer. Cumulative. It is
  // sent by the thread of Run(), at most once a second and one at a time, and before Run() returns;
  // no event waits for it. What was not sent before the program ended is given again. From any
  // thread.
  void Acknowledge(std::uint64_t revision);

  // Returns the greatest complete_through that on_response has returned from; after_revision before
  // the first.
  std::uint64_t complete_through() const { return position_; }

 private:
  // What Run() does but for the last acknowledgement.
  absl::Status Follow();
  v1::AcknowledgeRequest AcknowledgementOf(std::uint64_t revision) const;
  // Sends what is still to be acknowledged, and waits for it; not for a server that is not there.
  absl::Status SendLastAcknowledgement();
  // Lets `stream` send what is to be acknowledged, where it is time; returns when to call it again.
  // An error that waiting does not heal is left in ack_error_ and ends the stream of `context`.
  absl::Duration AcknowledgeInTime(AuditStream& stream, grpc::ClientContext& context);
  // Opens a stream and hands on what it gives until it ends; returns why, and sets reached_. Fails
  // where no server is there; but with `connect_within` it waits for one, and returns OK where none
  // came in that time.
  absl::Status ReadStream(absl::Duration connect_within);
  // An error where what came is not what the verifier takes.
  absl::Status HandOn(v1::SubscribeResponse& response);
  absl::Status Verify(const v1::SubscribeResponse& response);
  v1::SubscribeRequest NextRequest() const;
  // How much of first_response_within is left; infinite once there was a response.
  absl::Duration LeftForFirst() const;
  // How long to wait for the next response.
  absl::Duration Patience() const;
  // Waits after what a server said, before it is asked again; false where the subscription ends.
  bool WaitAfter(const absl::Status& cause);
  // Says that no server is there, and returns how long to wait for one before looking why again.
  absl::Duration WaitForServer(const absl::Status& cause);
  bool stopping();

  const Client& client_;
  const SubscriberOptions options_;

  // Used by the thread of Run().
  Backoff backoff_;      // after what a server said
  Backoff connecting_;   // where there is none
  bool reached_ = true;  // the last stream was opened on a connection
  bool responded_ = false;
  bool begun_ = false;  // the verifier knows where this stream begins
  std::uint64_t last_sequence_;
  std::chrono::steady_clock::time_point started_;
  std::uint64_t acknowledged_ = 0;
  std::chrono::steady_clock::time_point last_ack_;  // when the last one was answered
  absl::Status ack_error_;

  std::atomic<std::uint64_t> position_;
  std::atomic<std::uint64_t> handled_{0};  // to be acknowledged

  Mutex mu_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  grpc::ClientContext* current_ ABSL_GUARDED_BY(mu_) = nullptr;  // the stream's, while there is one
};

}  // namespace latchkey

#endif  // LATCHKEY_CLIENT_AUDIT_SUBSCRIBER_H_
