#include "client/audit_subscriber.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "client/audit_stream.h"
#include "client/error_details.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "latchkey/v1/audit_service.grpc.pb.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

constexpr int kSilentIntervals = 3;
constexpr absl::Duration kAckInterval = absl::Seconds(1);

bool Heals(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kUnauthenticated:
      return false;
    default:
      return true;
  }
}

void SetDuration(absl::Duration from, google::protobuf::Duration& to) {
  to.set_seconds(absl::IDivDuration(from, absl::Seconds(1), &from));
  to.set_nanos(static_cast<std::int32_t>(absl::ToInt64Nanoseconds(from)));
}

void SetTime(absl::Time from, google::protobuf::Timestamp& to) {
  to.set_seconds(absl::ToUnixSeconds(from));
  to.set_nanos(static_cast<std::int32_t>((from - absl::FromUnixSeconds(to.seconds())) /
                                         absl::Nanoseconds(1)));
}

absl::Duration RetryDelay(const absl::Status& status) {
  const auto retry = GetErrorDetail<google::rpc::RetryInfo>(status);
  if (!retry.has_value()) return absl::ZeroDuration();
  return absl::Seconds(retry->retry_delay().seconds()) +
         absl::Nanoseconds(retry->retry_delay().nanos());
}

}  // namespace

AuditSubscriber::AuditSubscriber(const Client& client, SubscriberOptions options)
    : client_(client),
      options_(std::move(options)),
      backoff_(options_.shortest_backoff, options_.longest_backoff, client.entropy()),
      connecting_(options_.shortest_backoff, options_.longest_backoff, client.entropy()),
      last_sequence_(options_.after_revision),
      position_(options_.after_revision) {}

absl::Status AuditSubscriber::Run() {
  const absl::Status ended = Follow();
  const absl::Status acknowledged = SendLastAcknowledgement();
  return ended.ok() ? acknowledged : ended;
}

absl::Status AuditSubscriber::Follow() {
  started_ = std::chrono::steady_clock::now();
  absl::Status cause;
  absl::Duration connect_within;
  while (!stopping()) {
    absl::Status ended = ReadStream(std::exchange(connect_within, absl::ZeroDuration()));
    if (!ack_error_.ok()) return std::exchange(ack_error_, absl::OkStatus());
    if (stopping()) break;
    if (ended.ok()) {
      // Nobody was there in time, which does not say why. The next attempt does.
      if (LeftForFirst() <= absl::ZeroDuration()) return cause;
      continue;
    }
    if (!reached_ && LeftForFirst() <= absl::ZeroDuration()) return cause.ok() ? ended : cause;
    cause = std::move(ended);
    if (!Heals(cause.code())) return cause;
    if (!reached_) {
      connect_within = WaitForServer(cause);
    } else if (!WaitAfter(cause)) {
      return stopping() ? absl::OkStatus() : cause;
    }
  }
  return absl::OkStatus();
}

void AuditSubscriber::Acknowledge(std::uint64_t revision) {
  std::uint64_t before = handled_;
  while (before < revision && !handled_.compare_exchange_weak(before, revision)) {
  }
}

v1::AcknowledgeRequest AuditSubscriber::AcknowledgementOf(std::uint64_t revision) const {
  v1::AcknowledgeRequest request;
  request.set_name(options_.consumer);
  request.set_revision(revision);
  return request;
}

absl::Status AuditSubscriber::SendLastAcknowledgement() {
  const std::uint64_t revision = handled_;
  if (options_.consumer.empty() || revision <= acknowledged_) return absl::OkStatus();
  if (!reached_) {
    return absl::UnavailableError("no server was there to take the last acknowledgement");
  }
  absl::Status sent = client_.Call(AcknowledgementOf(revision)).status();
  if (sent.ok()) acknowledged_ = revision;
  return sent;
}

absl::Duration AuditSubscriber::AcknowledgeInTime(AuditStream& stream,
                                                  grpc::ClientContext& context) {
  // What comes of the one under way ends the wait.
  if (options_.consumer.empty() || stream.acknowledging()) return absl::InfiniteDuration();
  const auto since = absl::FromChrono(std::chrono::steady_clock::now() - last_ack_);
  if (since < kAckInterval) return kAckInterval - since;
  const std::uint64_t revision = handled_;
  if (revision <= acknowledged_) return kAckInterval;
  stream.Acknowledge(
      AcknowledgementOf(revision),
      [this](grpc::ClientContext& call) { client_.SetUp(call, client_.timeout()); },
      [this, &context, revision](const absl::Status& sent) {
        last_ack_ = std::chrono::steady_clock::now();
        if (sent.ok()) {
          acknowledged_ = std::max(acknowledged_, revision);
        } else if (!Heals(sent.code())) {
          ack_error_ = sent;
          context.TryCancel();
        }
      });
  return absl::InfiniteDuration();
}

