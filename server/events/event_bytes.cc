#include "server/events/event_bytes.h"

#include <algorithm>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"

namespace latchkey {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// Walks over the fields of a message's bytes. Of a field that comes twice the last counts, as
// protobuf has it.
class FieldWalk {
 public:
  explicit FieldWalk(absl::string_view message)
      : message_(message),
        in_(reinterpret_cast<const std::uint8_t*>(message.data()),
            static_cast<int>(message.size())) {}

  // Goes to the next field. False at the end, or where the bytes are no message.
  bool Next() {
    const std::uint32_t tag = in_.ReadTag();
    if (tag == 0) return false;
    number_ = WireFormatLite::GetTagFieldNumber(tag);
    bytes_ = {};
    varint_ = 0;
    switch (WireFormatLite::GetTagWireType(tag)) {
      case WireFormatLite::WIRETYPE_VARINT:
        return Keep(in_.ReadVarint64(&varint_));
      case WireFormatLite::WIRETYPE_LENGTH_DELIMITED:
        return Keep(ReadBytes());
      default:
        return Keep(WireFormatLite::SkipField(&in_, tag));
    }
  }

  int number() const { return number_; }
  absl::string_view bytes() const { return bytes_; }
  std::uint64_t varint() const { return varint_; }
  // Whether all of it was a message.
  bool ok() { return ok_ && in_.CurrentPosition() == static_cast<int>(message_.size()); }

 private:
  bool Keep(bool read) {
    ok_ = read;
    return read;
  }
  bool ReadBytes() {
    std::uint32_t size = 0;
    if (!in_.ReadVarint32(&size)) return false;
    const auto begin = static_cast<std::size_t>(in_.CurrentPosition());
    if (size > message_.size() - begin) return false;
    bytes_ = message_.substr(begin, size);
    return in_.Skip(static_cast<int>(size));
  }

  const absl::string_view message_;
  CodedInputStream in_;
  int number_ = 0;
  absl::string_view bytes_;
  std::uint64_t varint_ = 0;
  bool ok_ = true;
};

bool ReadActor(absl::string_view actor, EventFacets& facets) {
  FieldWalk walk(actor);
  while (walk.Next()) {
    if (walk.number() == v1::Actor::kPrincipalFieldNumber) facets.principal = walk.bytes();
    if (walk.number() == v1::Actor::kDelegateFieldNumber) facets.delegate = walk.bytes();
  }
  return walk.ok();
}

}  // namespace

absl::Status ReadFacets(absl::string_view event, EventFacets& facets) {
  FieldWalk walk(event);
  bool actor_is_good = true;
  while (walk.Next()) {
    switch (walk.number()) {
      case v1::Event::kActorFieldNumber:
        actor_is_good = ReadActor(walk.bytes(), facets);
        break;
      case v1::Event::kActionFieldNumber:
        facets.action = static_cast<int>(walk.varint());
        break;
      case v1::Event::kWorkspaceFieldNumber:
        facets.workspace = walk.bytes();
        break;
      case v1::Event::kResourceFieldNumber:
        facets.resource = walk.bytes();
        break;
      case v1::Event::kAppFieldNumber:
        facets.app = walk.bytes();
        break;
      default:
        break;
    }
  }
  if (walk.ok() && actor_is_good) return absl::OkStatus();
  return absl::DataLossError("the bytes of an event do not parse");
}

bool Matches(const v1::EventFilter& filter, const EventFacets& facets) {
  if (!filter.workspace().empty() && facets.workspace != filter.workspace()) return false;
  if (!filter.app().empty() && facets.app != filter.app()) return false;
  if (!filter.resource().empty() && facets.resource != filter.resource()) return false;
  if (!filter.actor().empty() && facets.principal != filter.actor() &&
      facets.delegate != filter.actor()) {
    return false;
  }
  const auto& actions = filter.actions();
  return actions.empty() ||
         std::find(actions.begin(), actions.end(), facets.action) != actions.end();
}

bool MatchesAll(const v1::EventFilter& filter) { return filter.ByteSizeLong() == 0; }

void AppendEvent(absl::string_view event, std::string& message) {
  static_assert(v1::SubscribeResponse::kEventsFieldNumber == 1 &&
                v1::ListEventsResponse::kEventsFieldNumber == 1);
  constexpr char kTag = (1 << 3) | WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
  message.push_back(kTag);
  std::size_t size = event.size();
  for (; size >= 0x80; size >>= 7) message.push_back(static_cast<char>((size & 0x7f) | 0x80));
  message.push_back(static_cast<char>(size));
  message.append(event.data(), event.size());
}

EventBlock::EventBlock(std::uint64_t first, const std::vector<std::string>& events)
    : first_(first) {
  constexpr std::size_t kMostBefore = 6;  // a tag and a length
  std::size_t size = 0;
  for (const std::string& event : events) size += kMostBefore + event.size();
  fields_.reserve(size);
  entries_.reserve(events.size());
  for (const std::string& event : events) {
    Entry entry;
    entry.begin = fields_.size();
    AppendEvent(event, fields_);
    entry.size = fields_.size() - entry.begin;
    // Within the room that was reserved, so that the views last. What this process has just
    // serialized parses.
    static_cast<void>(
        ReadFacets(absl::string_view(fields_).substr(fields_.size() - event.size()), entry.facets));
    entries_.push_back(entry);
  }
}

}  // namespace latchkey
