#ifndef LATCHKEY_SERVER_RPC_REQUEST_BYTES_H_
#define LATCHKEY_SERVER_RPC_REQUEST_BYTES_H_

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/proto_buffer_reader.h"

namespace latchkey::rpc {

// Requests come as bytes and are parsed here: gRPC itself answers what does not parse with INTERNAL
// and no details, and protobuf takes a string that is not UTF-8 for such a message.

// Says why `bytes` is no message of the type of `request`: INVALID_ARGUMENT, which names the string
// that is not UTF-8, where that is why.
absl::Status MalformedRequestError(const google::protobuf::Message& request,
                                   const grpc::ByteBuffer& bytes);

// Parses `bytes`, which it empties, into `request`. INVALID_ARGUMENT: it does not parse.
template <typename Request>
absl::Status ParseRequest(grpc::ByteBuffer& bytes, Request& request) {
  bool parsed = false;
  {
    grpc::ProtoBufferReader reader(&bytes);
    parsed = reader.status().ok() && request.ParseFromZeroCopyStream(&reader);
  }
  absl::Status status = parsed ? absl::OkStatus() : MalformedRequestError(request, bytes);
  bytes.Clear();
  return status;
}

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_REQUEST_BYTES_H_
