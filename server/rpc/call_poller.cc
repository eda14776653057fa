#include "server/rpc/call_poller.h"

#include "server/rpc/completion_tag.h"

namespace latchkey::rpc {

CallPoller::~CallPoller() {
  // gRPC wants every queue shut down and emptied, also one that nobody served.
  if (!stopped_) Stop();
}

void CallPoller::Start(int threads) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Poll(); });
}

void CallPoller::RemovePlace() {
  if (places_.fetch_sub(1, std::memory_order_acq_rel) == 1) places_.notify_all();
}

void CallPoller::Stop() {
  stopped_ = true;
  for (std::int64_t left = places_.load(); left > 0; left = places_.load()) places_.wait(left);
  queue_->Shutdown();
  Poll();  // nothing is left in the queue when it returns
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void CallPoller::Poll() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) {
    auto* const operation = static_cast<CompletionTag*>(tag);
    operation->AwaitBegun();
    operation->Proceed(ok);
  }
}

}  // namespace latchkey::rpc
