#include "tests/engine/engine_conformance.h"

#include <optional>

#include "storage/engine/memory_engine.h"
#include "storage/engine/rocksdb_engine.h"
#include "tests/testing/fake_logger.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace latchkey::engine {
namespace {

class MemoryContainer final : public EngineContainer {
 public:
  Engine& engine() override { return engine_; }

 private:
  MemoryEngine engine_;
};

class RocksdbContainer final : public EngineContainer {
 public:
  explicit RocksdbContainer(bool reopen_often) : reopen_often_(reopen_often) { Open(); }

  Engine& engine() override { return *engine_; }
  void Reopen() override {
    engine_.reset();
    Open();
  }
  void Settle() override {
    if (reopen_often_) Reopen();
  }

 private:
  void Open() {
    auto opened = RocksdbEngine::Open({folder_.Child("store"), logger_});
    ASSERT_THAT(opened, testing::IsOk());
    engine_ = *std::move(opened);
  }

  const bool reopen_often_;
  testing::TempDir folder_;
  testing::FakeLogger logger_;
  std::unique_ptr<RocksdbEngine> engine_;
};

}  // namespace

std::vector<EngineKind> DurableEngineKinds() {
  return {
      {"Rocksdb", [] { return std::make_unique<RocksdbContainer>(/*reopen_often=*/false); }},
      {"RocksdbReopened", [] { return std::make_unique<RocksdbContainer>(/*reopen_often=*/true); }},
  };
}

std::vector<EngineKind> EngineKinds() {
  std::vector<EngineKind> kinds = DurableEngineKinds();
  kinds.push_back({"Memory", [] { return std::make_unique<MemoryContainer>(); }});
  return kinds;
}

Version EngineTest::Commit(const std::vector<WriteBatch::Change>& changes) {
  WriteBatch batch;
  for (const WriteBatch::Change& change : changes) {
    if (change.value.has_value()) {
      batch.Put(change.key, *change.value);
    } else {
      batch.Delete(change.key);
    }
  }
  const auto version = engine().Commit(batch);
  EXPECT_THAT(version, testing::IsOk());
  return version.value_or(0);
}

std::string EngineTest::GetFrom(const Snapshot& snapshot, const std::string& key) {
  const auto value = snapshot.Get(key);
  EXPECT_THAT(value, testing::IsOk());
  return value.ok() && value->has_value() ? (*value)->bytes : "(none)";
}

std::string EngineTest::Get(const std::string& key) {
  return GetFrom(*engine().NewSnapshot(), key);
}

EngineTest::Entries EngineTest::ScanOf(const Snapshot& snapshot, const KeyRange& range,
                                       Direction direction) {
  Entries entries;
  const auto cursor = snapshot.Scan(range, direction);
  for (; cursor->Valid(); cursor->Next()) {
    entries.emplace_back(std::string(cursor->key()), std::string(cursor->value()));
  }
  EXPECT_THAT(cursor->status(), testing::IsOk());
  return entries;
}

EngineTest::Entries EngineTest::Scan(const KeyRange& range, Direction direction) {
  return ScanOf(*engine().NewSnapshot(), range, direction);
}

}  // namespace latchkey::engine
