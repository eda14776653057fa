#include "tools/bench/stream_latency.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "latchkey/v1/audit_service.grpc.pb.h"
#include "latchkey/v1/token_service.grpc.pb.h"
#include "server/base/status_macros.h"
#include "tools/bench/interrupt.h"
#include "tools/bench/statistics.h"

namespace latchkey::benchmark {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;
constexpr std::size_t kMostUnderWay = 4096;

float MillisecondsBetween(SteadyTime from, SteadyTime to) {
  return std::chrono::duration<float, std::milli>(to - from).count();
}

// Notes when each event comes.
class Follower {
 public:
  explicit Follower(const Subject& subject)
      : stub_(v1::AuditService::NewStub(subject.channels.back())) {
    SetUpCall(subject.as_operator, context_);
    context_.set_deadline(std::chrono::system_clock::time_point::max());
    v1::SubscribeRequest request;
    request.set_from_now(true);
    request.mutable_max_delay();
    reader_ = stub_->Subscribe(&context_, request);
    v1::SubscribeResponse response;
    started_ = reader_->Read(&response);
    thread_ = std::thread([this] { Read(); });
  }
  ~Follower() { Stop(); }

  bool started() const { return started_; }
  // Ends, and returns when the events came, by sequence.
  std::unordered_map<std::uint64_t, SteadyTime> Stop() {
    context_.TryCancel();
    if (thread_.joinable()) thread_.join();
    return std::move(came_);
  }

 private:
  void Read() {
    v1::SubscribeResponse response;
    while (reader_->Read(&response)) {
      const SteadyTime now = std::chrono::steady_clock::now();
      for (const v1::Event& event : response.events()) came_.emplace(event.sequence(), now);
    }
    reader_->Finish();
  }

  const std::unique_ptr<v1::AuditService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::SubscribeResponse>> reader_;
  bool started_ = false;
  std::unordered_map<std::uint64_t, SteadyTime> came_;  // the thread's
  std::thread thread_;
};

// Issues tokens at an even rate, whatever the answers take: an open loop.
class PacedIssue {
 public:
  struct Call {
    SteadyTime sent;
    SteadyTime replied;
    grpc::ClientContext context;
    grpc::Status status;
    v1::IssueTokenResponse response;
    std::unique_ptr<grpc::ClientAsyncResponseReader<v1::IssueTokenResponse>> reader;
  };

  explicit PacedIssue(const Subject& subject) : subject_(subject) {
    for (const auto& channel : subject.channels) {
      stubs_.push_back(v1::TokenService::NewStub(channel));
    }
  }
  ~PacedIssue() {
    Drain().IgnoreError();
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  absl::Status Run(double rate, absl::Duration duration) {
    const auto interval = std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / rate));
    const SteadyTime end = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(duration);
    for (SteadyTime next = std::chrono::steady_clock::now(); next < end;) {
      LATCHKEY_RETURN_IF_ERROR(CheckInterrupt());
      for (; next <= std::chrono::steady_clock::now(); next += interval) Send(next);
      LATCHKEY_RETURN_IF_ERROR(TakeUntil(next));
      if (under_way_ > kMostUnderWay) {
        return absl::DeadlineExceededError("the server does not keep up with half of its own rate");
      }
    }
    return Drain();
  }
  const std::vector<std::unique_ptr<Call>>& calls() const { return calls_; }

 private:
  // What is late is counted from when it was due.
  void Send(SteadyTime due) {
    calls_.push_back(std::make_unique<Call>());
    Call& call = *calls_.back();
    v1::IssueTokenRequest request;
    request.set_parent(subject_.tenant.workspace);
    request.set_kind(v1::TOKEN_KIND_CUSTOM_BOT);
    request.set_app(subject_.tenant.apps[calls_.size() % subject_.tenant.apps.size()]);
    request.set_label("deploys");
    SetUpCall(subject_.tenant.on_behalf_of_member, call.context);
    call.sent = due;
    call.reader = stubs_[calls_.size() % stubs_.size()]->PrepareAsyncIssueToken(&call.context,
                                                                                request, &queue_);
    call.reader->StartCall();
    call.reader->Finish(&call.response, &call.status, &call);
    ++under_way_;
  }
  absl::Status TakeUntil(SteadyTime until) {
    const auto wait = until - std::chrono::steady_clock::now();
    const auto deadline = std::chrono::system_clock::now() +
                          std::chrono::duration_cast<std::chrono::system_clock::duration>(wait);
    void* tag = nullptr;
    bool ok = false;
    if (queue_.AsyncNext(&tag, &ok, deadline) != grpc::CompletionQueue::GOT_EVENT) {
      return absl::OkStatus();
    }
    return Take(static_cast<Call*>(tag));
  }
  absl::Status Take(Call* call) {
    call->replied = std::chrono::steady_clock::now();
    call->reader.reset();
    --under_way_;
    return ToAbsl(call->status);
  }
  absl::Status Drain() {
    absl::Status first;
    void* tag = nullptr;
    bool ok = false;
    while (under_way_ > 0 && queue_.Next(&tag, &ok)) first.Update(Take(static_cast<Call*>(tag)));
    return first;
  }

  const Subject& subject_;
  grpc::CompletionQueue queue_;
  std::vector<std::unique_ptr<v1::TokenService::Stub>> stubs_;
  std::vector<std::unique_ptr<Call>> calls_;
  std::size_t under_way_ = 0;
};

}  // namespace

absl::StatusOr<DeliveryTimes> MeasureDelivery(const Subject& subject, double rate,
                                              absl::Duration duration) {
  Follower follower(subject);
  if (!follower.started()) return absl::InternalError("the subscriber got no response");
  PacedIssue issue(subject);
  LATCHKEY_RETURN_IF_ERROR(issue.Run(rate, duration));
  absl::SleepFor(absl::Milliseconds(500));  // for the last events
  const auto came = follower.Stop();
  std::vector<float> replies;
  std::vector<float> events;
  std::vector<float> after;
  for (const auto& call : issue.calls()) {
    const auto event = came.find(call->response.revision());
    if (event == came.end()) {
      return absl::DeadlineExceededError(
          absl::StrCat("event ", call->response.revision(), " did not come"));
    }
    replies.push_back(MillisecondsBetween(call->sent, call->replied));
    events.push_back(MillisecondsBetween(call->sent, event->second));
    after.push_back(std::max(0.0F, MillisecondsBetween(call->replied, event->second)));
  }
  DeliveryTimes times;
  times.reply_p50 = QuantileOf(replies, 0.5);
  times.reply_p99 = QuantileOf(replies, 0.99);
  times.event_p50 = QuantileOf(events, 0.5);
  times.event_p99 = QuantileOf(events, 0.99);
  times.after_reply_p99 = QuantileOf(after, 0.99);
  return times;
}

}  // namespace latchkey::benchmark
