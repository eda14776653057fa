#include "server/rpc/subscriber_set.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/authority/errors.h"
#include "server/rpc/status_conversion.h"
#include "server/rpc/subscribe_reactor.h"

namespace latchkey::rpc {
namespace {

// How late a heartbeat may be.
constexpr std::chrono::milliseconds kBeat{200};
constexpr std::chrono::seconds kLongWait{60};
constexpr int kMaxStreamsOfMember = 64;

}  // namespace

SubscriberSet::SubscriberSet(const CallFrame& frame, std::size_t max_subscribers)
    : frame_(frame),
      max_subscribers_(max_subscribers),
      waker_(hub().AddWaker([this] { Notify(); })),
      thread_([this] { Run(); }) {}

SubscriberSet::~SubscriberSet() {
  hub().RemoveWaker(waker_);
  {
    MutexLock lock(mu_);
    stopping_ = true;
  }
  changed_.NotifyAll();
  thread_.join();
}

void SubscriberSet::Start(CallPoller& poller,
                          WriteStream<grpc::ByteBuffer, grpc::ByteBuffer>::Ask ask) {
  poller_ = &poller;
  ask_ = std::move(ask);
  WaitForStream();
}

void SubscriberSet::WaitForStream() {
  poller_->AddPlace();
  auto* stream = new SubscribeReactor(frame_, *poller_, *this);  // deletes itself
  stream->Wait(ask_);
}

void SubscriberSet::Add(SubscribeReactor* stream) {
  WaitForStream();
  absl::Status refused;
  {
    MutexLock lock(mu_);
    refused = ended_;
    if (refused.ok() && streams_.size() >= max_subscribers_) {
      refused = OverloadedError("as many streams are open as the server takes; try again later");
    }
    if (refused.ok()) streams_.emplace(stream, Open());
  }
  if (!refused.ok()) return stream->Refuse(refused);
  Notify();
  stream->Begin();
}

void SubscriberSet::EndAll(const absl::Status& status) {
  MutexLock lock(mu_);
  ended_ = status;
  for (const auto& [stream, open] : streams_) stream->End(status);
}

std::size_t SubscriberSet::size() const {
  MutexLock lock(mu_);
  return streams_.size();
}

void SubscriberSet::Notify() {
  const bool urgent = hub().published_bytes() >= urgent_bytes_.load();
  if (notified_.exchange(true, std::memory_order_acq_rel) && !urgent) return;
  // Under the lock, so that the thread is either before its look at the flag or waits already.
  MutexLock lock(mu_);
  changed_.NotifyOne();
}

void SubscriberSet::Follow(SubscribeReactor* stream, const WakePlan::Place& place) {
  MutexLock lock(mu_);
  streams_[stream].place = place;
  plan_.Add(stream, place, {hub().newest(), hub().published_bytes()});
  // The flag may be up from before, and then no commit would tell of itself.
  changed_.NotifyOne();
}

void SubscriberSet::Remove(SubscribeReactor* stream) {
  MutexLock lock(mu_);
  const auto it = streams_.find(stream);
  if (it == streams_.end()) return;
  const Open& open = it->second;
  if (open.place.has_value()) plan_.Remove(stream, *open.place);
  if (const auto of = streams_of_member_.find(open.member);
      of != streams_of_member_.end() && --of->second == 0) {
    streams_of_member_.erase(of);
  }
  streams_.erase(it);
}

absl::Status SubscriberSet::CountFor(SubscribeReactor* stream, const Caller& caller) {
  if (caller.kind != policy::CallerKind::kMember) return absl::OkStatus();
  MutexLock lock(mu_);
  int& count = streams_of_member_[caller.principal];
  if (count >= kMaxStreamsOfMember) {
    return OverloadedError(absl::StrCat(caller.principal, " has ", count,
                                        " streams open; end one, or use one for more"));
  }
  ++count;
  streams_[stream].member = caller.principal;
  return absl::OkStatus();
}

WakePlan::News SubscriberSet::NewsSince(std::uint64_t after, std::uint64_t newest) const {
  WakePlan::News news;
  // Who lost a right is told so whether or not there is something to send.
  news.for_all =
      hub().rights_changed() > after || !hub().FindWorkspaces(after, newest, news.workspaces);
  return news;
}

WakePlan::Time SubscriberSet::Step() {
  const auto now = std::chrono::steady_clock::now();
  const bool look = plan_.listens() || plan_.IsDue(now, {hub().newest(), hub().published_bytes()});
  // A read too, so that what was published before a notice that this takes is seen below.
  const bool noticed = look && notified_.exchange(false, std::memory_order_acq_rel);
  const WakePlan::LogEnd end{hub().newest(), hub().published_bytes()};
  plan_.Step(
      now, noticed, end, [&](std::uint64_t after) { return NewsSince(after, end.newest); },
      [](SubscribeReactor* stream, std::uint64_t passed) { stream->Wake(passed); });
  if (now >= next_beat_) {
    next_beat_ = now + kBeat;
    plan_.ForEach([](SubscribeReactor* stream, std::uint64_t passed) { stream->Beat(passed); });
  }
  urgent_bytes_.store(plan_.NextDueBytes());
  return std::min(plan_.NextDue(), streams_.empty() ? now + kLongWait : next_beat_);
}

bool SubscriberSet::MustStep() const {
  return (plan_.listens() && notified_.load(std::memory_order_acquire)) ||
         hub().published_bytes() >= urgent_bytes_.load();
}

void SubscriberSet::Run() {
  mu_.Lock();
  while (!stopping_) {
    const WakePlan::Time until = Step();
    if (MustStep()) continue;
    const auto left = until - std::chrono::steady_clock::now();
    if (left.count() > 0) changed_.WaitFor(mu_, absl::FromChrono(left));
  }
  mu_.Unlock();
}

}  // namespace latchkey::rpc
