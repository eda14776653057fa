#include "storage/transaction.h"

#include <utility>

namespace latchkey::storage {

absl::StatusOr<std::unique_ptr<Transaction>> Transaction::Begin(std::unique_ptr<View> view,
                                                                RecordCache* cache) {
  LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t newest, view->NewestSequence());
  if (cache != nullptr) cache->Show(view->version());
  return std::unique_ptr<Transaction>(new Transaction(std::move(view), newest, cache));
}

std::uint64_t Transaction::Append(::latchkey::v1::Event&& event) {
  const std::uint64_t sequence = next_sequence();
  event.set_sequence(sequence);
  Put(EventKey(sequence), event);
  step_events_.push_back(std::move(event));
  return sequence;
}

void Transaction::Keep() {
  for (auto& [key, value] : step_) {
    if (cache_ != nullptr) cache_->Forget(key);
    kept_.insert_or_assign(key, std::move(value));
  }
  next_sequence_ += step_events_.size();
  for (::latchkey::v1::Event& event : step_events_) events_.push_back(std::move(event));
  step_.clear();
  step_events_.clear();
}

void Transaction::Drop() {
  step_.clear();
  step_events_.clear();
}

engine::WriteBatch Transaction::ToBatch() {
  engine::WriteBatch batch;
  // Another writer on the same store would have taken this number: then nothing here may commit.
  batch.Expect(EventKey(first_sequence_).bytes, 0);
  for (auto& [key, value] : kept_) {
    if (value.has_value()) {
      batch.Put(key, *std::move(value));
    } else {
      batch.Delete(key);
    }
  }
  kept_.clear();
  return batch;
}

absl::StatusOr<std::optional<std::string>> Transaction::GetStored(absl::string_view key) const {
  if (const auto it = step_.find(key); it != step_.end()) return it->second;
  if (const auto it = kept_.find(key); it != kept_.end()) return it->second;
  return view_->GetStored(key);
}

const RecordCache::Record* Transaction::Remembered(absl::string_view key) const {
  // The cache knows of kept changes; those of this step may yet be dropped.
  return cache_ == nullptr || step_.contains(key) ? nullptr : cache_->Find(key);
}

void Transaction::Remember(absl::string_view key, const RecordCache::Record& record) const {
  if (cache_ != nullptr && !step_.contains(key)) cache_->Insert(key, record);
}

}  // namespace latchkey::storage
