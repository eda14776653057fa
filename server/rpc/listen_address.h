#ifndef LATCHKEY_SERVER_RPC_LISTEN_ADDRESS_H_
#define LATCHKEY_SERVER_RPC_LISTEN_ADDRESS_H_

#include "absl/strings/string_view.h"

namespace latchkey::rpc {

// Returns whether only this machine can reach what listens at `address`, judged by the text alone:
// a unix socket, or a host and port whose host is 127.0.0.0/8, ::1 or "localhost". Whatever it does
// not know is taken for reachable.
bool IsLocalAddress(absl::string_view address);

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_LISTEN_ADDRESS_H_
