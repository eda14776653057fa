#ifndef LATCHKEY_SERVER_RPC_VERIFIER_SERVICE_H_
#define LATCHKEY_SERVER_RPC_VERIFIER_SERVICE_H_

#include <memory>
#include <vector>

#include "latchkey/v1/verifier_service.grpc.pb.h"
#include "server/rpc/call_frame.h"
#include "server/rpc/call_poller.h"
#include "server/rpc/unary_method.h"

namespace latchkey::rpc {

// VerifierService as the generated code has it; what this server does not offer is left to
// UnknownMethods.
using VerifierServiceCalls = v1::VerifierService::WithGenericMethod_StreamVerify<
    v1::VerifierService::WithGenericMethod_SyncVerifier<v1::VerifierService::WithAsyncMethod_Verify<
        v1::VerifierService::WithAsyncMethod_BatchVerify<v1::VerifierService::Service>>>>;

// Returns Verify and BatchVerify, ready to start: one thread takes a call from the wire to its
// answer, in memory that is used again. What is given outlives them.
std::vector<std::unique_ptr<Method>> MakeVerifierMethods(const CallFrame& frame, CallPoller& poller,
                                                         VerifierServiceCalls& service);

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_VERIFIER_SERVICE_H_
