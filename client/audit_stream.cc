#include "client/audit_stream.h"

#include <algorithm>
#include <utility>

#include "client/grpc_status.h"
#include "grpc/support/time.h"

namespace latchkey {
namespace {

gpr_timespec In(absl::Duration wait) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_nanos(absl::ToInt64Nanoseconds(wait), GPR_TIMESPAN));
}

}  // namespace

bool AuditStream::Start(absl::Duration patience) {
  reader_->StartCall(this);
  return Await(patience) && !silent_;
}

bool AuditStream::Read(v1::SubscribeResponse& response, absl::Duration patience) {
  started_ = true;
  reader_->Read(&response, this);
  return Await(patience);
}

void AuditStream::Acknowledge(const v1::AcknowledgeRequest& request,
                              const std::function<void(grpc::ClientContext&)>& set_up,
                              Acknowledged acknowledged) {
  Acknowledgement& one = acknowledgement_.emplace();
  one.acknowledged = std::move(acknowledged);
  set_up(one.context);
  one.reader = stub_.AsyncAcknowledge(&one.context, request, &queue_);
  one.reader->Finish(&one.response, &one.status, &one);
}

void AuditStream::EndAcknowledgement() {
  const Acknowledged acknowledged = std::move(acknowledgement_->acknowledged);
  const grpc::Status status = acknowledgement_->status;
  acknowledgement_.reset();
  acknowledged(status.ok() ? absl::OkStatus() : FromGrpcStatus(status));
}

absl::Status AuditStream::Finish() {
  if (acknowledging()) acknowledgement_->context.TryCancel();
  grpc::Status status;
  reader_->Finish(&status, this);
  AwaitLast();
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) EndAcknowledgement();  // nothing else is left
  if (silent_) return absl::UnavailableError("the stream was silent for too long");
  // A server that ends the stream without a word is going away.
  if (status.ok()) return absl::UnavailableError("the server ended the stream");
  return FromGrpcStatus(status);
}

bool AuditStream::Await(absl::Duration patience) {
  const auto began = std::chrono::steady_clock::now();
  void* tag = nullptr;
  bool ok = false;
  while (true) {
    // By the clock, whatever came of acknowledgements meanwhile.
    const absl::Duration left =
        patience - absl::FromChrono(std::chrono::steady_clock::now() - began);
    if (left <= absl::ZeroDuration()) break;
    const absl::Duration wait =
        std::min(left, started_ ? meanwhile_(*this) : absl::InfiniteDuration());
    const gpr_timespec deadline =
        wait == absl::InfiniteDuration() ? gpr_inf_future(GPR_CLOCK_MONOTONIC) : In(wait);
    if (queue_.AsyncNext(&tag, &ok, deadline) != grpc::CompletionQueue::GOT_EVENT) continue;
    if (tag == this) return ok;
    EndAcknowledgement();
  }
  silent_ = true;
  context_.TryCancel();
  return AwaitLast();
}

bool AuditStream::AwaitLast() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
    if (tag == this) return ok;
    EndAcknowledgement();
  }
  return false;
}

}  // namespace latchkey
