// Random work on each engine, compared with a map after every step. LATCHKEY_MODEL_STEPS and
// LATCHKEY_MODEL_SEED set how long and which.
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/engine/engine_conformance.h"
#include "tests/testing/status_matchers.h"

namespace latchkey::engine {
namespace {

using Model = std::map<std::string, std::pair<std::string, Version>>;

unsigned long FromEnvironment(const char* name, unsigned long otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoul(text, nullptr, 10);
}

class ModelTest : public EngineTest {
 protected:
  int Below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }
  // Few keys, so that they meet often; some are prefixes of others.
  std::string Key() { return std::string(1 + static_cast<std::size_t>(Below(3)), 'a') + Letter(); }
  std::string Letter() { return std::string(1, static_cast<char>('a' + Below(5))); }

  void CommitSomething() {
    WriteBatch batch;
    Model after = model_;
    bool holds = true;
    for (int i = 1 + Below(5); i > 0; --i) {
      const std::string key = Key();
      if (Below(4) == 0) {
        batch.Delete(key);
        after.erase(key);
      } else {
        const std::string value = std::to_string(Below(1000));
        batch.Put(key, value);
        after[key] = {value, version_ + 1};
      }
    }
    if (Below(3) == 0) {
      const std::string key = Key();
      const auto it = model_.find(key);
      const Version actual = it == model_.end() ? 0 : it->second.second;
      const Version expected = Below(2) == 0 ? actual : static_cast<Version>(Below(10));
      holds = expected == actual;
      batch.Expect(key, expected);
    }
    const auto committed = engine().Commit(batch);
    ASSERT_EQ(committed.ok(), holds) << committed.status();
    if (!holds) return;
    ASSERT_EQ(*committed, ++version_);
    model_ = std::move(after);
  }

  static void Compare(const Snapshot& snapshot, const Model& model, const KeyRange& range) {
    const auto end = range.end.empty() ? model.end() : model.lower_bound(range.end);
    Entries expected;
    if (range.end.empty() || range.begin < range.end) {
      for (auto it = model.lower_bound(range.begin); it != end; ++it) {
        expected.emplace_back(it->first, it->second.first);
        const auto value = snapshot.Get(it->first);
        ASSERT_THAT(value, testing::IsOk());
        ASSERT_TRUE(value->has_value());
        ASSERT_EQ((*value)->version, it->second.second);
      }
    }
    ASSERT_EQ(ScanOf(snapshot, range, Direction::kForward), expected);
    std::reverse(expected.begin(), expected.end());
    ASSERT_EQ(ScanOf(snapshot, range, Direction::kBackward), expected);
  }

  const unsigned long seed_ = FromEnvironment("LATCHKEY_MODEL_SEED", 20261124);
  std::mt19937 random_{static_cast<std::mt19937::result_type>(seed_)};
  Model model_;
  Version version_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Engines, ModelTest, ::testing::ValuesIn(EngineKinds()),
                         [](const auto& kind) { return kind.param.name; });

TEST_P(ModelTest, AgreesWithAMapAfterEveryStep) {
  SCOPED_TRACE("seed " + std::to_string(seed_));
  struct Kept {
    std::unique_ptr<Snapshot> snapshot;
    Model model;
  };
  std::vector<Kept> kept;
  for (unsigned long left = FromEnvironment("LATCHKEY_MODEL_STEPS", 400); left > 0; --left) {
    ASSERT_NO_FATAL_FAILURE(CommitSomething());
    if (Below(8) == 0) kept.push_back({engine().NewSnapshot(), model_});
    const KeyRange range = {Below(2) == 0 ? "" : Key(), Below(2) == 0 ? "" : Key()};
    ASSERT_NO_FATAL_FAILURE(Compare(*engine().NewSnapshot(), model_, range));
    if (kept.size() < 6) continue;
    for (const Kept& old : kept) {
      ASSERT_NO_FATAL_FAILURE(Compare(*old.snapshot, old.model, range));
    }
    kept.clear();
    container_->Settle();
  }
}

}  // namespace
}  // namespace latchkey::engine
