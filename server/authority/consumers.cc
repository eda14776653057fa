#include "server/authority/consumers.h"

#include <algorithm>

#include "server/authority/actions.h"
#include "server/authority/audit_filter.h"
#include "server/authority/names.h"
#include "server/base/status_macros.h"
#include "storage/keys.h"

namespace latchkey {

absl::StatusOr<v1::Consumer> WithPosition(const storage::Reader& reader,
                                          const storage::v1::ConsumerRecord& record) {
  v1::Consumer consumer = record.consumer();
  LATCHKEY_ASSIGN_OR_RETURN(const auto position,
                            reader.Get(storage::ConsumerPositionKey(LastId(consumer.name()))));
  if (!position.has_value()) return consumer;
  consumer.set_acknowledged_revision(position->acknowledged_revision());
  if (position->active_minute() != 0) {
    // Kept to the minute, which may have begun before the consumer was made.
    const absl::Time minute = absl::UnixEpoch() + absl::Minutes(position->active_minute());
    *consumer.mutable_active_time() = ToProto(std::max(minute, FromProto(consumer.create_time())));
  }
  return consumer;
}

absl::StatusOr<std::optional<v1::Consumer>> ReadConsumer(const storage::Reader& reader,
                                                         absl::string_view id) {
  LATCHKEY_ASSIGN_OR_RETURN(const auto record, reader.Get(storage::ConsumerKey(id)));
  if (!record.has_value()) return std::optional<v1::Consumer>();
  LATCHKEY_ASSIGN_OR_RETURN(v1::Consumer consumer, WithPosition(reader, *record));
  return std::optional<v1::Consumer>(std::move(consumer));
}

bool IsOpenTo(const Caller& caller, const v1::Consumer& consumer) {
  if (caller.kind != policy::CallerKind::kMember) return true;
  return NamesItsPart(caller, consumer.filter()) && ParseMember(consumer.creator()).has_value();
}

storage::v1::ConsumerPositionRecord PositionOf(std::uint64_t acknowledged, absl::Time now) {
  storage::v1::ConsumerPositionRecord position;
  position.set_acknowledged_revision(acknowledged);
  position.set_active_minute(
      static_cast<std::uint32_t>((now - absl::UnixEpoch()) / absl::Minutes(1)));
  return position;
}

}  // namespace latchkey
