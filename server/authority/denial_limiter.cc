#include "server/authority/denial_limiter.h"

#include <algorithm>
#include <utility>

namespace latchkey {

bool DenialLimiter::Admit(absl::string_view key, absl::Time now) {
  MutexLock lock(mu_);
  const bool known = windows_.contains(key);
  const std::string name(known || windows_.size() < options_.max_keys ? key : "");
  const auto [it, inserted] = windows_.try_emplace(name);
  Window& window = it->second;
  const bool over = window.counted.count == 0 && now - window.begin >= options_.window;
  if (inserted || over) {
    window.begin = now;
    window.admitted = 0;
  }
  if (!name.empty() && window.admitted < options_.recorded) {
    ++window.admitted;
    return true;
  }
  if (window.counted.count++ == 0) window.counted.first = now;
  window.counted.last = now;
  window.counted.key = name;
  return false;
}

bool DenialLimiter::AnyDue(absl::Time now) const {
  MutexLock lock(mu_);
  return std::any_of(windows_.begin(), windows_.end(), [&](const auto& entry) {
    return now - entry.second.begin >= options_.window && entry.second.counted.count > 0;
  });
}

std::vector<DenialLimiter::Counted> DenialLimiter::TakeDue(absl::Time now) {
  MutexLock lock(mu_);
  return Take([&](const Window& window) { return now - window.begin >= options_.window; });
}

std::vector<DenialLimiter::Counted> DenialLimiter::TakeAll() {
  MutexLock lock(mu_);
  return Take([](const Window&) { return true; });
}

void DenialLimiter::Restore(const std::vector<Counted>& counted) {
  MutexLock lock(mu_);
  for (const Counted& back : counted) {
    // One row more than the limit at most for each that was there before.
    const auto [it, inserted] = windows_.try_emplace(back.key);
    Window& window = it->second;
    if (inserted) window.begin = back.first;
    Counted& now = window.counted;
    now.last = now.count == 0 ? back.last : std::max(now.last, back.last);
    now.first = back.first;
    now.count += back.count;
    now.key = back.key;
  }
}

std::vector<DenialLimiter::Counted> DenialLimiter::Take(
    absl::FunctionRef<bool(const Window&)> is_due) {
  std::vector<Counted> due;
  absl::erase_if(windows_, [&](auto& entry) {
    if (!is_due(entry.second)) return false;
    if (entry.second.counted.count > 0) due.push_back(std::move(entry.second.counted));
    return true;
  });
  std::sort(due.begin(), due.end(),
            [](const Counted& a, const Counted& b) { return a.key < b.key; });
  return due;
}

}  // namespace latchkey
