#include "server/rpc/wake_plan.h"

#include <algorithm>
#include <array>
#include <bit>

namespace latchkey::rpc {

WakePlan::Pace WakePlan::Rounded(const Pace& pace) {
  constexpr std::array<int, 11> kMilliseconds = {1000, 500, 200, 100, 50, 20, 10, 5, 2, 1, 0};
  Pace rounded{{}, std::bit_floor(pace.max_bytes)};
  for (const int ms : kMilliseconds) {
    rounded.max_delay = std::chrono::milliseconds(ms);
    if (rounded.max_delay <= pace.max_delay) break;
  }
  return rounded;
}

void WakePlan::Add(SubscribeReactor* stream, const Place& place, const LogEnd& end) {
  Group& group = groups_[place.pace];
  if (group.streams.empty()) {
    group.max_bytes = place.pace.max_bytes;
    group.passed = end;
  }
  group.streams[place.workspace].insert(stream);
}

void WakePlan::Remove(SubscribeReactor* stream, const Place& place) {
  const auto group = groups_.find(place.pace);
  if (group == groups_.end()) return;
  auto& streams = group->second.streams;
  const auto beside = streams.find(place.workspace);
  if (beside == streams.end()) return;
  beside->second.erase(stream);
  if (beside->second.empty()) streams.erase(beside);
  if (streams.empty()) groups_.erase(group);
}

bool WakePlan::listens() const {
  return std::any_of(groups_.begin(), groups_.end(),
                     [](const auto& entry) { return !entry.second.waits; });
}

bool WakePlan::IsDue(Time now, const LogEnd& end) const {
  return std::any_of(groups_.begin(), groups_.end(),
                     [&](const auto& entry) { return entry.second.IsDue(now, end); });
}

void WakePlan::Step(Time now, bool noticed, const LogEnd& end, NewsSince news_since, Wake wake) {
  for (auto& [pace, group] : groups_) {
    if (noticed && !group.waits) {
      group.waits = true;
      group.due = now + pace.max_delay;
    }
    if (!group.IsDue(now, end)) continue;
    WakeGroup(group, news_since(group.passed.newest), wake);
    group.waits = false;
    group.passed = end;
  }
}

void WakePlan::WakeGroup(const Group& group, const News& news, Wake wake) {
  if (news.for_all) {
    for (const auto& [workspace, streams] : group.streams) WakeThose(group, workspace, wake);
    return;
  }
  WakeThose(group, "", wake);
  for (const std::string& workspace : news.workspaces) WakeThose(group, workspace, wake);
}

void WakePlan::WakeThose(const Group& group, const std::string& workspace, Wake wake) {
  const auto found = group.streams.find(workspace);
  if (found == group.streams.end()) return;
  for (SubscribeReactor* stream : found->second) wake(stream, group.passed.newest);
}

void WakePlan::ForEach(Wake wake) const {
  for (const auto& [pace, group] : groups_) {
    for (const auto& [workspace, streams] : group.streams) WakeThose(group, workspace, wake);
  }
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
    if (group.waits) next = std::min(next, group.passed.bytes + group.max_bytes);
  }
  return next;
}

}  // namespace latchkey::rpc
