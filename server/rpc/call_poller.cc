#include "server/rpc/call_poller.h"

#include <pthread.h>

#include <utility>

#include "grpc/support/time.h"
#include "grpcpp/alarm.h"
#include "server/rpc/completion_tag.h"

namespace latchkey::rpc {
namespace {

// Comes out of the queue at once, runs its task there, and goes.
class PostedTask final : public CompletionTag {
 public:
  PostedTask(CallPoller& poller, Executor::Task task) : poller_(poller), task_(std::move(task)) {}

  void Post() {
    poller_.AddPlace();
    BeginWith([this] { alarm_.Set(&poller_.queue(), gpr_inf_past(GPR_CLOCK_MONOTONIC), this); });
  }

  void Proceed(bool /*ok*/) override {
    task_();
    CallPoller& poller = poller_;
    delete this;
    poller.RemovePlace();
  }

 private:
  CallPoller& poller_;
  Executor::Task task_;
  grpc::Alarm alarm_;
};

}  // namespace

void PollerExecutor::Schedule(Task task) {
  auto* const posted = new PostedTask(poller_, std::move(task));  // deletes itself
  posted->Post();
}

CallPoller::~CallPoller() {
  // gRPC wants every queue shut down and emptied, also one that nobody served.
  if (!stopped_) Stop();
}

void CallPoller::Start(int threads) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { Poll(); });
    pthread_setname_np(threads_.back().native_handle(), "rpc-poll");
  }
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
