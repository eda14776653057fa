#ifndef LATCHKEY_SERVER_RPC_VERIFIER_SERVICE_H_
#define LATCHKEY_SERVER_RPC_VERIFIER_SERVICE_H_

#include <memory>
#include <vector>

#include "server/rpc/call_frame.h"
#include "server/rpc/call_poller.h"
#include "server/rpc/service_calls.h"
#include "server/rpc/unary_method.h"

namespace latchkey::rpc {

// Returns Verify and BatchVerify, ready to start: one thread takes a call from the wire to its
// answer, in memory that is used again. What is given outlives them.
std::vector<std::unique_ptr<Method>> MakeVerifierMethods(const CallFrame& frame, CallPoller& poller,
                                                         VerifierServiceCalls& service);

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_VERIFIER_SERVICE_H_
