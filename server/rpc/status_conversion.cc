#include "server/rpc/status_conversion.h"

#include <array>
#include <cstddef>
#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/authority/errors.h"

namespace latchkey::rpc {
namespace {

constexpr char kErrorInfoUrl[] = "type.googleapis.com/google.rpc.ErrorInfo";

bool HasOurErrorInfo(const absl::Status& status) {
  const auto payload = status.GetPayload(kErrorInfoUrl);
  if (!payload.has_value()) return false;
  google::rpc::ErrorInfo info;
  return info.ParseFromString(std::string(*payload)) && info.domain() == "latchkey";
}

// What an error without a reason of its own is: its text is not told, so the code has to do.
struct General {
  v1::ErrorReason reason;
  absl::string_view sentence;
};

General GeneralOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnauthenticated:
      return {v1::ERROR_REASON_UNAUTHENTICATED, "The credentials do not hold."};
    case absl::StatusCode::kPermissionDenied:
      return {v1::ERROR_REASON_DENIED, "The call is denied."};
    case absl::StatusCode::kNotFound:
      return {v1::ERROR_REASON_NOT_FOUND, "The resource does not exist, or you may not read it."};
    case absl::StatusCode::kAlreadyExists:
      return {v1::ERROR_REASON_ALREADY_EXISTS, "The resource exists already."};
    case absl::StatusCode::kInvalidArgument:
      return {v1::ERROR_REASON_INVALID_FIELD, "The request is not valid."};
    case absl::StatusCode::kAborted:
      return {v1::ERROR_REASON_REVISION_MISMATCH, "The call met another change; read again."};
    case absl::StatusCode::kFailedPrecondition:
      return {v1::ERROR_REASON_STATE_CONFLICT, "The state does not permit the call."};
    case absl::StatusCode::kOutOfRange:
      return {v1::ERROR_REASON_POSITION_OUT_OF_RANGE, "The position is out of range."};
    case absl::StatusCode::kUnavailable:
      return {v1::ERROR_REASON_STORE_UNAVAILABLE, "The store cannot serve the call now."};
    case absl::StatusCode::kResourceExhausted:
      return {v1::ERROR_REASON_OVERLOADED, "The server is overloaded."};
    case absl::StatusCode::kUnimplemented:
      return {v1::ERROR_REASON_METHOD_NOT_OFFERED, "The server does not offer this."};
    case absl::StatusCode::kDataLoss:
      return {v1::ERROR_REASON_DATA_LOSS, "A stored record does not read back as written."};
    default:
      return {v1::ERROR_REASON_INTERNAL, "The server failed."};
  }
}

bool IsTold(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDataLoss:
      return false;
    default:
      return HasOurErrorInfo(status);
  }
}

std::string DetailsOf(const absl::Status& status) {
  google::rpc::Status wire;
  wire.set_code(static_cast<int>(status.code()));
  wire.set_message(std::string(status.message()));
  status.ForEachPayload([&wire](absl::string_view type_url, const absl::Cord& payload) {
    auto* detail = wire.add_details();
    detail->set_type_url(std::string(type_url));
    detail->set_value(std::string(payload));
  });
  return wire.SerializeAsString();
}

}  // namespace

grpc::Status StatusConverter::ToGrpc(const absl::Status& status, absl::string_view method) const {
  if (status.ok()) return grpc::Status::OK;
  if (absl::IsCancelled(status)) return grpc::Status::CANCELLED;
  const absl::Status told = IsTold(status) ? status : Veiled(status, method);
  return grpc::Status(static_cast<grpc::StatusCode>(told.code()), std::string(told.message()),
                      DetailsOf(told));
}

absl::Status StatusConverter::Veiled(const absl::Status& status, absl::string_view method) const {
  std::array<char, 8> bytes{};
  entropy_.Fill(bytes.data(), bytes.size());
  const std::string log_id = absl::BytesToHexString(absl::string_view(bytes.data(), bytes.size()));
  logger_.Log(LogLevel::kError, "a call failed",
              {{"log_id", log_id},
               {"method", method},
               {"code", absl::StatusCodeToString(status.code())},
               {"error", status.message()}});
  const General general = GeneralOf(status.code());
  const std::string text =
      absl::StrCat(general.sentence, " The server's log has more under ", log_id, ".");
  absl::Status veiled = MakeError(status.code(), general.reason, text, {{"log_id", log_id}});
  if (status.code() == absl::StatusCode::kUnavailable) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(1);
    AddDetail(veiled, retry);
  }
  return veiled;
}

absl::Status MethodNotOfferedError(absl::string_view method) {
  return MakeError(absl::StatusCode::kUnimplemented, v1::ERROR_REASON_METHOD_NOT_OFFERED,
                   absl::StrCat("this server does not offer ", method),
                   {{"method", std::string(method)}});
}

absl::Status ShuttingDownError() {
  return UnavailableError(v1::ERROR_REASON_SHUTTING_DOWN,
                          "the server is stopping; repeat the call, or resume the stream",
                          absl::Seconds(1));
}

absl::Status TooLargeError(absl::string_view what, std::size_t limit) {
  return MakeError(absl::StatusCode::kResourceExhausted, v1::ERROR_REASON_TOO_LARGE,
                   absl::StrCat(what, " is larger than ", limit, " bytes"),
                   {{"limit", absl::StrCat(limit)}});
}

}  // namespace latchkey::rpc
