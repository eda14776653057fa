#ifndef LATCHKEY_TESTS_FSCK_LOG_STORE_H_
#define LATCHKEY_TESTS_FSCK_LOG_STORE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "storage/engine/memory_engine.h"
#include "storage/keys.h"
#include "storage/merkle/checkpoint.h"
#include "storage/transaction.h"
#include "tools/fsck/store_check.h"

namespace latchkey::testing {

// A store with a log, as the server writes one, and the hand of somebody who can write to it and
// knows how checksums are made. Used by one thread.
class LogStore {
 public:
  // What a check said.
  struct Result {
    bool clean = false;
    std::string text;
  };

  LogStore() {
    storage::v1::MetaRecord meta;
    meta.set_format(storage::kStoreFormat);
    const auto key = storage::MetaKey();
    Put(key.bytes, storage::EncodeMessage(meta));
  }

  // Adds events, in one commit.
  void Append(std::uint64_t count, v1::Action action = v1::ACTION_UNSPECIFIED) {
    auto transaction = Begin();
    for (std::uint64_t i = 0; i < count; ++i) {
      v1::Event event;
      event.set_resource(absl::StrCat("apps/a", transaction->next_sequence()));
      event.set_action(action);
      transaction->Append(std::move(event));
      transaction->Keep();
    }
    Commit(*transaction);
  }

  // Signs a checkpoint of all that there is, puts it into the store, and returns it.
  std::string Checkpoint() {
    auto transaction = Begin();
    const merkle::Frontier tree = *transaction->Tree();
    storage::v1::CheckpointRecord record;
    record.set_note(*merkle::SignCheckpoint(signer_, tree.size(), tree.Root()));
    transaction->Put(storage::CheckpointKey(tree.size()), record);
    transaction->Keep();
    Commit(*transaction);
    return record.note();
  }

  // Says that the log begins with this event, as retention does.
  void SetOldest(std::uint64_t sequence) {
    storage::v1::RetentionRecord record;
    record.set_oldest_sequence(sequence);
    Put(storage::RetentionKey().bytes, storage::EncodeMessage(record));
  }

  Result Check(std::map<std::string, std::string> remembered = {}) const {
    std::ostringstream out;
    const auto clean = fsck::CheckStore({engine_, signer_, std::move(remembered), out});
    EXPECT_TRUE(clean.ok()) << clean.status();
    return {clean.ok() && *clean, out.str()};
  }

  // Puts a payload with its checksum.
  void Put(const std::string& key, const std::string& payload) {
    PutStored(key, storage::EncodePayload(key, payload));
  }
  void PutStored(const std::string& key, const std::string& stored) {
    engine::WriteBatch batch;
    batch.Put(key, stored);
    EXPECT_TRUE(engine_.Commit(batch).ok());
  }
  void Remove(const std::string& key) {
    engine::WriteBatch batch;
    batch.Delete(key);
    EXPECT_TRUE(engine_.Commit(batch).ok());
  }

  // Keys with payloads, of everything that begins with `prefix`.
  std::map<std::string, std::string> All(const std::string& prefix) const {
    std::map<std::string, std::string> all;
    const storage::View view(engine_.NewSnapshot());
    EXPECT_TRUE(view.ForEach(engine::PrefixRange(prefix), engine::Direction::kForward,
                             [&](absl::string_view key, absl::string_view stored) {
                               all.emplace(key, std::string(*storage::DecodePayload(key, stored)));
                               return storage::Walk::kGoOn;
                             })
                    .ok());
    return all;
  }
  std::string PayloadAt(const std::string& key) const { return All(key).at(key); }

  const merkle::NoteSigner& signer() const { return signer_; }
  engine::Engine& engine() { return engine_; }

 private:
  std::unique_ptr<storage::Transaction> Begin() {
    return *storage::Transaction::Begin(std::make_unique<storage::View>(engine_.NewSnapshot()));
  }
  void Commit(storage::Transaction& transaction) {
    EXPECT_TRUE(engine_.Commit(*transaction.ToBatch()).ok());
  }

  engine::MemoryEngine engine_;
  const merkle::NoteSigner signer_ = *merkle::NoteSigner::Create("log", std::string(32, 's'));
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_FSCK_LOG_STORE_H_
