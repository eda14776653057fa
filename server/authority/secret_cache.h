#ifndef LATCHKEY_SERVER_AUTHORITY_SECRET_CACHE_H_
#define LATCHKEY_SERVER_AUTHORITY_SECRET_CACHE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "server/authority/cached_token.h"
#include "server/base/huge_pages.h"
#include "server/base/mutex.h"

namespace latchkey {

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

  // Holds at most `max_entries`, or 16 where that is less.
  explicit SecretCache(std::size_t max_entries);

  // Returns an entry to fill and to Insert(). It must not outlive the cache.
  std::shared_ptr<CachedToken> NewEntry(absl::string_view hash);

  // Begins to fetch what Find() of a hash will read, which takes the time of several cache misses.
  void Prefetch(absl::string_view hash);

  // Returns the entry of a hash; null where there is none, and then `epoch` is for Insert().
  Entry Find(absl::string_view hash, Epoch& epoch);

  // Adds an entry with what was read since the Find() that gave `epoch`; does nothing where Erase()
  // or Clear() may have spoken of it meanwhile, so that nothing outdated comes in.
  void Insert(Entry entry, Epoch epoch);

  // Forgets a hash.
  void Erase(absl::string_view hash);
  // Forgets all.
  void Clear();

  std::size_t size() const;

 private:
  using Id = CachedToken::Id;
  // Entries are found by themselves, not by a copy of their ids, so that the table is small enough
  // to be in the processor's cache where the entries are not.
  struct IdHash {
    using is_transparent = void;
    // The id is as good as random already.
    std::size_t operator()(const Id& id) const { return id[0]; }
    std::size_t operator()(const Entry& entry) const { return entry->id[0]; }
  };
  struct IdEq {
    using is_transparent = void;
    bool operator()(const Entry& entry, const Id& id) const {
      return entry->id[0] == id[0] && entry->id[1] == id[1];
    }
    bool operator()(const Entry& a, const Entry& b) const { return (*this)(a, b->id); }
  };
  using Allocator = std::pmr::polymorphic_allocator<Entry>;
  struct Shard {
    mutable Mutex mu;
    absl::flat_hash_set<Entry, IdHash, IdEq, Allocator> entries ABSL_GUARDED_BY(mu){
        Allocator(HugePages())};
    // Where the hand goes round: the entries by their places.
    std::vector<const CachedToken*> ring ABSL_GUARDED_BY(mu);
    std::vector<std::uint32_t> free ABSL_GUARDED_BY(mu);  // places without an entry
    std::uint32_t hand ABSL_GUARDED_BY(mu) = 0;
    Epoch epoch ABSL_GUARDED_BY(mu) = 0;
  };
  static constexpr std::size_t kShards = 16;

  static Id IdOf(absl::string_view hash);
  Shard& ShardOf(const Id& id) { return shards_[id[1] % kShards]; }
  // Returns a place in the ring to fill: a free one, a new one, or another entry's, which it moves
  // to `dropped`.
  std::uint32_t MakeRoom(Shard& shard, Entry& dropped) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mu);

  const std::size_t max_per_shard_;
  std::pmr::synchronized_pool_resource blocks_;
  std::array<Shard, kShards> shards_;
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_SECRET_CACHE_H_
