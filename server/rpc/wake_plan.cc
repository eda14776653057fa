#include "server/rpc/wake_plan.h"

#include <algorithm>

namespace latchkey::rpc {

void WakePlan::Add(SubscribeReactor* stream, const Pace& pace, std::uint64_t published) {
  Group& group = groups_[pace];
  if (group.streams.empty()) group.passed = published;
  group.streams.insert(stream);
}

void WakePlan::Remove(SubscribeReactor* stream, const Pace& pace) {
  const auto it = groups_.find(pace);
  if (it == groups_.end()) return;
  it->second.streams.erase(stream);
  if (it->second.streams.empty()) groups_.erase(it);
}

bool WakePlan::listens() const {
  return std::any_of(groups_.begin(), groups_.end(),
                     [](const auto& entry) { return !entry.second.waits; });
}

bool WakePlan::IsDue(Time now, std::uint64_t published) const {
  return std::any_of(groups_.begin(), groups_.end(), [&](const auto& entry) {
    return entry.second.IsDue(entry.first, now, published);
  });
}

WakePlan::Time WakePlan::NextDue() const {
  Time next = Time::max();
  for (const auto& [pace, group] : groups_) {
    if (group.waits) next = std::min(next, group.due);
  }
  return next;
}

std::uint64_t WakePlan::NextDueBytes() const {
  std::uint64_t next = UINT64_MAX;
  for (const auto& [pace, group] : groups_) {
    if (group.waits) next = std::min(next, group.passed + pace.max_bytes);
  }
  return next;
}

}  // namespace latchkey::rpc
