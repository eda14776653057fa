#ifndef LATCHKEY_SERVER_RPC_LISTEN_ADDRESS_H_
#define LATCHKEY_SERVER_RPC_LISTEN_ADDRESS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace latchkey::rpc {

// Returns OK where `address` is one to listen on: "host:port", "[ipv6]:port", with a port of 0 (any
// that is free) to 65535, "unix:path", "unix:///path" or "unix-abstract:name".
// INVALID_ARGUMENT: it is not, and why.
absl::Status CheckListenAddress(absl::string_view address);

// Returns whether only this machine can reach what listens at `address`, judged by the text alone:
// a unix socket, or a host and port whose host is 127.0.0.0/8, ::1 or "localhost". Whatever it does
// not know is taken for reachable.
bool IsLocalAddress(absl::string_view address);

// Returns OK where nobody listens on the unix socket of `address`, or it is none. A socket that a
// dead process left behind is free.
// UNAVAILABLE: somebody does.
absl::Status CheckSocketIsFree(absl::string_view address);

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_LISTEN_ADDRESS_H_
