#include "server/authority/secret_cache.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace latchkey {
namespace {

// Of an entry, with what std::allocate_shared() adds.
constexpr std::size_t kBlockBytes = 384;
static_assert(sizeof(CachedToken) + 2 * sizeof(void*) + sizeof(void*) <= kBlockBytes);
// Blocks that are asked of the system at once, at most: some huge pages of them.
constexpr std::size_t kMaxBlocksPerChunk = 4 * kHugePageBytes / kBlockBytes;

}  // namespace

SecretCache::SecretCache(std::size_t max_entries)
    : max_per_shard_(std::max<std::size_t>((max_entries + kShards - 1) / kShards, 1)),
      blocks_(
          {.max_blocks_per_chunk = kMaxBlocksPerChunk, .largest_required_pool_block = kBlockBytes},
          HugePages()) {}

std::shared_ptr<CachedToken> SecretCache::NewEntry(absl::string_view hash) {
  return std::allocate_shared<CachedToken>(std::pmr::polymorphic_allocator<CachedToken>(&blocks_),
                                           IdOf(hash));
}

CachedToken::Id SecretCache::IdOf(absl::string_view hash) {
  Id id{};
  std::memcpy(id.data(), hash.data(), std::min(hash.size(), sizeof(id)));
  return id;
}

void SecretCache::Prefetch(absl::string_view hash) {
  const Id id = IdOf(hash);
  Shard& shard = ShardOf(id);
  MutexLock lock(shard.mu);
  shard.table.prefetch(id);
}

SecretCache::Entry SecretCache::Find(absl::string_view hash, Epoch& epoch) {
  const Id id = IdOf(hash);
  Shard& shard = ShardOf(id);
  MutexLock lock(shard.mu);
  const auto it = shard.table.find(id);
  if (it == shard.table.end()) {
    epoch = shard.epoch;
    return nullptr;
  }
  shard.used[it->entry->place] = 1;
  return it->entry;
}

void SecretCache::Insert(const Entry& entry, Epoch epoch) {
  Shard& shard = ShardOf(entry->id);
  Entry dropped;  // freed after the lock
  MutexLock lock(shard.mu);
  if (shard.epoch != epoch || shard.table.contains(entry->id)) return;
  entry->place = MakeRoom(shard, dropped);
  shard.ring[entry->place] = entry.get();
  shard.used[entry->place] = 0;
  shard.table.insert(Slot{entry->id[0], entry});
}

std::uint32_t SecretCache::MakeRoom(Shard& shard, Entry& dropped) const {
  if (!shard.free.empty()) {
    const std::uint32_t place = shard.free.back();
    shard.free.pop_back();
    return place;
  }
  if (shard.ring.size() < max_per_shard_) {
    shard.ring.push_back(nullptr);
    shard.used.push_back(0);
    return static_cast<std::uint32_t>(shard.ring.size() - 1);
  }
  // No place is free here, so every one that the hand passes has an entry.
  for (;;) {
    const std::uint32_t place = shard.hand;
    shard.hand = (shard.hand + 1) % static_cast<std::uint32_t>(shard.ring.size());
    if (std::exchange(shard.used[place], std::uint8_t{0}) != 0) continue;
    const auto it = shard.table.find(shard.ring[place]->id);
    dropped = it->entry;
    shard.table.erase(it);
    return place;
  }
}

void SecretCache::Erase(absl::string_view hash) {
  const Id id = IdOf(hash);
  Shard& shard = ShardOf(id);
  Entry dropped;  // freed after the lock
  MutexLock lock(shard.mu);
  ++shard.epoch;
  const auto it = shard.table.find(id);
  if (it == shard.table.end()) return;
  dropped = it->entry;
  shard.free.push_back(dropped->place);
  shard.table.erase(it);
}

void SecretCache::Clear() {
  for (Shard& shard : shards_) {
    Table dropped{Allocator(HugePages())};  // freed after the lock
    MutexLock lock(shard.mu);
    ++shard.epoch;
    shard.table.swap(dropped);
    shard.ring.clear();
    shard.used.clear();
    shard.free.clear();
    shard.hand = 0;
  }
}

std::size_t SecretCache::size() const {
  std::size_t count = 0;
  for (const Shard& shard : shards_) {
    MutexLock lock(shard.mu);
    count += shard.table.size();
  }
  return count;
}

}  // namespace latchkey
