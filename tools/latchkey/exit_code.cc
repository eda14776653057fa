#include "tools/latchkey/exit_code.h"

#include "client/error_details.h"

namespace latchkey::cli {
namespace {

ExitCode OfPrecondition(const absl::Status& status) {
  switch (GetErrorReason(status)) {
    case v1::ERROR_REASON_NEEDS_APPROVAL:
      return ExitCode::kNeedsApproval;
    case v1::ERROR_REASON_TOKEN_NOT_ACTIVE:
      return ExitCode::kTokenInactive;
    default:
      return ExitCode::kConflict;
  }
}

}  // namespace

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return ExitCode::kOk;
    case absl::StatusCode::kInvalidArgument:
      return ExitCode::kUsage;
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return ExitCode::kDenied;
    case absl::StatusCode::kNotFound:
      return ExitCode::kNotFound;
    case absl::StatusCode::kFailedPrecondition:
      return OfPrecondition(status);
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return ExitCode::kUnavailable;
    case absl::StatusCode::kResourceExhausted:
      return GetErrorReason(status) == v1::ERROR_REASON_OVERLOADED ? ExitCode::kUnavailable
                                                                   : ExitCode::kFailed;
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kAlreadyExists:
      return ExitCode::kConflict;
    case absl::StatusCode::kDataLoss:
      return ExitCode::kDamaged;
    default:
      return ExitCode::kFailed;
  }
}

}  // namespace latchkey::cli
