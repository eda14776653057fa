#ifndef LATCHKEY_CLIENT_ERROR_DETAILS_H_
#define LATCHKEY_CLIENT_ERROR_DETAILS_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/rpc/error_details.pb.h"
#include "latchkey/v1/error_reason.pb.h"

namespace latchkey {

// The google.rpc details of an error, which the client's statuses carry as payloads, by type URL.
// Errors that never reached the server, such as UNAVAILABLE where nobody listens, have none.

// Returns the detail of type `Detail`, such as google::rpc::BadRequest, if `status` has one.
template <typename Detail>
std::optional<Detail> GetErrorDetail(const absl::Status& status) {
  const auto payload =
      status.GetPayload(absl::StrCat("type.googleapis.com/", Detail::descriptor()->full_name()));
  Detail detail;
  if (!payload.has_value() || !detail.ParseFromString(std::string(*payload))) return std::nullopt;
  return detail;
}

// Returns why the call failed; ERROR_REASON_UNSPECIFIED where the server did not say, or gave a
// reason that this client does not know.
v1::ErrorReason GetErrorReason(const absl::Status& status);

// Returns a value of the ErrorInfo's metadata, such as "rule"; empty where there is none.
std::string GetErrorMetadata(const absl::Status& status, absl::string_view key);

}  // namespace latchkey

#endif  // LATCHKEY_CLIENT_ERROR_DETAILS_H_
