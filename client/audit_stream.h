#ifndef LATCHKEY_CLIENT_AUDIT_STREAM_H_
#define LATCHKEY_CLIENT_AUDIT_STREAM_H_

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/client_context.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/support/async_stream.h"
#include "grpcpp/support/async_unary_call.h"
#include "latchkey/v1/audit_service.grpc.pb.h"

namespace latchkey {

// One Subscribe call of an AuditSubscriber, on a completion queue of its own, so that waiting can
// end at a time; and the acknowledgements that are sent beside it, one at a time, for which the
// stream never waits. Used by one thread.
class AuditStream {
 public:
  // What is to be done while the stream is waited for, which must not block; returns when it is to
  // be called again.
  using Meanwhile = std::function<absl::Duration(AuditStream&)>;
  // Hears how an acknowledgement ended.
  using Acknowledged = std::function<void(const absl::Status&)>;

  // What it is given outlives it.
  AuditStream(v1::AuditService::Stub& stub, grpc::ClientContext& context,
              const v1::SubscribeRequest& request, Meanwhile meanwhile)
      : stub_(stub),
        context_(context),
        meanwhile_(std::move(meanwhile)),
        reader_(stub.PrepareAsyncSubscribe(&context, request, &queue_)) {}
  AuditStream(const AuditStream&) = delete;
  AuditStream& operator=(const AuditStream&) = delete;

  // Returns whether the call is on its way to a server.
  bool Start(absl::Duration patience);
  // Waits for a response; false where the stream is over, or was silent for longer than `patience`.
  bool Read(v1::SubscribeResponse& response, absl::Duration patience);
  // Whether what was waited for did not come in time.
  bool silent() const { return silent_; }

  // Sends an acknowledgement, where acknowledging() is false. `set_up` adds what a call needs.
  void Acknowledge(const v1::AcknowledgeRequest& request,
                   const std::function<void(grpc::ClientContext&)>& set_up,
                   Acknowledged acknowledged);
  bool acknowledging() const { return acknowledgement_.has_value(); }

  // Returns why the stream ended, once Start() or Read() said so or the call was cancelled. An
  // acknowledgement that is under way is given up.
  absl::Status Finish();

 private:
  struct Acknowledgement {
    grpc::ClientContext context;
    Acknowledged acknowledged;
    v1::AcknowledgeResponse response;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncResponseReader<v1::AcknowledgeResponse>> reader;
  };

  // Waits for the stream's one operation in flight; false where the stream is over. What takes
  // longer than `patience` is cancelled, and then waited for.
  bool Await(absl::Duration patience);
  // The same without an end. Whatever comes of an acknowledgement is handled on the way.
  bool AwaitLast();
  void EndAcknowledgement();

  v1::AuditService::Stub& stub_;
  grpc::ClientContext& context_;
  const Meanwhile meanwhile_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::ClientAsyncReader<v1::SubscribeResponse>> reader_;
  std::optional<Acknowledgement> acknowledgement_;  // the one that is under way
  bool started_ = false;
  bool silent_ = false;
};

}  // namespace latchkey

#endif  // LATCHKEY_CLIENT_AUDIT_STREAM_H_
