#ifndef LATCHKEY_SERVER_RPC_UNARY_SERVICES_H_
#define LATCHKEY_SERVER_RPC_UNARY_SERVICES_H_

#include <memory>
#include <utility>
#include <vector>

#include "grpcpp/server_builder.h"
#include "server/authority/methods.h"
#include "server/authority/presented_secrets.h"
#include "server/rpc/call_frame.h"
#include "server/rpc/call_poller.h"
#include "server/rpc/credentials.h"
#include "server/rpc/service_calls.h"
#include "server/rpc/unary_method.h"

namespace latchkey::rpc {

// The services of the authority.
struct AuthorityServices {
  DirectoryServiceCalls directory;
  AppServiceCalls apps;
  TokenServiceCalls tokens;
  PolicyServiceCalls policy;
  AdminServiceCalls admin;
  AuditServiceCalls audit;

  void Register(grpc::ServerBuilder& builder) {
    builder.RegisterService(&directory)
        .RegisterService(&apps)
        .RegisterService(&tokens)
        .RegisterService(&policy)
        .RegisterService(&admin)
        .RegisterService(&audit);
  }
};

// Carries out a mutation: authenticated here, the rest on the sequencer's thread. It goes on after
// a cancellation, since it may be durable already.
template <typename Request>
void CarryOut(Authority& authority, UnaryCall<Request, ResponseOf<Request>>& call) {
  absl::StatusOr<Caller> caller = AuthenticateCall(authority, call.context());
  if (absl::IsUnauthenticated(caller.status()) && PresentsSecret(call.request())) {
    // Whoever presents a secret to end it may well do so with that secret as a stale credential.
    caller = Caller();
    caller->peer = call.context().peer();
  }
  if (!caller.ok()) return call.Finish(caller.status());
  authority.Mutate(*std::move(caller), call.TakeRequest(),
                   [&call](absl::StatusOr<ResponseOf<Request>> result) {
                     const absl::Status status = result.status();
                     if (status.ok()) call.response() = *std::move(result);
                     call.Finish(status);
                   });
}

// CarryOut() on the queue's thread, or on a worker where a presented secret is looked up first.
template <typename Request>
void ServeMutation(const CallFrame& frame, UnaryCall<Request, ResponseOf<Request>>& call) {
  if (!PresentsSecret(call.request())) return CarryOut<Request>(frame.authority, call);
  frame.workers.Schedule(
      [&authority = frame.authority, &call] { CarryOut<Request>(authority, call); });
}

// Answers a call that changes nothing by `read`(authority, caller, request), on a worker.
template <typename Request, typename Read>
void ServeOnWorker(const CallFrame& frame, UnaryCall<Request, ResponseOf<Request>>& call,
                   Read read) {
  frame.workers.Schedule([&authority = frame.authority, &call, read] {
    absl::StatusOr<Caller> caller = AuthenticateCall(authority, call.context());
    if (!caller.ok()) return call.Finish(caller.status());
    absl::StatusOr<ResponseOf<Request>> result = read(authority, *caller, call.request());
    const absl::Status status = result.status();
    if (status.ok()) call.response() = *std::move(result);
    call.Finish(status);
  });
}

template <typename Request>
void ServeRead(const CallFrame& frame, UnaryCall<Request, ResponseOf<Request>>& call) {
  ServeOnWorker(frame, call,
                [](Authority& authority, const Caller& caller, const Request& request) {
                  return authority.Read(caller, request);
                });
}

// Carries out a bulk revocation, or previews one.
inline void ServeBulkRevoke(
    const CallFrame& frame,
    UnaryCall<v1::BulkRevokeTokensRequest, v1::BulkRevokeTokensResponse>& call) {
  if (!call.request().preview()) {
    return ServeMutation<v1::BulkRevokeTokensRequest>(frame, call);
  }
  ServeOnWorker(
      frame, call,
      [](Authority& authority, const Caller& caller, const v1::BulkRevokeTokensRequest& request) {
        return authority.PreviewBulkRevoke(caller, request);
      });
}

// Returns every method of LATCHKEY_MUTATIONS and LATCHKEY_READS, ready to start. Whatever is given
// outlives them.
std::vector<std::unique_ptr<Method>> MakeAuthorityMethods(const CallFrame& frame,
                                                          CallPoller& poller,
                                                          AuthorityServices& services);

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_UNARY_SERVICES_H_
