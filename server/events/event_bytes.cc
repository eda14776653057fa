#include "server/events/event_bytes.h"

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
    if (walk.number() == v1::Actor::kTokenFieldNumber) facets.token = walk.bytes();
  }
  return walk.ok();
}

bool ReadDecision(absl::string_view decision, EventFacets& facets) {
  FieldWalk walk(decision);
  while (walk.Next()) {
    if (walk.number() == v1::Decision::kOutcomeFieldNumber) {
      facets.outcome = static_cast<int>(walk.varint());
    }
  }
  return walk.ok();
}

// Returns the first byte of an element of `field`.
constexpr char TagOf(EventField field) {
  static_assert(v1::SubscribeResponse::kEventsFieldNumber == 1 &&
                v1::ListEventsResponse::kEventsFieldNumber == 1 &&
                v1::SubscribeResponse::kSerializedEventsFieldNumber == 6);
  const int number = field == EventField::kEvents ? 1 : 6;
  return static_cast<char>((number << 3) | WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
}

}  // namespace

absl::Status ReadFacets(absl::string_view event, EventFacets& facets) {
  FieldWalk walk(event);
  bool parts_are_good = true;
  while (walk.Next()) {
    switch (walk.number()) {
      case v1::Event::kActorFieldNumber:
        parts_are_good = ReadActor(walk.bytes(), facets) && parts_are_good;
        break;
      case v1::Event::kDecisionFieldNumber:
        parts_are_good = ReadDecision(walk.bytes(), facets) && parts_are_good;
        break;
      case v1::Event::kBeforeFieldNumber:
        facets.has_before = true;
        break;
      case v1::Event::kOrganizationFieldNumber:
        facets.organization = walk.bytes();
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
  if (walk.ok() && parts_are_good) return absl::OkStatus();
  return absl::DataLossError("the bytes of an event do not parse");
}

void AppendEvent(absl::string_view event, EventField field, std::string& message) {
  message.push_back(TagOf(field));
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
    AppendEvent(event, EventField::kEvents, fields_);
    entry.size = fields_.size() - entry.begin;
    entry.event_bytes = event.size();
    // Within the room that was reserved, so that the views last. What this process has just
    // serialized parses.
    static_cast<void>(
        ReadFacets(absl::string_view(fields_).substr(fields_.size() - event.size()), entry.facets));
    entries_.push_back(entry);
  }
}

void EventBlock::AppendTo(std::string& message, std::uint64_t sequence, EventField field) const {
  const Entry& entry = At(sequence);
  const std::size_t begin = message.size();
  message.append(fields_, entry.begin, entry.size);
  // The two fields differ in this byte alone, so that the bytes serve both.
  message[begin] = TagOf(field);
}

}  // namespace latchkey
