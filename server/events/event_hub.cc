#include "server/events/event_hub.h"

#include <algorithm>
#include <string>
#include <utility>

#include "server/authority/errors.h"
#include "server/base/status_macros.h"
#include "server/events/rights_events.h"
#include "storage/keys.h"
#include "storage/reader.h"
#include "storage/record_codec.h"

namespace latchkey {
namespace {

// Collects what matches until a limit is met.
class Collector {
 public:
  Collector(const EventSelector& selector, const EventHub::Limits& limits, EventField field,
            EventHub::Batch& batch)
      : selector_(selector), limits_(limits), field_(field), batch_(batch) {}

  // Takes an event of a block. Returns whether there is room for more.
  bool Take(const EventBlock& block, std::uint64_t sequence) {
    if (selector_.Selects(block.facets(sequence))) {
      block.AppendTo(batch_.events, sequence, field_);
      ++batch_.count;
    }
    return Passed(sequence);
  }

  // Takes the bytes of an event. DATA_LOSS: they are none.
  absl::StatusOr<bool> Take(absl::string_view event, std::uint64_t sequence) {
    EventFacets facets;
    if (!selector_.all()) LATCHKEY_RETURN_IF_ERROR(ReadFacets(event, facets));
    if (selector_.Selects(facets)) {
      AppendEvent(event, field_, batch_.events);
      ++batch_.count;
    }
    return Passed(sequence);
  }

 private:
  bool Passed(std::uint64_t sequence) {
    batch_.complete_through = sequence;
    ++scanned_;
    return scanned_ < limits_.max_scanned && batch_.count < limits_.max_events &&
           batch_.events.size() < limits_.max_bytes;
  }

