// The part of EventHub that finds events by their time.
#include <optional>
#include <tuple>

#include "server/authority/errors.h"
#include "server/base/status_macros.h"
#include "server/events/event_hub.h"
#include "storage/keys.h"
#include "storage/reader.h"

namespace latchkey {
namespace {

bool IsEarlier(const google::protobuf::Timestamp& a, const google::protobuf::Timestamp& b) {
  return std::make_tuple(a.seconds(), a.nanos()) < std::make_tuple(b.seconds(), b.nanos());
}

// Returns the first event from `first` on that lies below `end`.
absl::StatusOr<std::optional<v1::Event>> FirstEvent(const storage::View& view, std::uint64_t first,
                                                    std::uint64_t end) {
  std::optional<v1::Event> found;
  LATCHKEY_RETURN_IF_ERROR(view.ForEachRecord<v1::Event>(
      {storage::EventKey(first).bytes, storage::EventKey(end).bytes}, engine::Direction::kForward,
      [&](absl::string_view, v1::Event event) {
        found = std::move(event);
        return storage::Walk::kStop;
      }));
  return found;
}

}  // namespace

absl::StatusOr<std::uint64_t> EventHub::FirstSince(const google::protobuf::Timestamp& time) const {
  std::uint64_t high = newest() + 1;
  const storage::View view(options_.engine.NewSnapshot());
  if (high == 1) return high;
  LATCHKEY_ASSIGN_OR_RETURN(const auto retention, view.Get(storage::RetentionKey()));
  const std::uint64_t oldest = retention.has_value() ? retention->oldest_sequence() : 1;
  std::uint64_t low = oldest;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    LATCHKEY_ASSIGN_OR_RETURN(const std::optional<v1::Event> event, FirstEvent(view, middle, high));
    if (event.has_value() && IsEarlier(event->time(), time)) {
      low = event->sequence() + 1;
    } else {
      high = middle;
    }
  }
  if (low == oldest && oldest > 1) return StartTimeTooOldError(oldest, newest());
  return low;
}

}  // namespace latchkey
