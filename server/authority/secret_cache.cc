#include "server/authority/secret_cache.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace latchkey {

SecretCache::SecretCache(std::size_t max_entries)
    : max_per_shard_(std::max<std::size_t>((max_entries + kShards - 1) / kShards, 1)) {}

SecretCache::Id SecretCache::IdOf(absl::string_view hash) {
  Id id{};
  std::memcpy(id.data(), hash.data(), std::min(hash.size(), sizeof(id)));
  return id;
}

SecretCache::Entry SecretCache::Find(absl::string_view hash, Epoch& epoch) {
  const Id id = IdOf(hash);
  Shard& shard = ShardOf(id);
  MutexLock lock(shard.mu);
  const auto it = shard.places.find(id);
  if (it == shard.places.end()) {
    epoch = shard.epoch;
    return nullptr;
  }
  Slot& slot = shard.slots[it->second];
  slot.used = true;
  return slot.entry;
}

void SecretCache::Insert(absl::string_view hash, Entry entry, Epoch epoch) {
  const Id id = IdOf(hash);
  Shard& shard = ShardOf(id);
  Entry dropped;  // freed after the lock
  MutexLock lock(shard.mu);
  if (shard.epoch != epoch || shard.places.contains(id)) return;
  const std::uint32_t place = MakeRoom(shard);
  Slot& slot = shard.slots[place];
  dropped = std::exchange(slot.entry, std::move(entry));
  slot.id = id;
  slot.used = false;
  shard.places.emplace(id, place);
}

std::uint32_t SecretCache::MakeRoom(Shard& shard) const {
  if (!shard.free.empty()) {
    const std::uint32_t place = shard.free.back();
    shard.free.pop_back();
    return place;
  }
  if (shard.slots.size() < max_per_shard_) {
    shard.slots.emplace_back();
    return static_cast<std::uint32_t>(shard.slots.size() - 1);
  }
  // No slot is free here, so every one that the hand passes has an entry.
  for (;;) {
    const std::uint32_t place = shard.hand;
    shard.hand = (shard.hand + 1) % static_cast<std::uint32_t>(shard.slots.size());
    if (std::exchange(shard.slots[place].used, false)) continue;
    shard.places.erase(shard.slots[place].id);
    return place;
  }
}

void SecretCache::Erase(absl::string_view hash) {
  const Id id = IdOf(hash);
  Shard& shard = ShardOf(id);
  MutexLock lock(shard.mu);
  ++shard.epoch;
  const auto it = shard.places.find(id);
  if (it == shard.places.end()) return;
  shard.slots[it->second] = Slot();
  shard.free.push_back(it->second);
  shard.places.erase(it);
}

void SecretCache::Clear() {
  for (Shard& shard : shards_) {
    MutexLock lock(shard.mu);
    ++shard.epoch;
    shard.places.clear();
    shard.slots.clear();
    shard.free.clear();
    shard.hand = 0;
  }
}

std::size_t SecretCache::size() const {
  std::size_t count = 0;
  for (const Shard& shard : shards_) {
    MutexLock lock(shard.mu);
    count += shard.places.size();
  }
  return count;
}

}  // namespace latchkey
