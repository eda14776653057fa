#ifndef LATCHKEY_STORAGE_ENGINE_READER_GATE_H_
#define LATCHKEY_STORAGE_ENGINE_READER_GATE_H_

#include <cstddef>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"
#include "storage/engine/rocksdb_database.h"

namespace latchkey::engine {

// Hands readers the newest state, and can shut them out so that the database below it can be
// closed. Thread-safe.
class ReaderGate {
 public:
  // One reader that is in. It goes when this is destroyed. The gate must outlive it.
  class Pass {
   public:
    Pass(ReaderGate& gate, std::shared_ptr<const PinnedState> state)
        : gate_(&gate), state_(std::move(state)) {}
    ~Pass() {
      state_.reset();
      if (gate_ != nullptr) gate_->Leave();
    }
    Pass(Pass&& other) noexcept
        : gate_(std::exchange(other.gate_, nullptr)), state_(std::move(other.state_)) {}
    Pass& operator=(Pass&&) = delete;

    // Null: there is no open database.
    const PinnedState* state() const { return state_.get(); }

   private:
    ReaderGate* gate_;
    std::shared_ptr<const PinnedState> state_;
  };

  // Lets a reader in, with the newest state. Waits while the gate is shut.
  Pass Enter();

  // Gives later readers `state` (null: there is none), and opens a gate that was shut.
  void Publish(std::shared_ptr<const PinnedState> state);

  // Shuts the gate, waits until every reader has left, and drops the state. Returns false, with the
  // gate open and the state as before, where readers are still in after `patience`.
  bool Shut(absl::Duration patience);

 private:
  void Leave();

  Mutex mu_;
  CondVar left_;    // readers_ fell to 0
  CondVar opened_;  // shut_ became false
  bool shut_ ABSL_GUARDED_BY(mu_) = false;
  std::size_t readers_ ABSL_GUARDED_BY(mu_) = 0;
  std::shared_ptr<const PinnedState> state_ ABSL_GUARDED_BY(mu_);
};

}  // namespace latchkey::engine

#endif  // LATCHKEY_STORAGE_ENGINE_READER_GATE_H_
