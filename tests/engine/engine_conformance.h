#ifndef LATCHKEY_TESTS_ENGINE_ENGINE_CONFORMANCE_H_
#define LATCHKEY_TESTS_ENGINE_ENGINE_CONFORMANCE_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "storage/engine/engine.h"

namespace latchkey::engine {

// One engine under test, and what a test may do with it beyond the interface.
class EngineContainer {
 public:
  virtual ~EngineContainer() = default;

  virtual Engine& engine() = 0;
  // Ends the engine and opens it again, where what was committed outlives it. No snapshot may be
  // left.
  virtual void Reopen() {}
  // Called where a test has no snapshot: a container may reopen then, so that the same test also
  // shows that what is on disk is what was in memory.
  virtual void Settle() {}
};

struct EngineKind {
  std::string name;
  std::function<std::unique_ptr<EngineContainer>()> make;
};

// Every engine there is, and the durable one once more, opened anew wherever a test lets it.
std::vector<EngineKind> EngineKinds();

// Those whose commits outlive the engine.
std::vector<EngineKind> DurableEngineKinds();

// What any Engine must do; instantiated over EngineKinds().
class EngineTest : public ::testing::TestWithParam<EngineKind> {
 protected:
  using Entries = std::vector<std::pair<std::string, std::string>>;

  EngineTest() : container_(GetParam().make()) {}

  Engine& engine() { return container_->engine(); }
  // Commits puts and deletions (nullopt) in one batch, and settles.
  Version Commit(const std::vector<WriteBatch::Change>& changes);
  // The value now; "(none)" where there is none.
  std::string Get(const std::string& key);
  static std::string GetFrom(const Snapshot& snapshot, const std::string& key);
  Entries Scan(const KeyRange& range, Direction direction);
  static Entries ScanOf(const Snapshot& snapshot, const KeyRange& range, Direction direction);

  const std::unique_ptr<EngineContainer> container_;
};

// What a durable one must do besides; instantiated over DurableEngineKinds().
class DurableEngineTest : public EngineTest {};

}  // namespace latchkey::engine

#endif  // LATCHKEY_TESTS_ENGINE_ENGINE_CONFORMANCE_H_
