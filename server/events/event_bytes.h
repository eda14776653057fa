#ifndef LATCHKEY_SERVER_EVENTS_EVENT_BYTES_H_
#define LATCHKEY_SERVER_EVENTS_EVENT_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "latchkey/v1/audit_service.pb.h"

namespace latchkey {

// Events as the bytes of latchkey.v1.Event: they are serialized once, when they are made, and the
// store, the memory and every subscriber have the same bytes.

// What a filter looks at in an event. The views lie in the event's bytes.
struct EventFacets {
  absl::string_view workspace;
  absl::string_view resource;
  absl::string_view app;
  absl::string_view principal;
  absl::string_view delegate;
  int action = 0;
};

// Reads the facets of `event`. DATA_LOSS: the bytes are no event.
absl::Status ReadFacets(absl::string_view event, EventFacets& facets);

// Returns whether `filter` selects an event.
bool Matches(const v1::EventFilter& filter, const EventFacets& facets);
// Whether it selects every event.
bool MatchesAll(const v1::EventFilter& filter);

// Appends `event` to a message's bytes as its field number 1, repeated, which holds the events of
// SubscribeResponse and ListEventsResponse.
void AppendEvent(absl::string_view event, std::string& message);

// Some events in a row, as they were committed. Immutable, so thread-safe.
class EventBlock {
 public:
  // `events` holds the bytes of at least one event, that of `first` and those that follow it.
  EventBlock(std::uint64_t first, const std::vector<std::string>& events);
  EventBlock(const EventBlock&) = delete;
  EventBlock& operator=(const EventBlock&) = delete;

  std::uint64_t first() const { return first_; }
  std::uint64_t last() const { return first_ + entries_.size() - 1; }
  const EventFacets& facets(std::uint64_t sequence) const { return At(sequence).facets; }
  // The event as AppendEvent() appends it.
  absl::string_view field(std::uint64_t sequence) const {
    const Entry& entry = At(sequence);
    return absl::string_view(fields_).substr(entry.begin, entry.size);
  }
  // The memory that it takes, about.
  std::size_t bytes() const { return fields_.size() + entries_.size() * sizeof(Entry); }

 private:
  struct Entry {
    std::size_t begin = 0;  // in fields_
    std::size_t size = 0;
    EventFacets facets;
  };
  const Entry& At(std::uint64_t sequence) const { return entries_[sequence - first_]; }

  const std::uint64_t first_;
  std::string fields_;
  std::vector<Entry> entries_;
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_EVENTS_EVENT_BYTES_H_
