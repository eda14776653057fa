#include "storage/engine/reader_gate.h"

#include <chrono>

namespace latchkey::engine {

ReaderGate::Pass ReaderGate::Enter() {
  MutexLock lock(mu_);
  while (shut_) opened_.Wait(mu_);
  ++readers_;
  return {*this, state_};
}

void ReaderGate::Leave() {
  MutexLock lock(mu_);
  --readers_;
  if (readers_ == 0) left_.NotifyAll();
}

void ReaderGate::Publish(std::shared_ptr<const PinnedState> state) {
  {
    MutexLock lock(mu_);
    state_.swap(state);
    shut_ = false;
    opened_.NotifyAll();
  }
  // The old state goes here: releasing it takes RocksDB's mutex, which no reader should wait for.
}

bool ReaderGate::Shut(absl::Duration patience) {
  std::shared_ptr<const PinnedState> dropped;
  MutexLock lock(mu_);
  shut_ = true;
  const auto deadline = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(patience);
  while (readers_ > 0) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left.count() <= 0) break;
    left_.WaitFor(mu_, absl::FromChrono(left));
  }
  if (readers_ > 0) {
    shut_ = false;
    opened_.NotifyAll();
    return false;
  }
  dropped.swap(state_);
  return true;
}

}  // namespace latchkey::engine
