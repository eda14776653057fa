#ifndef LATCHKEY_SERVER_RPC_UNKNOWN_METHODS_H_
#define LATCHKEY_SERVER_RPC_UNKNOWN_METHODS_H_

#include "grpcpp/generic/async_generic_service.h"
#include "grpcpp/server_builder.h"
#include "server/rpc/call_frame.h"
#include "server/rpc/call_poller.h"
#include "server/rpc/unary_method.h"

namespace latchkey::rpc {

// Answers every method that no service has, or that this server does not offer: UNIMPLEMENTED
// (METHOD_NOT_OFFERED), so that this error too says why. Thread-safe.
class UnknownMethods final : public Method {
 public:
  // What is given outlives it.
  UnknownMethods(const CallFrame& frame, CallPoller& poller) : frame_(frame), poller_(poller) {}

  // Once, before the server is built.
  void Register(grpc::ServerBuilder& builder) { builder.RegisterAsyncGenericService(&service_); }

  void Start() override { AskForCall(); }

 private:
  class Call;

  void AskForCall();

  const CallFrame frame_;
  CallPoller& poller_;
  grpc::AsyncGenericService service_;
};

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_UNKNOWN_METHODS_H_
