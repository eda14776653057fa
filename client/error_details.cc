#include "client/error_details.h"

namespace latchkey {
namespace {

std::optional<google::rpc::ErrorInfo> OurErrorInfo(const absl::Status& status) {
  auto info = GetErrorDetail<google::rpc::ErrorInfo>(status);
  if (info.has_value() && info->domain() != "latchkey") return std::nullopt;
  return info;
}

}  // namespace

v1::ErrorReason GetErrorReason(const absl::Status& status) {
  const auto info = OurErrorInfo(status);
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
  if (info.has_value() &&
      v1::ErrorReason_Parse(absl::StrCat("ERROR_REASON_", info->reason()), &reason)) {
    return reason;
  }
  return v1::ERROR_REASON_UNSPECIFIED;
}

std::string GetErrorMetadata(const absl::Status& status, absl::string_view key) {
  const auto info = OurErrorInfo(status);
  if (!info.has_value()) return "";
  const auto found = info->metadata().find(std::string(key));
  return found == info->metadata().end() ? "" : found->second;
}

}  // namespace latchkey
