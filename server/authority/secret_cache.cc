#include "server/authority/secret_cache.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace latchkey {
namespace {

// Some huge pages of entries.
constexpr std::size_t kMaxBlocksPerChunk = 4 * kHugePageBytes / sizeof(CachedToken);

}  // namespace

SecretCache::SecretCache(std::size_t max_entries)
    : max_per_shard_(std::max<std::size_t>((max_entries + kShards - 1) / kShards, 1)),
      blocks_(std::pmr::pool_options{.max_blocks_per_chunk = kMaxBlocksPerChunk,
                                     .largest_required_pool_block = sizeof(CachedToken) * 2},
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
  shard.entries.prefetch(id);
}

SecretCache::Entry SecretCache::Find(absl::string_view hash, Epoch& epoch) {
  const Id id = IdOf(hash);
  Shard& shard = ShardOf(id);
  MutexLock lock(shard.mu);
  const auto it = shard.entries.find(id);
  if (it == shard.entries.end()) {
    epoch = shard.epoch;
    return nullptr;
  }
  (*it)->in_cache.used = true;
  return *it;
}

void SecretCache::Insert(Entry entry, Epoch epoch) {
  Shard& shard = ShardOf(entry->id);
  Entry dropped;  // freed after the lock
  MutexLock lock(shard.mu);
  if (shard.epoch != epoch || shard.entries.contains(entry->id)) return;
  entry->in_cache.place = MakeRoom(shard, dropped);
  shard.ring[entry->in_cache.place] = entry.get();
  shard.entries.insert(std::move(entry));
}

std::uint32_t SecretCache::MakeRoom(Shard& shard, Entry& dropped) const {
  if (!shard.free.empty()) {
    const std::uint32_t place = shard.free.back();
    shard.free.pop_back();
    return place;
  }
  if (shard.ring.size() < max_per_shard_) {
    shard.ring.push_back(nullptr);
    return static_cast<std::uint32_t>(shard.ring.size() - 1);
  }
  // No place is free here, so every one that the hand passes has an entry.
  for (;;) {
    const std::uint32_t place = shard.hand;
    shard.hand = (shard.hand + 1) % static_cast<std::uint32_t>(shard.ring.size());
    const CachedToken& entry = *shard.ring[place];
    if (std::exchange(entry.in_cache.used, false)) continue;
    const auto it = shard.entries.find(entry.id);
    dropped = *it;
    shard.entries.erase(it);
    return place;
  }
}

void SecretCache::Erase(absl::string_view hash) {
  const Id id = IdOf(hash);
  Shard& shard = ShardOf(id);
  MutexLock lock(shard.mu);
  ++shard.epoch;
  const auto it = shard.entries.find(id);
  if (it == shard.entries.end()) return;
  shard.free.push_back((*it)->in_cache.place);
  shard.entries.erase(it);
}

void SecretCache::Clear() {
  for (Shard& shard : shards_) {
    MutexLock lock(shard.mu);
    ++shard.epoch;
    shard.entries.clear();
    shard.ring.clear();
    shard.free.clear();
    shard.hand = 0;
  }
}

std::size_t SecretCache::size() const {
  std::size_t count = 0;
  for (const Shard& shard : shards_) {
    MutexLock lock(shard.mu);
    count += shard.entries.size();
  }
  return count;
}

}  // namespace latchkey
