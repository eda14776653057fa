#ifndef LATCHKEY_SERVER_AUTHORITY_SUBSCRIPTION_H_
#define LATCHKEY_SERVER_AUTHORITY_SUBSCRIPTION_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "latchkey/v1/audit_service.pb.h"
#include "server/events/event_hub.h"

namespace latchkey {

// What a SubscribeRequest asks for, its defaults filled in.
struct SubscriptionTerms {
  EventSelector selector;
  absl::Duration heartbeat_interval;
  absl::Duration max_delay;
  EventHub::Limits limits;
  EventField field = EventField::kEvents;
};

// Reads them. INVALID_ARGUMENT: the form of the request is not good; with every violation.
absl::StatusOr<SubscriptionTerms> ReadTerms(const v1::SubscribeRequest& request);

// Returns the revision after which a stream begins. The form of the request must be good, and that
// of a consumer must have its position as after_revision.
// Authority::CheckStart() says whether what follows it is retained.
// OUT_OF_RANGE: events of the time that it asks for may have been removed.
absl::StatusOr<std::uint64_t> StartOf(const v1::SubscribeRequest& request, const EventHub& hub);

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_SUBSCRIPTION_H_
