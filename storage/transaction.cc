#include "storage/transaction.h"

#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "server/base/status_macros.h"

namespace latchkey::storage {

absl::StatusOr<std::unique_ptr<Transaction>> Transaction::Begin(std::unique_ptr<View> view,
                                                                RecordCache* cache) {
  std::optional<std::uint64_t> remembered;
  if (cache != nullptr) {
    cache->Show(view->version());
    remembered = cache->newest();
  }
  std::uint64_t newest = remembered.value_or(0);
  if (!remembered.has_value()) {
    LATCHKEY_ASSIGN_OR_RETURN(newest, view->NewestSequence());
  }
  return std::unique_ptr<Transaction>(new Transaction(std::move(view), newest, cache));
}

std::uint64_t Transaction::Append(::latchkey::v1::Event&& event) {
  const std::uint64_t sequence = next_sequence();
  event.set_sequence(sequence);
  std::string bytes = EncodeMessage(event);
  const auto key = EventKey(sequence);
  changes_.Set(key.bytes, EncodePayload(key.bytes, bytes), /*remembered=*/false);
  step_events_.push_back(std::move(bytes));
  return sequence;
}

void Transaction::Keep() {
  changes_.Keep([this](absl::string_view key) {
    if (cache_ != nullptr) cache_->Forget(key);
  });
  next_sequence_ += step_events_.size();
  for (std::string& event : step_events_) {
    new_leaves_.push_back(merkle::LeafHash(event));
    events_.push_back(std::move(event));
  }
  step_events_.clear();
}

void Transaction::Drop() {
  changes_.Drop();
  step_events_.clear();
}

absl::Status Transaction::GrowTree() {
  if (!tree_.has_value()) {
    LATCHKEY_ASSIGN_OR_RETURN(merkle::Frontier before, ReadTree(*view_, first_sequence_ - 1));
    tree_.emplace(std::move(before));
  }
  for (const merkle::Hash& leaf : new_leaves_) tree_->Append(leaf);
  new_leaves_.clear();
  return absl::OkStatus();
}

absl::StatusOr<merkle::Frontier> Transaction::Tree() {
  LATCHKEY_RETURN_IF_ERROR(GrowTree());
  return tree_->frontier();
}

std::optional<merkle::Frontier> Transaction::known_tree() const {
  if (!tree_.has_value()) return std::nullopt;
  return tree_->frontier();
}

absl::StatusOr<engine::WriteBatch> Transaction::ToBatch() {
  Drop();  // what was not kept
  if (!new_leaves_.empty()) LATCHKEY_RETURN_IF_ERROR(GrowTree());
  engine::WriteBatch batch;
  // Had anybody else written to the store, what was decided here would be about another state.
  batch.ExpectVersion(view_->version());
  if (tree_.has_value()) {
    for (auto& [key, value] : tree_->TakeChunks()) {
      changes_.Set(std::move(key), std::move(value), /*remembered=*/false);
    }
    changes_.Keep([](absl::string_view) {});
  }
  // In the order of the keys: neighbours are cheap for a sorted store to insert one after another,
  // and the same changes are the same bytes.
  changes_.TakeInto(batch);
  return batch;
}

absl::StatusOr<std::optional<std::string>> Transaction::GetStored(absl::string_view key) const {
  if (const ChangeSet::Value* const changed = changes_.Find(key)) return *changed;
  return view_->GetStored(key);
}

absl::Status Transaction::ForEachKey(
    absl::string_view prefix,
    absl::FunctionRef<absl::StatusOr<Walk>(absl::string_view key)> visit) const {
  // Whether each changed key is there now.
  std::map<absl::string_view, bool> changed;
  changes_.ForEach([&](absl::string_view key, bool is_deleted) {
    if (absl::StartsWith(key, prefix)) changed[key] = !is_deleted;
  });
  auto next = changed.begin();
  Walk walk = Walk::kGoOn;
  // Visits the changed keys below `end`; all of them where that is not given.
  const auto visit_changed = [&](std::optional<absl::string_view> end) -> absl::Status {
    for (; walk == Walk::kGoOn && next != changed.end(); ++next) {
      if (end.has_value() && next->first >= *end) break;
      if (!next->second) continue;
      LATCHKEY_ASSIGN_OR_RETURN(walk, visit(next->first));
    }
    return absl::OkStatus();
  };
  const absl::Status walked =
      view_->ForEach(engine::PrefixRange(prefix), engine::Direction::kForward,
                     [&](absl::string_view key, absl::string_view) -> absl::StatusOr<Walk> {
                       LATCHKEY_RETURN_IF_ERROR(visit_changed(key));
                       // A key that was changed is visited as one of those, if it is there still.
                       const bool is_changed = next != changed.end() && next->first == key;
                       if (walk == Walk::kGoOn && !is_changed) {
                         LATCHKEY_ASSIGN_OR_RETURN(walk, visit(key));
                       }
                       return walk;
                     });
  LATCHKEY_RETURN_IF_ERROR(walked);
  return visit_changed(std::nullopt);
}

const RecordCache::Record* Transaction::Remembered(absl::string_view key) const {
  // The cache knows of kept changes; those of this step may yet be dropped.
  return cache_ == nullptr || changes_.StepHas(key) ? nullptr : cache_->Find(key);
}

void Transaction::Remember(absl::string_view key, const RecordCache::Record& record) const {
  if (cache_ != nullptr && !changes_.StepHas(key)) cache_->Insert(key, record);
}

}  // namespace latchkey::storage
