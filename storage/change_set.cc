#include "storage/change_set.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace latchkey::storage {
namespace {

// Those of a group of usual size, so that the table seldom grows.
constexpr std::size_t kExpectedChanges = 256;

}  // namespace

ChangeSet::ChangeSet() { places_.reserve(kExpectedChanges); }

void ChangeSet::Set(std::string key, Value value, bool remembered) {
  const auto found = places_.find(key);
  if (found != places_.end() && found->second >= step_begin_) {
    changes_[found->second].value = std::move(value);
    return;
  }
  const std::size_t place = changes_.size();
  changes_.push_back({std::move(key), std::move(value), kNone, remembered});
  if (found == places_.end()) {
    places_.emplace(changes_.back().key, place);
  } else {
    changes_.back().before = std::exchange(found->second, place);
  }
}

const ChangeSet::Value* ChangeSet::Find(absl::string_view key) const {
  const auto found = places_.find(key);
  return found == places_.end() ? nullptr : &changes_[found->second].value;
}

bool ChangeSet::StepHas(absl::string_view key) const {
  if (step_begin_ == changes_.size()) return false;
  const auto found = places_.find(key);
  return found != places_.end() && found->second >= step_begin_;
}

void ChangeSet::Keep(absl::FunctionRef<void(absl::string_view key)> forget) {
  for (; step_begin_ < changes_.size(); ++step_begin_) {
    const Change& change = changes_[step_begin_];
    if (change.remembered) forget(change.key);
    if (change.before != kNone) changes_[change.before].counts = false;
  }
}

void ChangeSet::Drop() {
  for (; changes_.size() > step_begin_; changes_.pop_back()) {
    const Change& change = changes_.back();
    if (change.before == kNone) {
      places_.erase(change.key);
    } else {
      places_.find(change.key)->second = change.before;
    }
  }
}

void ChangeSet::ForEach(
    absl::FunctionRef<void(absl::string_view key, bool is_deleted)> visit) const {
  for (const auto& [key, place] : places_) visit(key, !changes_[place].value.has_value());
}

void ChangeSet::TakeInto(engine::WriteBatch& batch) {
  std::vector<Change*> order;
  order.reserve(changes_.size());
  for (Change& change : changes_) {
    if (change.counts) order.push_back(&change);
  }
  std::sort(order.begin(), order.end(),
            [](const Change* a, const Change* b) { return a->key < b->key; });
  batch.Reserve(order.size());
  places_.clear();  // before the keys that it refers to are moved
  for (Change* change : order) {
    if (change->value.has_value()) {
      batch.Put(std::move(change->key), *std::move(change->value));
    } else {
      batch.Delete(std::move(change->key));
    }
  }
  changes_.clear();
  step_begin_ = 0;
}

}  // namespace latchkey::storage
