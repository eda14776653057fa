#ifndef LATCHKEY_SERVER_AUTHORITY_LOG_REACH_H_
#define LATCHKEY_SERVER_AUTHORITY_LOG_REACH_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "latchkey/v1/audit_service.pb.h"
#include "storage/reader.h"

namespace latchkey {

// How far back readers of the log get.

// Returns the sequence number of the oldest event that is retained, 1 in an empty log.
absl::StatusOr<std::uint64_t> OldestRetained(const storage::Reader& reader);

// Returns the sequence number of the oldest event that a reader of `filter` may begin with, in a
// log that ends with `newest`: of a filter that names a workspace the first one within the age and
// the size of its plan, which is `newest` + 1 where all are older.
absl::StatusOr<std::uint64_t> OldestFor(const storage::Reader& reader,
                                        const v1::EventFilter& filter, std::uint64_t newest,
                                        absl::Time now);

// Whether a reader may begin after `after` in a log that it may read from `oldest` to `newest`.
constexpr bool IsRetained(std::uint64_t after, std::uint64_t oldest, std::uint64_t newest) {
  return after <= newest && after + 1 >= oldest;
}

// Whether a reader of `filter` may begin after `after`: as IsRetained() with OldestFor(), mostly
// without the search for the latter. An event may be older than the plan takes by a minute: else
// who begins where OldestFor() said would be late where events come one close after the other.
// Where the clock stepped back, also where the event after `after` itself is young enough.
absl::StatusOr<bool> IsRetainedFor(const storage::Reader& reader, const v1::EventFilter& filter,
                                   std::uint64_t after, std::uint64_t newest, absl::Time now);

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_LOG_REACH_H_
