#ifndef LATCHKEY_SERVER_AUTHORITY_LOG_RETENTION_H_
#define LATCHKEY_SERVER_AUTHORITY_LOG_RETENTION_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/authority/mutation.h"
#include "server/authority/plans_in_use.h"
#include "server/base/clock.h"
#include "server/base/logger.h"
#include "server/events/event_hub.h"
#include "storage/engine/engine.h"
#include "storage/reader.h"

namespace latchkey {

// Events are removed in small commits, between which other changes pass: 4000 in a call of
// LogRetention::Tick().
inline constexpr std::size_t kMaxRemovedInChunk = 500;
inline constexpr std::size_t kMaxRemovedInTick = 4000;
// So many removed events are told by an event, however lately another one told of others.
inline constexpr std::uint64_t kMaxUntold = 10'000;

// From so many bytes of removed events on the store is asked to give their room back, and so
// seldom: each time it reads and writes the files that they lie in.
inline constexpr std::uint64_t kReclaimBytes = std::uint64_t{8} << 20;
inline constexpr absl::Duration kReclaimInterval = absl::Minutes(10);

// However short the plans' times are, events stay for this long: also those of no workspace.
inline constexpr absl::Duration kMinRetainedAge = absl::Hours(24 * 365);

// Removes events from the log's beginning: those older than the longest retention of the plans that
// workspaces are on, and kMinRetainedAge; and the oldest while the log takes more than it may. What
// a consumer holds stays, unless that is more than it may hold: then its hold lapses. The log stays
// dense, and its last event always stays, since it says where the log ends.
//
// What is to be removed is read here, off the sequencer. A chunk of it is a change that looks again
// at what is held, and deletes by key; so it goes on after whatever stopped it. What was removed is
// told by an event a day, by one more for each kMaxUntold, and at once where what told last was
// itself removed.
//
// The bytes of the log are counted where they matter, with a limit or a consumer that holds:
// exactly, once all of it was looked at, 20000 events in a Tick(), and too low before, so that it
// never removes too much.
//
// What is removed takes room in the store until the engine gives it back: it is asked to once
// kReclaimBytes of events were removed, and not again within kReclaimInterval.
//
// Tick() is used by one thread. Blocks on disk.
class LogRetention {
 public:
  using Work = std::function<absl::Status(Mutation&)>;

  struct Options {
    engine::Engine& engine;
    const Clock& clock;
    Logger& logger;
    EventHub& hub;
    std::uint64_t max_log_bytes;  // of events; 0: any number
    // Lets the sequencer carry out a change; `finished` is told whether it is durable.
    std::function<void(Work work, std::function<void(const absl::Status&)> finished)> enqueue;
  };

  explicit LogRetention(Options options) : options_(std::move(options)) {}

  // Tells the hub where the log begins.
  absl::Status Load();

  // Lets the next chunks be carried out, each in a commit of its own.
  void Tick();

 private:
  // A consumer that holds events above `position`.
  struct Holder {
    std::string id;
    std::uint64_t position = 0;
    std::uint64_t max_bytes = 0;
    bool lapses = false;
  };

  // A consumer whose hold lapses where it does not get as far as `sequence` before.
  struct Lapsing {
    std::string id;
    std::uint64_t sequence = 0;
  };

  struct Chunk {
    std::uint64_t first = 0;  // removed from here
    std::uint64_t end = 0;    // to here, this one not
    std::uint64_t bytes = 0;  // of these events
    std::vector<Lapsing> lapsing;
    bool tells = false;                  // of all that was removed since it last told
    storage::v1::RetentionRecord after;  // how the record is then
  };

  // What walks over the log to find what is to be removed.
  class Planner;

  using Chunks = std::deque<Chunk>;
  absl::StatusOr<Chunks> Plan();
  absl::StatusOr<std::vector<Holder>> Holders(const storage::View& view) const;
  // Looks at events that were not counted yet.
  absl::Status Count(const storage::View& view, const storage::v1::RetentionRecord& record);
  // Enqueues the first one, and the rest when that is done.
  void CarryOutAll(std::shared_ptr<Chunks> chunks);
  // Asks for the room of what was removed, where that is due.
  void ReclaimWhenDue();
  // Returns false where something holds the events now, or it is not the next chunk any more.
  static absl::StatusOr<bool> CarryOut(Mutation& m, const Chunk& chunk);
  static absl::Status Lapse(Mutation& m, const Lapsing& lapsing);

  const Options options_;
  std::atomic<bool> busy_{false};  // chunks are under way
  PlansInUse plans_;
  // Of what was removed since the store was last asked for its room.
  std::uint64_t removed_bytes_ = 0;
  absl::Time next_reclaim_ = absl::InfinitePast();
  // Bytes of the events after `from`, where the record ends to count, to `through`.
  struct {
    std::uint64_t from = 0;
    std::uint64_t through = 0;
    std::uint64_t bytes = 0;
  } counted_;
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_LOG_RETENTION_H_
