#ifndef LATCHKEY_SERVER_EVENTS_EVENT_HUB_H_
#define LATCHKEY_SERVER_EVENTS_EVENT_HUB_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "google/protobuf/timestamp.pb.h"
#include "server/base/mutex.h"
#include "server/events/event_bytes.h"
#include "server/events/event_selector.h"
#include "storage/engine/engine.h"

namespace latchkey {

// Gives the committed log to readers: the last events from memory, older ones from the store, with
// no gap between, since both are the same dense sequence. A reader pulls at its own pace and is
// only woken, never fed, so a slow one costs nobody anything.
//
// Thread-safe. Read() blocks on disk where the events are no longer in memory.
class EventHub {
 public:
  struct Options {
    const engine::Engine& engine;
    std::size_t ring_bytes = std::size_t{16} << 20;  // kept in memory, about
  };

  struct Limits {
    std::size_t max_events = 1000;       // returned
    std::size_t max_bytes = 256 * 1024;  // returned, and one event more
    std::size_t max_scanned = 20000;     // looked at
  };

  // A part of the log.
  struct Batch {
    // The events that match, in order: the bytes of a SubscribeResponse, or of a
    // ListEventsResponse, that holds nothing else but these in the field that was asked for.
    std::string events;
    std::size_t count = 0;  // of those
    // Every matching event from the start to here is in `events`. It equals the start where there
    // was nothing.
    std::uint64_t complete_through = 0;
    // Whether it was looked for in the store, since the start was not in memory any more.
    bool is_from_store = false;
  };

  // `newest` is the log's end.
  EventHub(Options options, std::uint64_t newest) : options_(options), newest_(newest) {}

  // Adds committed events, in order and dense, as their bytes, and wakes every waker. `newest` is
  // the last one's sequence number. Called by one thread.
  void Publish(const std::vector<std::string>& events, std::uint64_t newest);

  // Forgets what is in memory and takes `newest` as the log's end, after a store that stopped
  // writing came back: it may hold events that were never published. Called as Publish() is.
  void Reset(std::uint64_t newest);

  // The log's end: every event up to it can be read.
  std::uint64_t newest() const { return newest_.load(std::memory_order_acquire); }

  // The last event that may have taken somebody's right to read events, or one after it; 0: none
  // since this was made. Whoever has read up to newest() sees it for all of that: rights that were
  // found good when the log's end was at least this are good for what was read.
  std::uint64_t rights_changed() const { return rights_changed_.load(std::memory_order_acquire); }

  // About how many bytes of events were ever published. Only grows; what newest() shows is in it.
  std::uint64_t published_bytes() const { return published_bytes_.load(); }

  // Adds the workspaces of the events after `after` and up to `through`, by name. Does not block.
  // False where those are not all in memory any more.
  bool FindWorkspaces(std::uint64_t after, std::uint64_t through,
                      absl::flat_hash_set<std::string>& workspaces) const;

  // Calls `visit` with the events after `after`, in order, `max_events` or a few more of them. Does
  // not block. False, and no call, where the first of them is not in memory.
  bool VisitInMemory(
      std::uint64_t after, std::size_t max_events,
      absl::FunctionRef<void(std::uint64_t sequence, const EventFacets& facets, std::size_t bytes)>
          visit) const;

  // The oldest retained sequence number; 0 in an empty log.
  std::uint64_t oldest() const {
    return newest() == 0 ? 0 : oldest_.load(std::memory_order_acquire);
  }
  // Says what that is, from 1, once what is older was removed from the store. Never goes back.
  void set_oldest(std::uint64_t oldest);

  // Returns a sequence number such that the first retained event from it on is of `time` or later,
  // and the one before it is not; newest() + 1 where no event is that late. It is found by halving:
  // where the clock stepped back, so that several places are so, it is any one of them.
  // OUT_OF_RANGE: it is the oldest retained one, and those before it may have been as late.
  absl::StatusOr<std::uint64_t> FirstSince(const google::protobuf::Timestamp& time) const;

  // Returns the events after `after` that `selector` selects, within `limits`.
  // OUT_OF_RANGE: the event after `after` was removed.
  // UNAVAILABLE, DATA_LOSS: as storage::Reader.
  absl::StatusOr<Batch> Read(std::uint64_t after, const EventSelector& selector,
                             const Limits& limits, EventField field = EventField::kEvents) const;

  // The same backwards: events below `before`, newest first; `complete_through` is the sequence
  // number of the last one looked at, and oldest() or less at the log's beginning.
  absl::StatusOr<Batch> ReadBackward(std::uint64_t before, const EventSelector& selector,
                                     const Limits& limits) const;

  // Calls `wake` after each Publish() until RemoveWaker() of the returned id returned. `wake` must
  // be quick and must not call the hub.
  std::uint64_t AddWaker(const std::function<void()>& wake);
  void RemoveWaker(std::uint64_t id);

  // Streams count themselves here, for whoever asks how many there are.
  void AddReader() { readers_.fetch_add(1, std::memory_order_relaxed); }
  void RemoveReader() { readers_.fetch_sub(1, std::memory_order_relaxed); }
  std::size_t readers() const { return readers_.load(std::memory_order_relaxed); }

 private:
  void WakeAll();

  using Blocks = std::vector<std::shared_ptr<const EventBlock>>;
  // The blocks in memory that hold the event after `after` and some that follow, `max_events` or a
  // few more; nullopt where that event is not in memory.
  std::optional<Blocks> FromRing(std::uint64_t after, std::size_t max_events) const;

  const Options options_;
  std::atomic<std::uint64_t> newest_;
  std::atomic<std::uint64_t> rights_changed_{0};   // written before newest_
  std::atomic<std::uint64_t> published_bytes_{0};  // the same
  std::atomic<std::uint64_t> oldest_{1};
  mutable Mutex ring_mu_;
  std::deque<std::shared_ptr<const EventBlock>> ring_ ABSL_GUARDED_BY(ring_mu_);
  std::size_t ring_size_ ABSL_GUARDED_BY(ring_mu_) = 0;  // bytes
  std::atomic<std::size_t> readers_{0};
  Mutex wakers_mu_;
  std::uint64_t next_waker_ ABSL_GUARDED_BY(wakers_mu_) = 1;
  absl::flat_hash_map<std::uint64_t, std::function<void()>> wakers_ ABSL_GUARDED_BY(wakers_mu_);
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_EVENTS_EVENT_HUB_H_