  const EventSelector& selector_;
  const EventHub::Limits& limits_;
  const EventField field_;
  EventHub::Batch& batch_;
  std::size_t scanned_ = 0;
};

absl::Status Walk(const storage::View& view, std::uint64_t first, std::uint64_t end,
                  engine::Direction direction, Collector& collector) {
  return view.ForEach(
      {storage::EventKey(first).bytes, storage::EventKey(end).bytes}, direction,
      [&](absl::string_view key, absl::string_view stored) -> absl::StatusOr<storage::Walk> {
        LATCHKEY_ASSIGN_OR_RETURN(const absl::string_view event,
                                  storage::DecodePayload(key, stored));
        LATCHKEY_ASSIGN_OR_RETURN(const bool more,
                                  collector.Take(event, storage::SequenceOfEventKey(key)));
        return more ? storage::Walk::kGoOn : storage::Walk::kStop;
      });
}

// Collects the events after `after` that lie in `blocks`.
void Walk(const std::vector<std::shared_ptr<const EventBlock>>& blocks, std::uint64_t after,
          Collector& collector) {
  for (const auto& block : blocks) {
    for (std::uint64_t next = std::max(after + 1, block->first()); next <= block->last(); ++next) {
      if (!collector.Take(*block, next)) return;
    }
  }
}

// The last event of a block that may have taken rights; 0: none.
std::uint64_t LastToTakeRights(const EventBlock& block) {
  for (std::uint64_t sequence = block.last(); sequence >= block.first(); --sequence) {
    if (MayTakeRights(block.facets(sequence))) return sequence;
  }
  return 0;
}

}  // namespace

void EventHub::Publish(const std::vector<std::string>& events, std::uint64_t newest) {
  std::shared_ptr<const EventBlock> block;
  if (!events.empty()) {
    block = std::make_shared<const EventBlock>(newest + 1 - events.size(), events);
    if (const std::uint64_t last = LastToTakeRights(*block); last != 0) {
      rights_changed_.store(last, std::memory_order_release);
    }
    published_bytes_.fetch_add(block->bytes());
  }
  std::vector<std::shared_ptr<const EventBlock>> old;  // freed outside of the lock
  {
    MutexLock lock(ring_mu_);
    if (block != nullptr) {
      ring_size_ += block->bytes();
      ring_.push_back(std::move(block));
    }
    while (ring_size_ > options_.ring_bytes && !ring_.empty()) {
      ring_size_ -= ring_.front()->bytes();
      old.push_back(std::move(ring_.front()));
      ring_.pop_front();
    }
    newest_.store(newest, std::memory_order_release);
  }
  WakeAll();
}

void EventHub::Reset(std::uint64_t newest) {
  {
    MutexLock lock(ring_mu_);
    ring_.clear();
    ring_size_ = 0;
    // What was never published may have taken rights.
    rights_changed_.store(newest, std::memory_order_release);
    newest_.store(newest, std::memory_order_release);
  }
  WakeAll();
}

void EventHub::WakeAll() {
  MutexLock lock(wakers_mu_);
  for (const auto& [id, wake] : wakers_) wake();
}

void EventHub::set_oldest(std::uint64_t oldest) {
  std::uint64_t before = oldest_.load();
  while (before < oldest && !oldest_.compare_exchange_weak(before, oldest)) {
  }
}

std::optional<EventHub::Blocks> EventHub::FromRing(std::uint64_t after,
                                                   std::size_t max_events) const {
  MutexLock lock(ring_mu_);
  if (ring_.empty() || ring_.front()->first() > after + 1) return std::nullopt;
  auto it = std::partition_point(ring_.begin(), ring_.end(),
                                 [&](const auto& block) { return block->last() <= after; });
  Blocks blocks;
  for (; it != ring_.end(); ++it) {
    blocks.push_back(*it);
    if ((*it)->last() - after >= max_events) break;
  }
  return blocks;
}

bool EventHub::FindWorkspaces(std::uint64_t after, std::uint64_t through,
                              absl::flat_hash_set<std::string>& workspaces) const {
  if (after >= through) return true;
  const auto blocks = FromRing(after, through - after);
  if (!blocks.has_value() || blocks->empty() || blocks->back()->last() < through) return false;
  absl::string_view last;  // neighbours are often of one workspace
  for (const auto& block : *blocks) {
    const std::uint64_t end = std::min(through, block->last());
    for (std::uint64_t next = std::max(after + 1, block->first()); next <= end; ++next) {
      const absl::string_view workspace = block->facets(next).workspace;
      if (workspace.empty() || workspace == last) continue;
      last = workspace;
      workspaces.emplace(workspace);
    }
  }
  return true;
}

bool EventHub::VisitInMemory(
    std::uint64_t after, std::size_t max_events,
    absl::FunctionRef<void(std::uint64_t sequence, const EventFacets& facets, std::size_t bytes)>
        visit) const {
  const auto blocks = FromRing(after, max_events);
  if (!blocks.has_value()) return false;
  for (const auto& block : *blocks) {
    for (std::uint64_t next = std::max(after + 1, block->first()); next <= block->last(); ++next) {
      visit(next, block->facets(next), block->event_bytes(next));
    }
  }
  return true;
}

absl::StatusOr<EventHub::Batch> EventHub::Read(std::uint64_t after, const EventSelector& selector,
                                               const Limits& limits, EventField field) const {
  Batch batch;
  batch.complete_through = after;
  const std::uint64_t end = newest();
  if (after >= end) return batch;
  Collector collector(selector, limits, field, batch);
  if (const auto blocks =
          FromRing(after, selector.all() ? limits.max_events : limits.max_scanned)) {
    Walk(*blocks, after, collector);
    return batch;
  }
  const storage::View view(options_.engine.NewSnapshot());
  // Events are removed from the beginning only, so that the first one tells whether any are gone.
  LATCHKEY_ASSIGN_OR_RETURN(const bool is_there, view.Has(storage::EventKey(after + 1)));
  if (!is_there) {
    // Of the same view: what was removed a moment ago may not have been told yet.
    LATCHKEY_ASSIGN_OR_RETURN(const auto retention, view.Get(storage::RetentionKey()));
    return OutOfRangeError(after, retention.has_value() ? retention->oldest_sequence() : oldest(),
                           end);
  }
  batch.is_from_store = true;
  LATCHKEY_RETURN_IF_ERROR(Walk(view, after + 1, end + 1, engine::Direction::kForward, collector));
  return batch;
}

absl::StatusOr<EventHub::Batch> EventHub::ReadBackward(std::uint64_t before,
                                                       const EventSelector& selector,
                                                       const Limits& limits) const {
  Batch batch;
  batch.complete_through = 0;
  const std::uint64_t end = std::min(before, newest() + 1);
  if (end <= 1) return batch;
  Collector collector(selector, limits, EventField::kEvents, batch);
  const storage::View view(options_.engine.NewSnapshot());
  // Not from 1 on: a store is slow to pass over what was deleted.
  LATCHKEY_RETURN_IF_ERROR(Walk(view, oldest(), end, engine::Direction::kBackward, collector));
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

}  // namespace latchkey