void AuditSubscriber::Stop() {
  MutexLock lock(mu_);
  stopping_ = true;
  if (current_ != nullptr) current_->TryCancel();
  changed_.NotifyAll();
}

bool AuditSubscriber::stopping() {
  MutexLock lock(mu_);
  return stopping_;
}

absl::Status AuditSubscriber::ReadStream(absl::Duration connect_within) {
  const bool waits = connect_within > absl::ZeroDuration();
  grpc::ClientContext context;
  client_.SetUp(context, absl::InfiniteDuration());
  context.set_wait_for_ready(waits);
  {
    MutexLock lock(mu_);
    if (stopping_) return absl::CancelledError("the subscription was stopped");
    current_ = &context;
  }
  const auto stub = v1::AuditService::NewStub(client_.channel());
  AuditStream stream(*stub, context, NextRequest(), [this, &context](AuditStream& waiting) {
    return AcknowledgeInTime(waiting, context);
  });
  v1::SubscribeResponse response;
  bool open = stream.Start(waits ? connect_within : Patience());
  // A call that waits for a connection and is not ended here had one.
  const bool connected =
      client_.channel()->GetState(/*try_to_connect=*/false) == GRPC_CHANNEL_READY;
  reached_ = open || (waits ? !stream.silent() && !stopping() : connected);
  if (reached_) connecting_.Reset();
  begun_ = false;
  absl::Status refused;
  while (open) {
    open = stream.Read(response, Patience()) && !stopping();
    if (open) refused = HandOn(response);
    if (!refused.ok()) {
      context.TryCancel();
      open = false;
    }
  }
  absl::Status cause = stream.Finish();
  if (!refused.ok()) cause = refused;
  if (waits && !reached_) cause = absl::OkStatus();
  MutexLock lock(mu_);
  current_ = nullptr;
  return cause;
}

v1::SubscribeRequest AuditSubscriber::NextRequest() const {
  v1::SubscribeRequest request;
  SetDuration(options_.heartbeat_interval, *request.mutable_heartbeat_interval());
  if (options_.max_delay.has_value()) {
    SetDuration(*options_.max_delay, *request.mutable_max_delay());
  }
  request.set_max_bytes(options_.max_bytes);
  request.set_serialized(options_.verifier != nullptr);
  request.set_checkpoints(options_.verifier != nullptr);
  if (!options_.consumer.empty()) {
    // The server knows where it is; what was handed on and not acknowledged comes again, and is
    // dropped.
    request.set_consumer(options_.consumer);
    return request;
  }
  *request.mutable_filter() = options_.filter;
  if (options_.from_now && !responded_) {
    request.set_from_now(true);
  } else if (options_.start_time.has_value() && !responded_) {
    SetTime(*options_.start_time, *request.mutable_start_time());
  } else {
    request.set_after_revision(position_);
  }
  return request;
}

absl::Duration AuditSubscriber::LeftForFirst() const {
  if (responded_) return absl::InfiniteDuration();
  const auto elapsed = absl::FromChrono(std::chrono::steady_clock::now() - started_);
  return std::max(options_.first_response_within - elapsed, absl::ZeroDuration());
}

absl::Duration AuditSubscriber::Patience() const {
  return std::min(options_.heartbeat_interval * kSilentIntervals, LeftForFirst());
}

bool AuditSubscriber::WaitAfter(const absl::Status& cause) {
  absl::Duration delay = backoff_.Next();
  delay = std::max(delay, std::min(RetryDelay(cause), options_.longest_backoff));
  if (LeftForFirst() <= delay) return false;
  if (options_.on_reconnect) options_.on_reconnect({cause, delay, /*reached=*/true});
  const auto until = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(delay);
  MutexLock lock(mu_);
  while (!stopping_) {
    const auto left = absl::FromChrono(until - std::chrono::steady_clock::now());
    if (left <= absl::ZeroDuration()) break;
    changed_.WaitFor(mu_, left);
  }
  return !stopping_;
}

absl::Duration AuditSubscriber::WaitForServer(const absl::Status& cause) {
  const absl::Duration delay = std::min(connecting_.Next(), LeftForFirst());
  if (options_.on_reconnect) options_.on_reconnect({cause, delay, /*reached=*/false});
  return delay;
}

}  // namespace latchkey
