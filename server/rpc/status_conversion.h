#ifndef LATCHKEY_SERVER_RPC_STATUS_CONVERSION_H_
#define LATCHKEY_SERVER_RPC_STATUS_CONVERSION_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "grpcpp/support/status.h"
#include "server/base/entropy.h"
#include "server/base/logger.h"

namespace latchkey::rpc {

// Turns the statuses of the layers below into those of the wire: the one place where that is done.
//
// The code stays. Payloads become the details of a google.rpc.Status, with exactly one ErrorInfo.
// The text of INTERNAL, UNKNOWN and DATA_LOSS, and of any error that carries no ErrorInfo of ours,
// was not written for the caller: it goes to the log, under a random id, and the caller gets a
// general sentence with that id. CANCELLED goes bare: whoever cancelled does not read the answer.
//
// Thread-safe. `logger` and `entropy` must outlive it.
class StatusConverter {
 public:
  StatusConverter(Logger& logger, Entropy& entropy) : logger_(logger), entropy_(entropy) {}

  // `method` is what the log names as the place of an error that is not told.
  grpc::Status ToGrpc(const absl::Status& status, absl::string_view method) const;

 private:
  absl::Status Veiled(const absl::Status& status, absl::string_view method) const;

  Logger& logger_;
  Entropy& entropy_;
};

// UNIMPLEMENTED (METHOD_NOT_OFFERED): this server has no such method, or does not offer it.
absl::Status MethodNotOfferedError(absl::string_view method);

// UNAVAILABLE (SHUTTING_DOWN): the server stops.
absl::Status ShuttingDownError();

// RESOURCE_EXHAUSTED (TOO_LARGE): `what` is larger than `limit` bytes.
absl::Status TooLargeError(absl::string_view what, std::size_t limit);

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_STATUS_CONVERSION_H_
