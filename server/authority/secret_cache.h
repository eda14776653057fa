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

// One pool of blocks for all threads. What is given back stays in it, for whoever asks next: so it
// takes what was in use at most at once, other than std::pmr::synchronized_pool_resource, which has
// a pool for each thread. Thread-safe.
class LockedPool final : public std::pmr::memory_resource {
 public:
  LockedPool(const std::pmr::pool_options& options, std::pmr::memory_resource* upstream)
      : pool_(options, upstream) {}

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    MutexLock lock(mu_);
    return pool_.allocate(bytes, alignment);
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    MutexLock lock(mu_);
    pool_.deallocate(block, bytes, alignment);
  }
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  Mutex mu_;
  std::pmr::unsynchronized_pool_resource pool_ ABSL_GUARDED_BY(mu_);
};

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

  // Holds at most `max_entries`, rounded up to a multiple of 16.
  explicit SecretCache(std::size_t max_entries);

  // Returns an entry to fill and to Insert(). It must not outlive the cache.
  std::shared_ptr<CachedToken> NewEntry(absl::string_view hash);

  // Begins to fetch where Find() of a hash will look first, which takes the time of a cache miss.
  void Prefetch(absl::string_view hash);

  // Returns the entry of a hash; null where there is none, and then `epoch` is for Insert().
  Entry Find(absl::string_view hash, Epoch& epoch);

  // Adds an entry with what was read since the Find() that gave `epoch`; does nothing where Erase()
  // or Clear() may have spoken of it meanwhile, so that nothing outdated comes in.
  void Insert(const Entry& entry, Epoch epoch);

  // Forgets a hash.
  void Erase(absl::string_view hash);
  // Forgets all.
  void Clear();

  std::size_t size() const;

 private:
  using Id = CachedToken::Id;
  // Half of an id, and the entry that has the other: the less a slot takes, the more of the table
  // is in the processor's cache, and a table that grows must not look at every entry.
  struct Slot {
    std::uint64_t half = 0;
    Entry entry;
  };
  struct IdHash {
    using is_transparent = void;
    // The id is as good as random already.
    std::size_t operator()(const Id& id) const { return id[0]; }
    std::size_t operator()(const Slot& slot) const { return slot.half; }
  };
  struct IdEq {
    using is_transparent = void;
    bool operator()(const Slot& slot, const Id& id) const {
      return slot.half == id[0] && slot.entry->id[1] == id[1];
    }
    bool operator()(const Slot& a, const Slot& b) const { return (*this)(a, b.entry->id); }
  };
  using Allocator = std::pmr::polymorphic_allocator<Slot>;
  using Table = absl::flat_hash_set<Slot, IdHash, IdEq, Allocator>;
  struct Shard {
    mutable Mutex mu;
    Table table ABSL_GUARDED_BY(mu){Allocator(HugePages())};
    // Where the hand goes round: the entries by their places.
    std::vector<const CachedToken*> ring ABSL_GUARDED_BY(mu);
    std::vector<std::uint8_t> used ABSL_GUARDED_BY(mu);   // since the hand last passed, by place
    std::vector<std::uint32_t> free ABSL_GUARDED_BY(mu);  // places without an entry
    std::uint32_t hand ABSL_GUARDED_BY(mu) = 0;
    Epoch epoch ABSL_GUARDED_BY(mu) = 0;
  };
  // Few, so that the tables of a large cache fill huge pages.
  static constexpr std::size_t kShards = 16;

  static Id IdOf(absl::string_view hash);
  Shard& ShardOf(const Id& id) { return shards_[id[1] % kShards]; }
  // Returns a place in the ring to fill: a free one, a new one, or another entry's, which is in
  // `dropped` then.
  std::uint32_t MakeRoom(Shard& shard, Entry& dropped) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mu);

  const std::size_t max_per_shard_;
  LockedPool blocks_;
  std::array<Shard, kShards> shards_;
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_SECRET_CACHE_H_
