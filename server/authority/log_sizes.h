#ifndef LATCHKEY_SERVER_AUTHORITY_LOG_SIZES_H_
#define LATCHKEY_SERVER_AUTHORITY_LOG_SIZES_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/authority/mutation.h"
#include "server/authority/size_marks.h"
#include "server/base/logger.h"
#include "server/events/event_hub.h"
#include "storage/engine/engine.h"
#include "storage/reader.h"

namespace latchkey {

// So many events are looked at in a call of LogSizes::Tick().
inline constexpr std::size_t kMaxSizedInTick = 50'000;

// Returns where the newest events of `workspace`, an id, that have `max_bytes` begin: 0 where all
// that was counted has no more, or `max_bytes` is 0. See SizeMarks::OldestWithin().
absl::StatusOr<std::uint64_t> OldestWithin(const storage::Reader& reader,
                                           absl::string_view workspace, std::uint64_t max_bytes);

// Counts the bytes of the events of each workspace: of all of them, since plans change.
//
// Every event is looked at once, off the sequencer, some time after it was committed: in the hub's
// memory mostly, in the store where it is not there any more, and from the log's beginning in a
// store that was never counted. What was counted is written in changes of a few hundred records,
// when some workspace has 512 KiB more or 10000 events are not written, and how far all of it is
// comes with the last of them. Each record says itself how far it is, so that after whatever
// stopped it the rest is counted again and nothing twice.
//
// Tick() is used by one thread. Blocks on disk.
class LogSizes {
 public:
  using Work = std::function<absl::Status(Mutation&)>;

  struct Options {
    const engine::Engine& engine;
    const EventHub& hub;
    Logger& logger;
    // Lets the sequencer carry out a change; `finished` is told whether it is durable.
    std::function<void(Work work, std::function<void(const absl::Status&)> finished)> enqueue;
  };

  explicit LogSizes(Options options) : options_(std::move(options)) {}

  // Counts the next events, and lets what was counted be written where that is due.
  void Tick();

 private:
  // Records of sizes that are written together, and how far all are then, if they are the last.
  struct Chunk {
    std::vector<std::pair<std::string, storage::v1::EventSizesRecord>> records;  // by id
    std::optional<std::uint64_t> progress;
  };
  using Chunks = std::deque<Chunk>;

  // Counts, and returns what is to be written, nothing where nothing is due.
  absl::StatusOr<Chunks> Step();
  absl::Status CountEvents(const storage::View& view, std::uint64_t oldest);
  absl::Status CountFromStore(const storage::View& view, std::uint64_t first);
  // Notes an event that was looked at, of `workspace`, a name or nothing.
  absl::Status CountEvent(const storage::View& view, std::uint64_t sequence,
                          absl::string_view workspace, std::size_t bytes);
  Chunks MakeChunks(std::uint64_t oldest);
  // Enqueues the first one, and the rest when that is done.
  void WriteAll(std::shared_ptr<Chunks> chunks);
  void Forget();

  const Options options_;
  std::atomic<bool> busy_{false};  // chunks are under way
  // What was counted and is not written yet: nothing after a write, be it through or not.
  std::optional<std::uint64_t> counted_;  // nullopt: up to where the store says
  std::size_t unwritten_events_ = 0;
  bool has_new_marks_ = false;
  absl::flat_hash_map<std::string, SizeMarks> sizes_;  // by the workspace's name
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_LOG_SIZES_H_
