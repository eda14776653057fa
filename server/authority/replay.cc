#include "server/authority/replay.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "server/base/status_macros.h"
#include "server/secret/sealer.h"

namespace latchkey {
namespace {

std::string Deterministic(const google::protobuf::MessageLite& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  {
    google::protobuf::io::CodedOutputStream out(&stream);
    out.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&out);
  }
  return bytes;
}

}  // namespace

std::string FingerprintOf(const google::protobuf::MessageLite& request,
                          absl::string_view request_id) {
  const secret::Digest digest = secret::Sha256(absl::StrCat(request_id, Deterministic(request)));
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

Replay::Replay(Mutation& mutation, absl::string_view method, absl::string_view principal,
               std::string request_id, std::string fingerprint)
    : mutation_(mutation),
      method_(method),
      bearer_(principal == kBearerPrincipal),
      request_id_(std::move(request_id)),
      fingerprint_(std::move(fingerprint)),
      hash_(secret::RequestIdHash(request_id_, principal)) {}

std::string Replay::hash_text() const { return absl::BytesToHexString(hash_); }

absl::StatusOr<bool> Replay::Find(google::protobuf::MessageLite& response) {
  LATCHKEY_ASSIGN_OR_RETURN(const auto record, mutation_.txn().Get(storage::ReplayKey(hash_)));
  if (!record.has_value()) return false;
  if (const absl::Time end = FromProto(record->expire_time()); end <= mutation_.now()) {
    // Forgotten already, but for the sweep that has yet to come by.
    mutation_.txn().Delete(storage::ReplayExpiryKey(end, hash_));
    return false;
  }
  if (record->method() != method_ || record->fingerprint() != fingerprint_) {
    return InvalidFieldError("request_id",
                             absl::StrCat("was used for another request (", record->method(),
                                          "); make a new random UUID for each"),
                             v1::ERROR_REASON_REQUEST_ID_REUSED);
  }
  if (!bearer_) {
    // Whoever may not call at all any more gets no secret again either.
    const auto sheet = mutation_.Gather(policy::Action::kPolicyRead);
    // The call itself refuses then, and its event says what was asked for.
    if (absl::IsPermissionDenied(sheet.status())) return false;
    LATCHKEY_RETURN_IF_ERROR(sheet.status());
    if (sheet->facts().deactivated) return false;
  }
  const absl::StatusOr<std::string> plain =
      mutation_.tools().keyring.sealer().Open(request_id_, method_, record->sealed_response());
  // The record's checksum held, so what does not open was sealed under another key.
  if (absl::IsDataLoss(plain.status())) {
    return StateConflictError(
        "request_id", "answered",
        "the call with this request_id was carried out, and its answer cannot be given again: the "
        "server's sealing key was replaced since. Look at what it changed; for a secret, "
        "regenerate the token, with a new request_id");
  }
  LATCHKEY_RETURN_IF_ERROR(plain.status());
  if (!response.ParseFromString(*plain)) {
    return absl::DataLossError("a kept answer to a request id does not parse");
  }
  return true;
}

absl::Status Replay::Keep(const google::protobuf::MessageLite& response, absl::Duration window) {
  storage::Transaction& txn = mutation_.txn();
  const absl::Time expire_time = mutation_.now() + window;
  storage::v1::ReplayRecord record;
  record.set_method(method_);
  record.set_fingerprint(fingerprint_);
  *record.mutable_expire_time() = ToProto(expire_time);
  LATCHKEY_ASSIGN_OR_RETURN(
      *record.mutable_sealed_response(),
      mutation_.tools().keyring.sealer().Seal(request_id_, method_, response.SerializeAsString(),
                                              mutation_.tools().entropy));
  txn.Put(storage::ReplayKey(hash_), record);
  txn.Put(storage::ReplayExpiryKey(expire_time, hash_));
  return absl::OkStatus();
}

}  // namespace latchkey
