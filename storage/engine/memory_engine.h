#ifndef LATCHKEY_STORAGE_ENGINE_MEMORY_ENGINE_H_
#define LATCHKEY_STORAGE_ENGINE_MEMORY_ENGINE_H_

#include <map>
#include <memory>
#include <string>

#include "server/base/mutex.h"
#include "storage/engine/engine.h"

namespace latchkey::engine {

// An Engine in memory: the model that the durable one is checked against, and the store of tests.
// Nothing survives it. Thread-safe; never blocks on disk.
//
// Every key keeps all of its values by version, which is what makes a snapshot a number.
class MemoryEngine final : public Engine {
 public:
  MemoryEngine();
  ~MemoryEngine() override;

  std::unique_ptr<Snapshot> NewSnapshot() const override;
  absl::StatusOr<Version> Commit(const WriteBatch& batch) override;
  absl::Status writable() const override { return absl::OkStatus(); }
  absl::Status Recover() override { return absl::OkStatus(); }
  std::uint64_t SizeInBytes() const override;

 private:
  class MemorySnapshot;
  class MemoryCursor;
  struct State;

  // Shared with snapshots, so that one which outlives the engine by mistake reads no freed memory.
  std::shared_ptr<State> state_;
};

}  // namespace latchkey::engine

#endif  // LATCHKEY_STORAGE_ENGINE_MEMORY_ENGINE_H_
