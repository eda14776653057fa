#include "server/rpc/subscribe_reactor.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "grpcpp/support/slice.h"
#include "server/authority/errors.h"
#include "server/base/status_macros.h"
#include "server/rpc/credentials.h"
#include "server/rpc/message_bytes.h"
#include "server/rpc/subscriber_set.h"

namespace latchkey::rpc {
namespace {

// What is sent was allowed this long ago at most.
constexpr std::chrono::seconds kRightsAge{1};
// How long a write may take until a stream that was ended meanwhile is cancelled.
constexpr std::chrono::seconds kEndPatience{5};

// Why a stream that began with the right ends without it: PERMISSION_DENIED always, and nothing is
// hidden, since what the stream was about was known.
absl::Status EndedForWantOfRight(const absl::Status& status) {
  constexpr absl::string_view kEnded =
      "The right to read these events ended while they were streamed";
  if (absl::IsNotFound(status)) {
    return RightEndedError(v1::ACTION_AUDIT_READ, "caller.cross_workspace",
                           absl::StrCat(kEnded, "."));
  }
  if (absl::IsUnauthenticated(status)) {
    return RightEndedError(v1::ACTION_AUDIT_READ, "caller.unauthenticated",
                           absl::StrCat(kEnded, ". ", status.message()));
  }
  return status;
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
  frame_.authority.events().AddReader();
  counted_ = true;
  ScheduleWork();
}

void SubscribeReactor::Wake(std::uint64_t passed) {
  {
    MutexLock lock(mu_);
    // In any other state the stream looks for more by itself before it becomes idle.
    if (state_ != State::kIdle) return;
    position_ = std::max(position_, passed);
    if (frame_.authority.events().newest() <= position_) return;
    state_ = State::kReading;
  }
  ScheduleWork();
}

void SubscribeReactor::Beat(std::uint64_t passed) {
  const SteadyTime now = std::chrono::steady_clock::now();
  bool is_stuck = false;
  {
    MutexLock lock(mu_);
    // A reader who takes nothing would keep a stream that has ended open for ever.
    is_stuck = state_ == State::kWriting && !ended_.ok() && now > ended_time_ + kEndPatience;
    if (!is_stuck) {
      if (state_ != State::kIdle) return;
      position_ = std::max(position_, passed);
      if (now < last_write_ + interval_) return;
      state_ = State::kReading;
    }
  }
  if (is_stuck) return CancelCall();
  ScheduleWork();
}

void SubscribeReactor::End(const absl::Status& status) {
  {
    MutexLock lock(mu_);
    ended_ = status;
    ended_time_ = std::chrono::steady_clock::now();
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
  if (counted_) frame_.authority.events().RemoveReader();
  set_.Remove(this);
  delete this;
}

void SubscribeReactor::ScheduleWork() {
  frame_.stream_workers.Schedule([this] { Work(); });
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
  const bool is_start = !std::exchange(begun_, true);
  LATCHKEY_RETURN_IF_ERROR(is_start ? CheckRequest() : CheckRightsInTime());
  std::uint64_t position = 0;
  bool heartbeat_is_due = false;
  {
    MutexLock lock(mu_);
    position = position_;
    heartbeat_is_due = std::chrono::steady_clock::now() >= last_write_ + interval_;
  }
  absl::StatusOr<EventHub::Batch> read =
      frame_.authority.events().Read(position, terms_.selector, terms_.limits, terms_.field);
  // What is next may be removed by now, or be beyond what the plan gives; who resumes is told the
  // same. What is still in memory is less than any plan's size.
  if (absl::IsOutOfRange(read.status()) || (!is_start && read.ok() && read->is_from_store)) {
    const absl::Status start = CheckStart(position);
    // Who lost the right is told that, and nothing of what is kept.
    if (!start.ok()) LATCHKEY_RETURN_IF_ERROR(CheckRightsAgain());
    LATCHKEY_RETURN_IF_ERROR(start);
  }
  LATCHKEY_ASSIGN_OR_RETURN(EventHub::Batch batch, std::move(read));
  // After the read, so that it knows of what was committed before anything that was read. Where the
  // right is gone, the batch goes with it.
  LATCHKEY_RETURN_IF_ERROR(CheckRightsAgain());
  position = std::max(position, batch.complete_through);
  {
    MutexLock lock(mu_);
    position_ = position;
  }
  if (batch.count == 0 && !heartbeat_is_due) return false;
  LATCHKEY_ASSIGN_OR_RETURN(response_, MakeResponse(std::move(batch), position));
  return true;
}

absl::StatusOr<grpc::ByteBuffer> SubscribeReactor::MakeResponse(EventHub::Batch batch,
                                                                std::uint64_t position) {
  v1::SubscribeResponse rest;
  const SteadyTime now = std::chrono::steady_clock::now();
  if (asked_.checkpoints() && position > 0 &&
      (batch.count == 0 ||
       now >= checkpoint_time_ + absl::ToChronoNanoseconds(terms_.heartbeat_interval))) {
    LATCHKEY_ASSIGN_OR_RETURN(*rest.mutable_checkpoint(), frame_.authority.CheckpointAt(position));
    checkpoint_time_ = now;
  }
  rest.set_complete_through(position);
  rest.set_newest(std::max(position, frame_.authority.events().newest()));
  rest.set_lag(rest.newest() - position);
  rest.AppendToString(&batch.events);
  return ToByteBuffer(std::move(batch.events));
}

absl::Status SubscribeReactor::CheckRequest() {
  // Who may not ask is told so before the form is judged.
  LATCHKEY_ASSIGN_OR_RETURN(const Caller caller, AuthenticateCall(frame_.authority, context()));
  LATCHKEY_RETURN_IF_ERROR(set_.CountFor(this, caller));
  // For the life of the stream it takes no more than what is asked for.
  grpc::ByteBuffer bytes = TakeRequest();
  LATCHKEY_RETURN_IF_ERROR(ParseRequest(bytes, asked_));
  asked_.DiscardUnknownFields();
  const bool by_consumer = !asked_.consumer().empty();
  std::uint64_t acknowledged = 0;
  if (by_consumer) {
    LATCHKEY_ASSIGN_OR_RETURN(acknowledged, UseConsumer(caller));
  }
  LATCHKEY_RETURN_IF_ERROR(CheckRights());
  LATCHKEY_ASSIGN_OR_RETURN(terms_, ReadTerms(asked_));
  if (by_consumer) asked_.set_after_revision(acknowledged);
  LATCHKEY_ASSIGN_OR_RETURN(std::uint64_t position, StartOf(asked_, frame_.authority.events()));
  LATCHKEY_RETURN_IF_ERROR(CheckStart(position));
  if (by_consumer) {
    LATCHKEY_ASSIGN_OR_RETURN(position, ClaimConsumer(caller, position));
  }
  {
    MutexLock lock(mu_);
    interval_ = absl::ToChronoNanoseconds(terms_.heartbeat_interval);
    position_ = position;
  }
  set_.Follow(
      this,
      {WakePlan::Rounded({absl::ToChronoNanoseconds(terms_.max_delay), terms_.limits.max_bytes}),
       asked_.filter().workspace()});
  return absl::OkStatus();
}

absl::Status SubscribeReactor::CheckStart(std::uint64_t position) {
  // What a consumer holds is there for it, whatever the plan says; a hold lapses and comes back.
  const bool holds = consumer_may_hold_ && frame_.authority.HoldsEvents(asked_.consumer());
  return frame_.authority.CheckStart(position, holds ? v1::EventFilter() : asked_.filter());
}

absl::Status SubscribeReactor::CheckRights() {
  // Before the look, which therefore sees every change up to here.
  rights_revision_ = frame_.authority.events().newest();
  rights_time_ = std::chrono::steady_clock::now();
  LATCHKEY_ASSIGN_OR_RETURN(const Caller caller, AuthenticateCall(frame_.authority, context()));
  return frame_.authority.AuthorizeAudit(caller, asked_.filter());
}

absl::Status SubscribeReactor::CheckRightsAgain() {
  if (frame_.authority.events().rights_changed() <= rights_revision_) return absl::OkStatus();
  return EndedForWantOfRight(CheckRights());
}

absl::Status SubscribeReactor::CheckRightsInTime() {
  if (std::chrono::steady_clock::now() < rights_time_ + kRightsAge) return absl::OkStatus();
  return EndedForWantOfRight(CheckRights());
}

void SubscribeReactor::FinishWith(const absl::Status& status) {
  Finish(frame_.statuses.ToGrpc(status, "Subscribe"));
}

}  // namespace latchkey::rpc
