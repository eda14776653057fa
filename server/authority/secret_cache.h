#ifndef LATCHKEY_SERVER_AUTHORITY_SECRET_CACHE_H_
#define LATCHKEY_SERVER_AUTHORITY_SECRET_CACHE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "server/base/mutex.h"

namespace latchkey {

struct CachedToken;

// What is known of secrets that were presented, by their keyed hashes, in bounded memory. When it
// is full, what was not found again since the hand last passed makes room (CLOCK), so that it holds
// as many entries as it may, and those in use stay.
//
// Thread-safe; never blocks for long.
class SecretCache {
 public:
  using Entry = std::shared_ptr<const CachedToken>;
  // The time of a Find(), as Insert() takes it.
  using Epoch = std::uint64_t;

  // Holds at most `max_entries`, or 64 where that is less.
  explicit SecretCache(std::size_t max_entries);

  // Returns the entry of a hash; null where there is none, and then `epoch` is for Insert().
  Entry Find(absl::string_view hash, Epoch& epoch);

  // Adds what was read of a hash since the Find() that gave `epoch`; does nothing where Erase() or
  // Clear() may have spoken of it meanwhile, so that nothing outdated comes in.
  void Insert(absl::string_view hash, Entry entry, Epoch epoch);

  // Forgets a hash.
  void Erase(absl::string_view hash);
  // Forgets all.
  void Clear();

  std::size_t size() const;

 private:
  using Id = std::array<std::uint64_t, 2>;
  // The hash is as good as random already.
  struct IdHash {
    std::size_t operator()(const Id& id) const { return id[0]; }
  };
  struct Slot {
    Id id{};
    Entry entry;  // null: the slot is free
    bool used = false;
  };
  struct Shard {
    mutable Mutex mu;
    absl::flat_hash_map<Id, std::uint32_t, IdHash> places ABSL_GUARDED_BY(mu);  // into `slots`
    std::vector<Slot> slots ABSL_GUARDED_BY(mu);
    std::vector<std::uint32_t> free ABSL_GUARDED_BY(mu);
    std::uint32_t hand ABSL_GUARDED_BY(mu) = 0;
    Epoch epoch ABSL_GUARDED_BY(mu) = 0;
  };
  static constexpr std::size_t kShards = 64;

  static Id IdOf(absl::string_view hash);
  Shard& ShardOf(const Id& id) { return shards_[id[1] % kShards]; }
  // Returns a slot to fill: a free one, a new one, or another entry's.
  std::uint32_t MakeRoom(Shard& shard) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mu);

  const std::size_t max_per_shard_;
  std::array<Shard, kShards> shards_;
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_SECRET_CACHE_H_
