#include "storage/record_cache.h"

#include <utility>

namespace latchkey::storage {

void RecordCache::Show(engine::Version version) {
  if (version != version_) Clear();
  version_ = version;
}

const RecordCache::Record* RecordCache::Find(absl::string_view key) const {
  const auto it = records_.find(key);
  return it == records_.end() ? nullptr : &it->second;
}

void RecordCache::Insert(absl::string_view key, Record record) {
  if (records_.size() >= max_records_) records_.clear();
  records_.insert_or_assign(key, std::move(record));
}

void RecordCache::Forget(absl::string_view key) {
  // Most keys that are written are of events and indexes, and never here.
  if (const auto it = records_.find(key); it != records_.end()) records_.erase(it);
}

}  // namespace latchkey::storage
