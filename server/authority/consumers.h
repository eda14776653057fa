#ifndef LATCHKEY_SERVER_AUTHORITY_CONSUMERS_H_
#define LATCHKEY_SERVER_AUTHORITY_CONSUMERS_H_

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "latchkey/v1/audit_service.pb.h"
#include "server/authority/caller.h"
#include "storage/reader.h"

namespace latchkey {

// What the handlers, the reads and the streams of consumers share.

// The form of its name.
inline constexpr char kConsumerForm[] = "consumers/{id}";

// Returns the consumer as it is now, but for `lag` and `connected`; nullopt where there is none.
absl::StatusOr<std::optional<v1::Consumer>> ReadConsumer(const storage::Reader& reader,
                                                         absl::string_view id);
// The same of a record that was read already.
absl::StatusOr<v1::Consumer> WithPosition(const storage::Reader& reader,
                                          const storage::v1::ConsumerRecord& record);

// Returns whether a caller who may read the events of a consumer may have to do with it: a member,
// with those that members made. Whoever is audited must not move an auditor's place in the log.
bool IsOpenTo(const Caller& caller, const v1::Consumer& consumer);

// The position of a consumer that was active at `now`.
storage::v1::ConsumerPositionRecord PositionOf(std::uint64_t acknowledged, absl::Time now);

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_CONSUMERS_H_
