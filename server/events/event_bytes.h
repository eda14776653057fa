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

// What is looked at in an event without taking it apart. The views lie in the event's bytes.
struct EventFacets {
  absl::string_view workspace;
  absl::string_view organization;
  absl::string_view resource;
  absl::string_view app;
  absl::string_view principal;
  absl::string_view delegate;
  absl::string_view token;  // the one that authenticated the call
  int action = 0;
  int outcome = 0;
  bool has_before = false;  // the resource is there as it was before
};

// Reads the facets of `event`. DATA_LOSS: the bytes are no event.
absl::Status ReadFacets(absl::string_view event, EventFacets& facets);

// The repeated field of a response that holds events.
enum class EventField : std::uint8_t {
  kEvents,            // of SubscribeResponse and ListEventsResponse, as messages
  kSerializedEvents,  // of SubscribeResponse, as their bytes
};

// Appends `event` to a message's bytes as an element of `field`.
void AppendEvent(absl::string_view event, EventField field, std::string& message);

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
  // How many bytes the event has.
  std::size_t event_bytes(std::uint64_t sequence) const { return At(sequence).event_bytes; }
  // Does for an event what AppendEvent() does for its bytes.
  void AppendTo(std::string& message, std::uint64_t sequence, EventField field) const;
  // The memory that it takes, about.
  std::size_t bytes() const { return fields_.size() + entries_.size() * sizeof(Entry); }

 private:
  struct Entry {
    std::size_t begin = 0;  // in fields_
    std::size_t size = 0;
    std::size_t event_bytes = 0;
    EventFacets facets;
  };
  const Entry& At(std::uint64_t sequence) const { return entries_[sequence - first_]; }

  const std::uint64_t first_;
  std::string fields_;  // the events as elements of EventField::kEvents
  std::vector<Entry> entries_;
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_EVENTS_EVENT_BYTES_H_
