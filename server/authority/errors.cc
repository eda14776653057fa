#include "server/authority/errors.h"

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/authority/actions.h"

namespace latchkey {
namespace {

std::string ReasonName(v1::ErrorReason reason) {
  return std::string(absl::StripPrefix(v1::ErrorReason_Name(reason), "ERROR_REASON_"));
}

absl::Status MakeDenial(absl::StatusCode code, v1::ErrorReason error, v1::Action action,
                        absl::string_view rule, absl::string_view reason) {
  return MakeError(code, error,
                   absl::StrCat(ActionName(action), " is denied by rule ", rule, ": ", reason),
                   {{"action", ActionName(action)},
                    {"rule", std::string(rule)},
                    {"reason", std::string(reason)}});
}

}  // namespace

void AddDetail(absl::Status& status, const google::protobuf::Message& detail) {
  status.SetPayload(absl::StrCat("type.googleapis.com/", detail.GetDescriptor()->full_name()),
                    absl::Cord(detail.SerializeAsString()));
}

absl::Status MakeError(absl::StatusCode code, v1::ErrorReason reason, absl::string_view message,
                       const Metadata& metadata) {
  absl::Status status(code, message);
  google::rpc::ErrorInfo info;
  info.set_reason(ReasonName(reason));
  info.set_domain("latchkey");
  for (const auto& [key, value] : metadata) (*info.mutable_metadata())[key] = value;
  AddDetail(status, info);
  return status;
}

absl::Status ResourceNotFoundError(absl::string_view named) {
  // What is no name may be anything, a secret too.
  const bool shown = !named.empty() && named.size() <= 256 && !absl::StrContains(named, '_');
  const absl::string_view resource = shown ? named : absl::string_view("the resource");
  return MakeError(absl::StatusCode::kNotFound, v1::ERROR_REASON_NOT_FOUND,
                   absl::StrCat(resource, " does not exist, or you may not read it"),
                   {{"resource", std::string(resource)}});
}

absl::Status DeniedError(v1::Action action, const policy::Decision& decision) {
  if (decision.rule != "caller.unauthenticated") {
    return MakeDenial(absl::StatusCode::kPermissionDenied, v1::ERROR_REASON_DENIED, action,
                      decision.rule, decision.reason);
  }
  return MakeDenial(absl::StatusCode::kUnauthenticated, v1::ERROR_REASON_UNAUTHENTICATED, action,
                    decision.rule, decision.reason);
}

absl::Status RightEndedError(v1::Action action, absl::string_view rule, absl::string_view reason) {
  return MakeDenial(absl::StatusCode::kPermissionDenied, v1::ERROR_REASON_DENIED, action, rule,
                    reason);
}

absl::Status UnauthenticatedError(absl::string_view message) {
  return MakeError(absl::StatusCode::kUnauthenticated, v1::ERROR_REASON_UNAUTHENTICATED, message,
                   {{"rule", "caller.unauthenticated"}});
}

absl::Status NeedsApprovalError(v1::Action action, const policy::Decision& decision,
                                absl::string_view request, std::uint64_t revision) {
  absl::Status status =
      MakeError(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_NEEDS_APPROVAL,
                absl::StrCat(ActionName(action), " waits for approval by rule ", decision.rule,
                             ": ", decision.reason, " The request is ", request, "."),
                {{"action", ActionName(action)},
                 {"rule", std::string(decision.rule)},
                 {"reason", std::string(decision.reason)},
                 {"request", std::string(request)},
                 {"revision", absl::StrCat(revision)}});
  google::rpc::PreconditionFailure failure;
  auto* violation = failure.add_violations();
  violation->set_type("NEEDS_APPROVAL");
  violation->set_subject(std::string(request));
  violation->set_description("Wait until the request is approved, then repeat the call.");
  AddDetail(status, failure);
  return status;
}

absl::Status InvalidFieldsError(const google::rpc::BadRequest& violations, v1::ErrorReason reason) {
  const auto& first = violations.field_violations(0);
  std::string message = absl::StrCat(first.field(), " ", first.description());
  if (violations.field_violations_size() > 1) {
    absl::StrAppend(&message, " (and ", violations.field_violations_size() - 1, " more)");
  }
  absl::Status status = MakeError(absl::StatusCode::kInvalidArgument, reason, message);
  AddDetail(status, violations);
  return status;
}

absl::Status InvalidFieldError(absl::string_view field, absl::string_view description,
                               v1::ErrorReason reason) {
  google::rpc::BadRequest violations;
  auto* violation = violations.add_field_violations();
  violation->set_field(std::string(field));
  violation->set_description(std::string(description));
  return InvalidFieldsError(violations, reason);
}

absl::Status ResourceExistsError(absl::string_view resource) {
  return MakeError(absl::StatusCode::kAlreadyExists, v1::ERROR_REASON_ALREADY_EXISTS,
                   absl::StrCat(resource, " exists already; choose another id"),
                   {{"resource", std::string(resource)}});
}

absl::Status RevisionMismatchError(absl::string_view resource, std::uint64_t expected,
                                   std::uint64_t actual) {
  return MakeError(absl::StatusCode::kAborted, v1::ERROR_REASON_REVISION_MISMATCH,
                   absl::StrCat(resource, " is at revision ", actual, ", not at expected_revision ",
                                expected, "; read it again"),
                   {{"resource", std::string(resource)},
                    {"expected", absl::StrCat(expected)},
                    {"actual", absl::StrCat(actual)}});
}

absl::Status StateConflictError(absl::string_view resource, absl::string_view state,
                                absl::string_view message) {
  return MakeError(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_STATE_CONFLICT, message,
                   {{"resource", std::string(resource)}, {"state", std::string(state)}});
}

absl::Status PlanLimitError(absl::string_view workspace, absl::string_view plan,
                            absl::string_view what, std::uint64_t limit, std::uint64_t count,
                            absl::string_view message) {
  return MakeError(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_PLAN_LIMIT, message,
                   {{"resource", std::string(workspace)},
                    {"plan", std::string(plan)},
                    {"what", std::string(what)},
                    {"limit", absl::StrCat(limit)},
                    {"count", absl::StrCat(count)}});
}

absl::Status ConfirmationError() {
  return MakeError(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_CONFIRMATION_INVALID,
                   "confirmation is not of a preview of this filter by this caller in the last 15 "
                   "minutes; preview again, and run with the confirmation that this gives");
}

absl::Status TokenNotActiveError(absl::string_view token, absl::string_view state) {
  return MakeError(
      absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_TOKEN_NOT_ACTIVE,
      absl::StrCat(token, " is ", state, ": what is not active can be neither changed nor ended; ",
                   "issue another token where one is needed"),
      {{"resource", std::string(token)}, {"state", std::string(state)}});
}

absl::Status BeyondEndError(absl::string_view field, std::uint64_t asked, std::uint64_t newest) {
  return MakeError(absl::StatusCode::kOutOfRange, v1::ERROR_REASON_POSITION_OUT_OF_RANGE,
                   absl::StrCat(field, " is ", asked, "; the log ends at ", newest),
                   {{"newest", absl::StrCat(newest)}});
}

absl::Status OutOfRangeError(std::uint64_t asked, std::uint64_t oldest, std::uint64_t newest,
                             absl::string_view field, absl::string_view checkpoint) {
  Metadata metadata = {{"oldest", absl::StrCat(oldest)}, {"newest", absl::StrCat(newest)}};
  if (!checkpoint.empty()) metadata.emplace_back("checkpoint", checkpoint);
  return MakeError(absl::StatusCode::kOutOfRange, v1::ERROR_REASON_POSITION_OUT_OF_RANGE,
                   absl::StrCat(field, " is ", asked, "; this log takes ",
                                oldest == 0 ? 0 : oldest - 1, " to ", newest),
                   metadata);
}

absl::Status RemovedEventError(std::uint64_t sequence, std::uint64_t oldest) {
  return MakeError(
      absl::StatusCode::kNotFound, v1::ERROR_REASON_NOT_FOUND,
      absl::StrCat("event ", sequence, " was removed after its retention; the oldest is ", oldest),
      {{"resource", absl::StrCat("event ", sequence)}, {"oldest", absl::StrCat(oldest)}});
}

absl::Status ConsumerTakenOverError(absl::string_view consumer) {
  return MakeError(absl::StatusCode::kAborted, v1::ERROR_REASON_CONSUMER_TAKEN_OVER,
                   absl::StrCat("a later stream took over ", consumer),
                   {{"resource", std::string(consumer)}});
}

absl::Status StartTimeTooOldError(std::uint64_t oldest, std::uint64_t newest) {
  return MakeError(absl::StatusCode::kOutOfRange, v1::ERROR_REASON_POSITION_OUT_OF_RANGE,
                   absl::StrCat("start_time is not after the time of event ", oldest,
                                ", the oldest that is retained; it takes a later time"),
                   {{"oldest", absl::StrCat(oldest)}, {"newest", absl::StrCat(newest)}});
}

absl::Status UnavailableError(v1::ErrorReason reason, absl::string_view message,
                              absl::Duration retry_delay) {
  absl::Status status = MakeError(absl::StatusCode::kUnavailable, reason, message);
  google::rpc::RetryInfo retry;
  *retry.mutable_retry_delay() = ToProto(retry_delay);
  AddDetail(status, retry);
  return status;
}

absl::Status OverloadedError(absl::string_view message) {
  absl::Status status =
      MakeError(absl::StatusCode::kResourceExhausted, v1::ERROR_REASON_OVERLOADED, message);
  google::rpc::RetryInfo retry;
  *retry.mutable_retry_delay() = ToProto(absl::Milliseconds(100));
  AddDetail(status, retry);
  return status;
}

}  // namespace latchkey
