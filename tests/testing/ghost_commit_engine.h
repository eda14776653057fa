#ifndef LATCHKEY_TESTS_TESTING_GHOST_COMMIT_ENGINE_H_
#define LATCHKEY_TESTS_TESTING_GHOST_COMMIT_ENGINE_H_

#include <memory>

#include "storage/engine/memory_engine.h"

namespace latchkey::testing {

// A MemoryEngine whose next commit can be made to fail and yet show once the engine has recovered,
// as a disk's may that failed after the bytes were written. Used by one thread.
class GhostCommitEngine final : public engine::Engine {
 public:
  void FailNextCommit() { fail_next_ = true; }

  std::unique_ptr<engine::Snapshot> NewSnapshot() const override { return inner_.NewSnapshot(); }
  absl::StatusOr<engine::Version> Commit(const engine::WriteBatch& batch) override {
    if (!writable().ok()) return writable();
    if (!fail_next_) return inner_.Commit(batch);
    fail_next_ = false;
    stopped_ = true;
    ghost_ = batch;
    return writable();
  }
  absl::Status writable() const override {
    return stopped_ ? absl::UnavailableError("the disk failed") : absl::OkStatus();
  }
  absl::Status Recover() override {
    if (stopped_ && !ghost_.empty()) {
      if (const auto shown = inner_.Commit(ghost_); !shown.ok()) return shown.status();
    }
    ghost_ = {};
    stopped_ = false;
    return absl::OkStatus();
  }
  void Maintain() override { inner_.Maintain(); }
  std::uint64_t SizeInBytes() const override { return inner_.SizeInBytes(); }

 private:
  engine::MemoryEngine inner_;
  engine::WriteBatch ghost_;
  bool fail_next_ = false;
  bool stopped_ = false;
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_TESTING_GHOST_COMMIT_ENGINE_H_
