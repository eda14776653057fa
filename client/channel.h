#ifndef LATCHKEY_CLIENT_CHANNEL_H_
#define LATCHKEY_CLIENT_CHANNEL_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/options.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace latchkey {

// Makes the channel that `options` describes. Connects on the first call, and again by itself.
// Reads the TLS files; does not touch the network. HTTP proxies of the environment are not used.
//
// INVALID_ARGUMENT: no target, half of a client certificate, a TLS file that holds no certificate,
//   or no key that can be read without a passphrase, a key that is not the client certificate's, or
//   a user agent that is not printable ASCII.
// FAILED_PRECONDITION: in the clear to another machine, without send_secrets_in_clear.
// NOT_FOUND: a TLS file cannot be read.
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ClientOptions& options);

// Returns whether what is sent to `target` stays on this machine, judged by the text alone: a unix
// socket, or a host that is 127.0.0.0/8, ::1 or "localhost".
bool IsLocalTarget(absl::string_view target);

// Returns whether `text` may be the value of a header: printable ASCII.
bool IsHeaderText(absl::string_view text);

// Returns the gRPC service config: UNAVAILABLE is tried again, a few times with growing pauses, for
// reads and for mutations that carry a request id, and for nothing else.
std::string RetryServiceConfig();

}  // namespace latchkey

#endif  // LATCHKEY_CLIENT_CHANNEL_H_
