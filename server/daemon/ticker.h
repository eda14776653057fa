#ifndef LATCHKEY_SERVER_DAEMON_TICKER_H_
#define LATCHKEY_SERVER_DAEMON_TICKER_H_

#include <functional>
#include <thread>
#include <utility>

#include "absl/time/time.h"
#include "server/base/mutex.h"

namespace latchkey::daemon {

// Calls a function again and again on a thread of its own, until its end.
class Ticker {
 public:
  // Waits `interval` before each call, also the first.
  Ticker(absl::Duration interval, std::function<void()> tick)
      : interval_(interval), tick_(std::move(tick)), thread_([this] { Run(); }) {}

  // Waits for a call that is under way.
  ~Ticker() {
    {
      MutexLock lock(mu_);
      stopping_ = true;
    }
    changed_.NotifyAll();
    thread_.join();
  }
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

 private:
  void Run() {
    mu_.Lock();
    while (!stopping_) {
      changed_.WaitFor(mu_, interval_);
      if (stopping_) break;
      mu_.Unlock();
      tick_();
      mu_.Lock();
    }
    mu_.Unlock();
  }

  const absl::Duration interval_;
  const std::function<void()> tick_;
  Mutex mu_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;  // constant after construction
};

}  // namespace latchkey::daemon

#endif  // LATCHKEY_SERVER_DAEMON_TICKER_H_
