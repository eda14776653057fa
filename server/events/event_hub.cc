#include "server/events/event_hub.h"

#include <algorithm>
#include <string>
#include <utility>

#include "server/base/status_macros.h"
#include "storage/keys.h"
#include "storage/reader.h"

namespace latchkey {
namespace {

// Collects what matches until a limit is met.
class Collector {
 public:
  Collector(const v1::EventFilter& filter, const EventHub::Limits& limits, EventHub::Batch& batch)
      : filter_(filter), limits_(limits), batch_(batch) {}

  // Returns whether there is room for more.
  bool Take(std::shared_ptr<const v1::Event> event) {
    batch_.complete_through = event->sequence();
    ++scanned_;
    if (Matches(filter_, *event)) {
      bytes_ += event->ByteSizeLong();
      batch_.events.push_back(std::move(event));
    }
    return scanned_ < limits_.max_scanned && batch_.events.size() < limits_.max_events &&
           bytes_ < limits_.max_bytes;
  }

 private:
  const v1::EventFilter& filter_;
  const EventHub::Limits& limits_;
  EventHub::Batch& batch_;
  std::size_t scanned_ = 0;
  std::size_t bytes_ = 0;
};

absl::Status Walk(const storage::View& view, std::uint64_t first, std::uint64_t end,
                  engine::Direction direction, Collector& collector) {
  return view.ForEachRecord<v1::Event>(
      {storage::EventKey(first).bytes, storage::EventKey(end).bytes}, direction,
      [&](absl::string_view, v1::Event event) -> absl::StatusOr<storage::Walk> {
        const bool more = collector.Take(std::make_shared<const v1::Event>(std::move(event)));
        return more ? storage::Walk::kGoOn : storage::Walk::kStop;
      });
}

}  // namespace

bool Matches(const v1::EventFilter& filter, const v1::Event& event) {
  if (!filter.workspace().empty() && event.workspace() != filter.workspace()) return false;
  if (!filter.app().empty() && event.app() != filter.app()) return false;
  if (!filter.resource().empty() && event.resource() != filter.resource()) return false;
  if (!filter.actor().empty() && event.actor().principal() != filter.actor() &&
      event.actor().delegate() != filter.actor()) {
    return false;
  }
  const auto& actions = filter.actions();
  return actions.empty() ||
         std::find(actions.begin(), actions.end(), event.action()) != actions.end();
}

void EventHub::Publish(std::vector<v1::Event>&& events, std::uint64_t newest) {
  {
    MutexLock lock(ring_mu_);
    for (v1::Event& event : events) {
      ring_.push_back(std::make_shared<const v1::Event>(std::move(event)));
    }
    while (ring_.size() > options_.ring_events) ring_.pop_front();
    newest_.store(newest, std::memory_order_release);
  }
  WakeAll();
}

void EventHub::Reset(std::uint64_t newest) {
  {
    MutexLock lock(ring_mu_);
    ring_.clear();
    newest_.store(newest, std::memory_order_release);
  }
  WakeAll();
}

void EventHub::WakeAll() {
  MutexLock lock(wakers_mu_);
  for (const auto& [id, wake] : wakers_) wake();
}

absl::StatusOr<std::uint64_t> EventHub::oldest() const {
  return storage::View(options_.engine.NewSnapshot()).OldestSequence();
}

std::optional<std::vector<std::shared_ptr<const v1::Event>>> EventHub::FromRing(
    std::uint64_t after, std::size_t max) const {
  MutexLock lock(ring_mu_);
  if (ring_.empty() || ring_.front()->sequence() > after + 1) return std::nullopt;
  const auto begin = static_cast<std::ptrdiff_t>(
      std::min<std::uint64_t>(after + 1 - ring_.front()->sequence(), ring_.size()));
  const auto count =
      std::min(static_cast<std::ptrdiff_t>(max), static_cast<std::ptrdiff_t>(ring_.size()) - begin);
  return std::vector<std::shared_ptr<const v1::Event>>(ring_.begin() + begin,
                                                       ring_.begin() + begin + count);
}

absl::StatusOr<EventHub::Batch> EventHub::Read(std::uint64_t after, const v1::EventFilter& filter,
                                               const Limits& limits) const {
  Batch batch;
  batch.complete_through = after;
  const std::uint64_t end = newest();
  if (after >= end) return batch;
  Collector collector(filter, limits, batch);
  if (auto events = FromRing(after, limits.max_scanned)) {
    for (auto& event : *events) {
      if (!collector.Take(std::move(event))) break;
    }
    return batch;
  }
  const storage::View view(options_.engine.NewSnapshot());
  LATCHKEY_RETURN_IF_ERROR(Walk(view, after + 1, end + 1, engine::Direction::kForward, collector));
  return batch;
}

absl::StatusOr<EventHub::Batch> EventHub::ReadBackward(std::uint64_t before,
                                                       const v1::EventFilter& filter,
                                                       const Limits& limits) const {
  Batch batch;
  batch.complete_through = 0;
  const std::uint64_t end = std::min(before, newest() + 1);
  if (end <= 1) return batch;
  Collector collector(filter, limits, batch);
  const storage::View view(options_.engine.NewSnapshot());
  LATCHKEY_RETURN_IF_ERROR(Walk(view, 1, end, engine::Direction::kBackward, collector));
  return batch;
}

std::uint64_t EventHub::AddWaker(const std::function<void()>& wake) {
  MutexLock lock(wakers_mu_);
  const std::uint64_t id = next_waker_++;
  wakers_.emplace(id, wake);
  return id;
}

void EventHub::RemoveWaker(std::uint64_t id) {
  MutexLock lock(wakers_mu_);
  wakers_.erase(id);
}

std::size_t EventHub::wakers() const {
  MutexLock lock(wakers_mu_);
  return wakers_.size();
}

}  // namespace latchkey
