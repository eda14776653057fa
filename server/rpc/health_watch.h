#ifndef LATCHKEY_SERVER_RPC_HEALTH_WATCH_H_
#define LATCHKEY_SERVER_RPC_HEALTH_WATCH_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "grpcpp/support/byte_buffer.h"
#include "server/base/mutex.h"
#include "server/rpc/call_frame.h"
#include "server/rpc/health_service.h"
#include "server/rpc/write_stream.h"

namespace latchkey::rpc {

// One Watch stream: sends the status of its service, and again when that is another. A reader that
// is slow gets the last one only. Deletes itself. Thread-safe.
class HealthWatch final : public WriteStream<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  HealthWatch(const CallFrame& frame, CallPoller& poller, HealthService& health)
      : WriteStream(poller), frame_(frame), health_(health) {}

  // The name of the service; constant once HealthService::Add() was called.
  const std::string& watched() const { return watched_; }

  // Sends `status`, now or after the write in flight.
  void Tell(HealthService::Status status);

  // Ends the stream, now or after the write in flight.
  void End(const absl::Status& status);

 private:
  void OnStart() override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override { End(absl::CancelledError("the caller gave up")); }
  void OnDone() override;

  // Does what comes next where nothing is under way.
  void GoOn();

  const CallFrame frame_;
  HealthService& health_;
  std::string watched_;
  grpc::ByteBuffer response_;  // gRPC's while `busy_`
  Mutex mu_;
  bool busy_ ABSL_GUARDED_BY(mu_) = false;  // a write is in flight, or Finish() was called
  std::optional<HealthService::Status> untold_ ABSL_GUARDED_BY(mu_);
  absl::Status ended_ ABSL_GUARDED_BY(mu_);  // not OK after End()
};

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_HEALTH_WATCH_H_
