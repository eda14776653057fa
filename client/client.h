#ifndef LATCHKEY_CLIENT_CLIENT_H_
#define LATCHKEY_CLIENT_CLIENT_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/options.h"
#include "client/unary_calls.h"

namespace grpc {
class Channel;
class ClientContext;
}  // namespace grpc

namespace latchkey {

// Calls a Latchkey server.
//
//   ClientOptions options;
//   options.target = "127.0.0.1:7707";
//   options.secret = SecretString(secret);
//   auto client = Client::Create(std::move(options));
//   v1::GetAppRequest request;
//   request.set_name("apps/ci-bot");
//   absl::StatusOr<v1::GetAppResponse> response = (*client)->Call(request);
//
// Subscribe is in client/audit_subscriber.h. The streams StreamVerify and SyncVerifier are not
// offered yet.
//
// Thread-safe. Calls block until they are answered or their time is over.
class Client {
 public:
  // Does not touch the network: the first call connects.
  //
  // INVALID_ARGUMENT: no target, half of a client certificate, or a secret, on_behalf_of or
  // user_agent that no header can carry. The message does not repeat a secret.
  // FAILED_PRECONDITION, NOT_FOUND: see MakeChannel().
  static absl::StatusOr<std::unique_ptr<Client>> Create(ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Calls the RPC that takes `Request` (see LATCHKEY_UNARY_CALLS), and returns its response.
  //
  // A mutation without a request_id gets a random one, so that it may be tried again where no
  // answer came; only a RevokeToken that presents secrets needs none. UNAVAILABLE is tried again
  // a few times within the deadline; see RetryServiceConfig().
  //
  // Errors are the server's, with their details as payloads (client/error_details.h), and:
  // DEADLINE_EXCEEDED: the time is over. A mutation may have been made: repeat it with the same
  // request_id to be sure.
  // UNAVAILABLE, without details: no server could be reached, or the connection broke.
  // RESOURCE_EXHAUSTED, without details: the response is larger than 64 MiB.
  template <typename Request>
  absl::StatusOr<ResponseOf<Request>> Call(Request request, const CallOptions& options = {}) const;

  // Tries to connect where there is no connection, and returns whether there is one. Waits for the
  // try to end, at most timeout(); where one failed lately, and gRPC waits before the next, not.
  bool Connect() const;

  // For what is built on the client, such as AuditSubscriber.
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  Entropy& entropy() const { return *options_.entropy; }
  // How long a call may take that says nothing else.
  absl::Duration timeout() const { return options_.timeout; }
  // Adds the caller's credentials and the deadline to a call.
  void SetUp(grpc::ClientContext& context, absl::Duration timeout) const;

 private:
  struct Stubs;

  Client(ClientOptions options, std::shared_ptr<grpc::Channel> channel);

  // All constant after construction; channel and stubs synchronize themselves.
  const ClientOptions options_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<Stubs> stubs_;
};

}  // namespace latchkey

#endif  // LATCHKEY_CLIENT_CLIENT_H_
