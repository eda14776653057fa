#ifndef LATCHKEY_TOOLS_BENCH_CHANNELS_H_
#define LATCHKEY_TOOLS_BENCH_CHANNELS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"

namespace latchkey::benchmark {

// The credentials that go with a call. Empty fields are left out.
struct Metadata {
  std::string secret;
  std::string on_behalf_of;
};

using Channels = std::vector<std::shared_ptr<grpc::Channel>>;

// How long a call may take.
inline constexpr absl::Duration kCallTimeout = absl::Seconds(30);

// Makes channels with a connection each. `ca_file` in PEM signs the server's certificate; empty: no
// TLS.
// NOT_FOUND: there is no such file. INVALID_ARGUMENT: without TLS only a unix socket, 127.0.0.1,
//   [::1] and localhost are taken, since secrets go over it.
absl::StatusOr<Channels> OpenChannels(const std::string& address, const std::string& ca_file,
                                      int count);

// Gives a call its credentials and its deadline.
void SetUpCall(const Metadata& metadata, grpc::ClientContext& context);

absl::Status ToAbsl(const grpc::Status& status);

// Makes one call of a stub's blocking method.
template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> CallOnce(Stub& stub,
                                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                               Response*),
                                  const Metadata& metadata, const Request& request) {
  grpc::ClientContext context;
  SetUpCall(metadata, context);
  context.set_wait_for_ready(true);
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  if (!status.ok()) return ToAbsl(status);
  return response;
}

}  // namespace latchkey::benchmark

#endif  // LATCHKEY_TOOLS_BENCH_CHANNELS_H_
