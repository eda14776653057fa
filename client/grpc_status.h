#ifndef LATCHKEY_CLIENT_GRPC_STATUS_H_
#define LATCHKEY_CLIENT_GRPC_STATUS_H_

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace latchkey {

// Turns a status of the wire into ours: the code and the message stay, and each google.rpc detail
// becomes a payload under its type URL (error_details.h reads them). Details that do not parse are
// dropped.
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace latchkey

#endif  // LATCHKEY_CLIENT_GRPC_STATUS_H_
