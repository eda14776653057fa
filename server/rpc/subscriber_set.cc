#include "server/rpc/subscriber_set.h"

#include <utility>

#include "absl/time/time.h"
#include "server/authority/errors.h"
#include "server/rpc/status_conversion.h"
#include "server/rpc/subscribe_reactor.h"

namespace latchkey::rpc {

SubscriberSet::SubscriberSet(const CallFrame& frame, std::size_t max_subscribers)
    : frame_(frame), max_subscribers_(max_subscribers), thread_([this] { Run(); }) {}

SubscriberSet::~SubscriberSet() {
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
    if (refused.ok()) streams_.insert(stream);
  }
  if (!refused.ok()) return stream->Refuse(refused);
  Notify();
  stream->Begin();
}

void SubscriberSet::EndAll(const absl::Status& status) {
  MutexLock lock(mu_);
  ended_ = status;
  for (SubscribeReactor* stream : streams_) stream->End(status);
}

std::size_t SubscriberSet::size() const {
  MutexLock lock(mu_);
  return streams_.size();
}

void SubscriberSet::Notify() {
  if (notified_.exchange(true, std::memory_order_acq_rel)) return;
  // Under the lock, so that the thread is either before its look at the flag or waits already.
  MutexLock lock(mu_);
  changed_.NotifyOne();
}

void SubscriberSet::Remove(SubscribeReactor* stream) {
  MutexLock lock(mu_);
  streams_.erase(stream);
}

void SubscriberSet::Run() {
  mu_.Lock();
  while (!stopping_) {
    // A read too, so that what was published before a notice that this takes is seen below.
    notified_.exchange(false, std::memory_order_acq_rel);
    for (SubscribeReactor* stream : streams_) stream->Wake();
    // Without a notice, the wait is how late a heartbeat may be.
    if (!notified_.load(std::memory_order_acquire)) {
      changed_.WaitFor(mu_, streams_.empty() ? absl::Seconds(60) : absl::Milliseconds(200));
    }
  }
  mu_.Unlock();
}

}  // namespace latchkey::rpc
