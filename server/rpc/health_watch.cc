#include "server/rpc/health_watch.h"

#include "server/rpc/message_bytes.h"

namespace latchkey::rpc {

void HealthWatch::OnStart() {
  // For the life of the stream it takes no more than the name.
  grpc::health::v1::HealthCheckRequest request;
  grpc::ByteBuffer bytes = TakeRequest();
  const absl::Status parsed = ParseRequest(bytes, request);
  if (parsed.ok()) watched_ = request.service();
  health_.Add(this, parsed);
}

void HealthWatch::Tell(HealthService::Status status) {
  {
    MutexLock lock(mu_);
    untold_ = status;
  }
  GoOn();
}

void HealthWatch::End(const absl::Status& status) {
  {
    MutexLock lock(mu_);
    if (ended_.ok()) ended_ = status;
  }
  GoOn();
}

void HealthWatch::OnWriteDone(bool ok) {
  {
    MutexLock lock(mu_);
    busy_ = false;
    if (!ok && ended_.ok()) ended_ = absl::CancelledError("the caller is gone");
  }
  GoOn();
}

void HealthWatch::OnDone() {
  health_.Remove(this);
  delete this;
}

void HealthWatch::GoOn() {
  bool write = false;
  absl::Status ended;
  {
    MutexLock lock(mu_);
    if (busy_) return;
    ended = ended_;
    // What was to be told goes before an end that the server makes.
    write = untold_.has_value() && !absl::IsCancelled(ended);
    if (!write && ended.ok()) return;
    busy_ = true;
    if (write) {
      HealthService::Response response;
      response.set_status(*untold_);
      response_ = ResponseBytes(response);
    }
    untold_.reset();
  }
  if (write) {
    StartWrite(response_);
  } else {
    Finish(frame_.statuses.ToGrpc(ended, "Watch"));
  }
}

}  // namespace latchkey::rpc
