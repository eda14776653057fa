#ifndef LATCHKEY_SERVER_AUTHORITY_ERRORS_H_
#define LATCHKEY_SERVER_AUTHORITY_ERRORS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "latchkey/v1/common.pb.h"
#include "latchkey/v1/error_reason.pb.h"
#include "server/policy/policy.h"

namespace latchkey {

// The errors of the public contract, each with its google.rpc details as payloads of the status
// (type URL to serialized message), which the border to gRPC sends on as they are. Messages name
// the field or resource, what it got and what it takes; none holds a secret.

using Metadata = std::vector<std::pair<std::string, std::string>>;

// Returns a status of `code` with one ErrorInfo.
absl::Status MakeError(absl::StatusCode code, v1::ErrorReason reason, absl::string_view message,
                       const Metadata& metadata = {});

// Adds a detail to a status.
void AddDetail(absl::Status& status, const google::protobuf::Message& detail);

// Returns the detail of type `Detail` in `status`, or a default one.
template <typename Detail>
Detail GetDetail(const absl::Status& status) {
  Detail detail;
  const std::string url = absl::StrCat("type.googleapis.com/", Detail::descriptor()->full_name());
  if (const auto payload = status.GetPayload(url)) detail.ParseFromString(std::string(*payload));
  return detail;
}

// NOT_FOUND. The same words whether `resource` does not exist or may not be known of.
absl::Status ResourceNotFoundError(absl::string_view resource);

// PERMISSION_DENIED or UNAUTHENTICATED, with the rule and its reason.
absl::Status DeniedError(v1::Action action, const policy::Decision& decision);

// PERMISSION_DENIED, whatever the rule: a caller who had the right lost it while the call went on.
absl::Status RightEndedError(v1::Action action, absl::string_view rule, absl::string_view reason);

// UNAUTHENTICATED: the credentials themselves do not hold.
absl::Status UnauthenticatedError(absl::string_view message);

// FAILED_PRECONDITION: the change waits for `request`.
absl::Status NeedsApprovalError(v1::Action action, const policy::Decision& decision,
                                absl::string_view request, std::uint64_t revision);

// INVALID_ARGUMENT with these field violations; there must be one.
absl::Status InvalidFieldsError(const google::rpc::BadRequest& violations,
                                v1::ErrorReason reason = v1::ERROR_REASON_INVALID_FIELD);
// INVALID_ARGUMENT about one field, by default for its form.
absl::Status InvalidFieldError(absl::string_view field, absl::string_view description,
                               v1::ErrorReason reason = v1::ERROR_REASON_INVALID_FIELD);

absl::Status ResourceExistsError(absl::string_view resource);
absl::Status RevisionMismatchError(absl::string_view resource, std::uint64_t expected,
                                   std::uint64_t actual);
// FAILED_PRECONDITION: `resource` is in `state`, and `message` says what to do.
absl::Status StateConflictError(absl::string_view resource, absl::string_view state,
                                absl::string_view message);
// FAILED_PRECONDITION: the plan of `workspace` takes `limit` of `what`, a field of PlanLimits, and
// there are `count`. `message` says what to do.
absl::Status PlanLimitError(absl::string_view workspace, absl::string_view plan,
                            absl::string_view what, std::uint64_t limit, std::uint64_t count,
                            absl::string_view message);
// FAILED_PRECONDITION: a run without a preview that it carries out.
absl::Status ConfirmationError();
absl::Status TokenNotActiveError(absl::string_view token, absl::string_view state);
// OUT_OF_RANGE: `field` is `asked`, and the log ends before that.
absl::Status BeyondEndError(absl::string_view field, std::uint64_t asked, std::uint64_t newest);
// OUT_OF_RANGE: `field` is `asked`, where the log has the events from `oldest` (0: none) to
// `newest`. `checkpoint` is a signed one of at least the size before `oldest`, where there is one.
absl::Status OutOfRangeError(std::uint64_t asked, std::uint64_t oldest, std::uint64_t newest,
                             absl::string_view field = "after_revision",
                             absl::string_view checkpoint = "");
// NOT_FOUND: the event is no more, and `oldest` is the first one that is.
absl::Status RemovedEventError(std::uint64_t sequence, std::uint64_t oldest);
// ABORTED: another stream uses `consumer` now.
absl::Status ConsumerTakenOverError(absl::string_view consumer);
// OUT_OF_RANGE: events of `start_time` or later may have been removed.
absl::Status StartTimeTooOldError(std::uint64_t oldest, std::uint64_t newest);
// UNAVAILABLE, with when to try again.
absl::Status UnavailableError(v1::ErrorReason reason, absl::string_view message,
                              absl::Duration retry_delay);
absl::Status OverloadedError(absl::string_view message);

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_ERRORS_H_
