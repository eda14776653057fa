#ifndef LATCHKEY_SERVER_RPC_CALL_GATE_H_
#define LATCHKEY_SERVER_RPC_CALL_GATE_H_

#include <atomic>
#include <utility>

#include "absl/status/status.h"
#include "server/authority/errors.h"
#include "server/rpc/status_conversion.h"

namespace latchkey::rpc {

// Counts the calls that are being served, and keeps their number below a bound: gRPC itself takes
// whatever comes. Thread-safe.
class CallGate {
 public:
  explicit CallGate(int max_calls) : max_calls_(max_calls) {}

  // A place in the gate, given back at its end.
  class Pass {
   public:
    Pass() = default;
    explicit Pass(CallGate& gate) : gate_(&gate) {}
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&& other) noexcept {
      std::swap(gate_, other.gate_);
      return *this;
    }
    ~Pass() {
      if (gate_ != nullptr) gate_->calls_.fetch_sub(1, std::memory_order_relaxed);
    }

   private:
    CallGate* gate_ = nullptr;
  };

  // Puts a place into `pass`.
  // RESOURCE_EXHAUSTED (OVERLOADED): all are taken. UNAVAILABLE (SHUTTING_DOWN): after Close().
  absl::Status Enter(Pass& pass) {
    if (closed_.load(std::memory_order_relaxed)) return ShuttingDownError();
    if (calls_.fetch_add(1, std::memory_order_relaxed) >= max_calls_) {
      calls_.fetch_sub(1, std::memory_order_relaxed);
      return OverloadedError("more calls are being served than the server takes; try again later");
    }
    pass = Pass(*this);
    return absl::OkStatus();
  }

  // Lets nobody in any more.
  void Close() { closed_.store(true, std::memory_order_relaxed); }

  int calls() const { return calls_.load(std::memory_order_relaxed); }

 private:
  const int max_calls_;
  std::atomic<int> calls_{0};
  std::atomic<bool> closed_{false};
};

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_CALL_GATE_H_
