#include "server/rpc/subscribe_reactor.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "grpcpp/support/slice.h"
#include "server/authority/errors.h"
#include "server/authority/validate.h"
#include "server/base/status_macros.h"
#include "server/rpc/credentials.h"
#include "server/rpc/request_bytes.h"
#include "server/rpc/subscriber_set.h"

namespace latchkey::rpc {
namespace {

constexpr absl::Duration kDefaultInterval = absl::Seconds(10);
constexpr absl::Duration kShortestInterval = absl::Seconds(1);
constexpr absl::Duration kLongestInterval = absl::Seconds(60);
// What is sent was allowed this long ago at most.
constexpr std::chrono::seconds kRightsAge{1};

absl::Duration IntervalOf(const v1::SubscribeRequest& request) {
  if (!request.has_heartbeat_interval()) return kDefaultInterval;
  return absl::Seconds(request.heartbeat_interval().seconds()) +
         absl::Nanoseconds(request.heartbeat_interval().nanos());
}

// Hands the bytes over without copying them.
grpc::ByteBuffer ToByteBuffer(std::string bytes) {
  auto* const kept = new std::string(std::move(bytes));
  const grpc::Slice slice(
      kept->data(), kept->size(), [](void* string) { delete static_cast<std::string*>(string); },
      kept);
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace

SubscribeReactor::SubscribeReactor(const CallFrame& frame, CallPoller& poller, SubscriberSet& set)
    : WriteStream(poller), frame_(frame), set_(set) {}

void SubscribeReactor::OnStart() { set_.Add(this); }

void SubscribeReactor::Refuse(const absl::Status& status) {
  {
    MutexLock lock(mu_);
    state_ = State::kFinishing;
  }
  FinishWith(status);
}

void SubscribeReactor::Begin() {
  waker_ = frame_.authority.events().AddWaker([set = &set_] { set->Notify(); });
  ScheduleWork();
}

void SubscribeReactor::Wake() {
  {
    MutexLock lock(mu_);
    // In any other state the stream looks for more by itself before it becomes idle.
    if (state_ != State::kIdle) return;
    const bool due = std::chrono::steady_clock::now() >= last_write_ + interval_;
    if (!due && frame_.authority.events().newest() <= position_) return;
    state_ = State::kReading;
  }
  ScheduleWork();
}

void SubscribeReactor::End(const absl::Status& status) {
  {
    MutexLock lock(mu_);
    ended_ = status;
    if (state_ != State::kIdle) return;
    state_ = State::kFinishing;
  }
  FinishWith(status);
}

void SubscribeReactor::OnCancel() {
  {
    MutexLock lock(mu_);
    cancelled_ = true;
    if (state_ != State::kIdle) return;
    state_ = State::kFinishing;
  }
  FinishWith(absl::CancelledError("the caller gave up"));
}

void SubscribeReactor::OnWriteDone(bool ok) {
  response_.Clear();
  {
    MutexLock lock(mu_);
    cancelled_ = cancelled_ || !ok;
    state_ = State::kReading;
  }
  ScheduleWork();
}

void SubscribeReactor::OnDone() {
  if (waker_ != 0) frame_.authority.events().RemoveWaker(waker_);
  set_.Remove(this);
  delete this;
}

void SubscribeReactor::ScheduleWork() {
  frame_.workers.Schedule([this] { Work(); });
}

void SubscribeReactor::Work() {
  const absl::StatusOr<bool> filled = FillResponse();
  absl::Status end;
  State next = State::kReading;
  {
    MutexLock lock(mu_);
    end = cancelled_ ? absl::CancelledError("the caller gave up") : ended_;
    if (end.ok()) end = filled.status();
    if (!end.ok()) {
      next = State::kFinishing;
    } else if (*filled) {
      next = State::kWriting;
      last_write_ = std::chrono::steady_clock::now();
    } else if (frame_.authority.events().newest() <= position_) {
      next = State::kIdle;
    }
    state_ = next;
  }
  switch (next) {
    case State::kIdle:
      return;  // the stream may have ended meanwhile
    case State::kReading:
      return ScheduleWork();
    case State::kWriting:
      return StartWrite(response_);
    case State::kFinishing:
      return FinishWith(end);
  }
}

absl::StatusOr<bool> SubscribeReactor::FillResponse() {
  {
    MutexLock lock(mu_);
    if (cancelled_ || !ended_.ok()) return false;
  }
  LATCHKEY_RETURN_IF_ERROR(begun_ ? CheckRightsAgain() : CheckRequest());
  begun_ = true;
  std::uint64_t position = 0;
  bool heartbeat_is_due = false;
  {
    MutexLock lock(mu_);
    position = position_;
    heartbeat_is_due = std::chrono::steady_clock::now() >= last_write_ + interval_;
  }
  LATCHKEY_ASSIGN_OR_RETURN(EventHub::Batch batch,
                            frame_.authority.events().Read(position, asked_.filter(), {}));
  position = std::max(position, batch.complete_through);
  {
    MutexLock lock(mu_);
    position_ = position;
  }
  if (batch.count == 0 && !heartbeat_is_due) return false;
  v1::SubscribeResponse rest;
  rest.set_complete_through(position);
  rest.set_newest(std::max(position, frame_.authority.events().newest()));
  rest.AppendToString(&batch.events);
  response_ = ToByteBuffer(std::move(batch.events));
  return true;
}

absl::Status SubscribeReactor::CheckRequest() {
  // Who may not ask is told so before the form is judged.
  LATCHKEY_ASSIGN_OR_RETURN(const Caller caller, AuthenticateCall(frame_.authority, context()));
  grpc::ByteBuffer bytes = request();
  LATCHKEY_RETURN_IF_ERROR(ParseRequest(bytes, asked_));
  const bool by_consumer = !asked_.consumer().empty();
  std::uint64_t acknowledged = 0;
  if (by_consumer) {
    LATCHKEY_ASSIGN_OR_RETURN(acknowledged, UseConsumer(caller));
  }
  LATCHKEY_RETURN_IF_ERROR(CheckRights());
  Validator validator;
  const absl::Duration interval = IntervalOf(asked_);
  validator.Check(interval >= kShortestInterval && interval <= kLongestInterval,
                  "heartbeat_interval", "takes 1 s to 60 s");
  validator.Check(!asked_.from_now() || asked_.after_revision() == 0, "after_revision",
                  "must be 0 where from_now is set");
  LATCHKEY_RETURN_IF_ERROR(validator.status());
  if (by_consumer) asked_.set_after_revision(acknowledged);
  LATCHKEY_ASSIGN_OR_RETURN(std::uint64_t position, FirstPosition());
  if (by_consumer) {
    LATCHKEY_ASSIGN_OR_RETURN(position, ClaimConsumer(caller, position));
  }
  MutexLock lock(mu_);
  interval_ = absl::ToChronoNanoseconds(interval);
  position_ = position;
  return absl::OkStatus();
}

absl::Status SubscribeReactor::CheckRights() {
  rights_checked_ = std::chrono::steady_clock::now();
  LATCHKEY_ASSIGN_OR_RETURN(const Caller caller, AuthenticateCall(frame_.authority, context()));
  return frame_.authority.AuthorizeAudit(caller, asked_.filter());
}

absl::Status SubscribeReactor::CheckRightsAgain() {
  {
    MutexLock lock(mu_);
    if (std::chrono::steady_clock::now() < rights_checked_ + kRightsAge) return absl::OkStatus();
  }
  return CheckRights();
}

absl::StatusOr<std::uint64_t> SubscribeReactor::FirstPosition() const {
  if (asked_.from_now()) return frame_.authority.events().newest();
  // What a consumer holds is there for it, whatever the plan says.
  LATCHKEY_RETURN_IF_ERROR(frame_.authority.CheckStart(
      asked_.after_revision(), consumer_holds_ ? v1::EventFilter() : asked_.filter()));
  return asked_.after_revision();
}

void SubscribeReactor::FinishWith(const absl::Status& status) {
  Finish(frame_.statuses.ToGrpc(status, "Subscribe"));
}

}  // namespace latchkey::rpc
