#ifndef LATCHKEY_SERVER_RPC_MESSAGE_BYTES_H_
#define LATCHKEY_SERVER_RPC_MESSAGE_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "grpc/slice.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/proto_buffer_reader.h"
#include "grpcpp/support/slice.h"
#include "server/rpc/status_conversion.h"

namespace latchkey::rpc {

// What a request takes at most. gRPC's own limit is above it, since it refuses without a reason.
inline constexpr std::size_t kMaxRequestBytes = std::size_t{1} << 20;

// Messages pass gRPC as bytes. Requests are parsed here: gRPC itself answers what does not parse
// with INTERNAL and no details, and protobuf takes a string that is not UTF-8 for such a message.

// Says why `bytes` is no message of the type of `request`: INVALID_ARGUMENT, which names the string
// that is not UTF-8, where that is why.
absl::Status MalformedRequestError(const google::protobuf::Message& request,
                                   const grpc::ByteBuffer& bytes);

// Parses `bytes`, which it empties, into `request`.
// INVALID_ARGUMENT: it does not parse. RESOURCE_EXHAUSTED (TOO_LARGE): beyond kMaxRequestBytes.
template <typename Request>
absl::Status ParseRequest(grpc::ByteBuffer& bytes, Request& request) {
  if (bytes.Length() > kMaxRequestBytes) {
    bytes.Clear();
    return TooLargeError("the request", kMaxRequestBytes);
  }
  bool parsed = false;
  if (grpc::Slice slice; bytes.TrySingleSlice(&slice).ok()) {
    parsed = request.ParseFromArray(slice.begin(), static_cast<int>(slice.size()));
  } else {
    grpc::ProtoBufferReader reader(&bytes);
    parsed = reader.status().ok() && request.ParseFromZeroCopyStream(&reader);
  }
  absl::Status status = parsed ? absl::OkStatus() : MalformedRequestError(request, bytes);
  bytes.Clear();
  return status;
}

// A response that is made in its wire form.
struct EncodedResponse {
  std::string bytes;

  void Clear() { bytes.clear(); }
};

// Copies, so that the response can be used again.
inline grpc::ByteBuffer ResponseBytes(const EncodedResponse& response) {
  const grpc::Slice slice(response.bytes);
  return grpc::ByteBuffer(&slice, 1);
}

// Returns `response` as bytes, written once and in place.
inline grpc::ByteBuffer ResponseBytes(const google::protobuf::MessageLite& response) {
  grpc_slice bytes = grpc_slice_malloc(response.ByteSizeLong());
  response.SerializeWithCachedSizesToArray(GRPC_SLICE_START_PTR(bytes));
  const grpc::Slice slice(bytes, grpc::Slice::STEAL_REF);
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_MESSAGE_BYTES_H_
