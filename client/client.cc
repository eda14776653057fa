#include "client/client.h"

#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/channel.h"
#include "client/grpc_status.h"
#include "client/request_id.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "latchkey/v1/admin_service.grpc.pb.h"
#include "latchkey/v1/app_service.grpc.pb.h"
#include "latchkey/v1/audit_service.grpc.pb.h"
#include "latchkey/v1/directory_service.grpc.pb.h"
#include "latchkey/v1/policy_service.grpc.pb.h"
#include "latchkey/v1/token_service.grpc.pb.h"
#include "latchkey/v1/verifier_service.grpc.pb.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

Entropy& KernelEntropy() {
  static SystemEntropy entropy;
  return entropy;
}

template <typename Request>
bool PresentsSecret(const Request& request) {
  if constexpr (std::is_same_v<Request, v1::RevokeTokenRequest>) {
    return request.has_secret() || request.has_secrets();
  }
  return false;
}

template <typename Request>
void AddRequestId(Request& request, Entropy& entropy) {
  if constexpr (requires { request.mutable_request_id(); }) {
    if (!request.request_id().empty() || PresentsSecret(request)) return;
    request.set_request_id(NewRequestId(entropy));
  }
}

}  // namespace

struct Client::Stubs {
  explicit Stubs(const std::shared_ptr<grpc::Channel>& channel)
      : all(v1::DirectoryService::NewStub(channel), v1::AppService::NewStub(channel),
            v1::TokenService::NewStub(channel), v1::VerifierService::NewStub(channel),
            v1::AuditService::NewStub(channel), v1::PolicyService::NewStub(channel),
            v1::AdminService::NewStub(channel), grpc::health::v1::Health::NewStub(channel)) {}

  template <typename Service>
  typename Service::Stub& Get() const {
    return *std::get<std::unique_ptr<typename Service::Stub>>(all);
  }

  // One Invoke() for each RPC, chosen by the request.
#define LATCHKEY_INVOKE_(Service, Method)                                               \
  grpc::Status Invoke(grpc::ClientContext& context, const v1::Method##Request& request, \
                      v1::Method##Response& response) const {                           \
    return Get<v1::Service>().Method(&context, request, &response);                     \
  }
  LATCHKEY_UNARY_CALLS(LATCHKEY_INVOKE_)
#undef LATCHKEY_INVOKE_

  grpc::Status Invoke(grpc::ClientContext& context,
                      const grpc::health::v1::HealthCheckRequest& request,
                      grpc::health::v1::HealthCheckResponse& response) const {
    return Get<grpc::health::v1::Health>().Check(&context, request, &response);
  }

  std::tuple<std::unique_ptr<v1::DirectoryService::Stub>, std::unique_ptr<v1::AppService::Stub>,
             std::unique_ptr<v1::TokenService::Stub>, std::unique_ptr<v1::VerifierService::Stub>,
             std::unique_ptr<v1::AuditService::Stub>, std::unique_ptr<v1::PolicyService::Stub>,
             std::unique_ptr<v1::AdminService::Stub>,
             std::unique_ptr<grpc::health::v1::Health::Stub>>
      all;
};

absl::StatusOr<std::unique_ptr<Client>> Client::Create(ClientOptions options) {
  // gRPC ends the process over a header of the wrong form.
  if (!IsHeaderText(options.secret.Reveal())) {
    return absl::InvalidArgumentError(
        "the caller's secret has bytes that no secret has, such as a line's end");
  }
  if (!IsHeaderText(options.on_behalf_of)) {
    return absl::InvalidArgumentError("on_behalf_of takes the name of a member");
  }
  if (options.entropy == nullptr) options.entropy = &KernelEntropy();
  LATCHKEY_ASSIGN_OR_RETURN(auto channel, MakeChannel(options));
  return std::unique_ptr<Client>(new Client(std::move(options), std::move(channel)));
}

Client::Client(ClientOptions options, std::shared_ptr<grpc::Channel> channel)
    : options_(std::move(options)),
      channel_(std::move(channel)),
      stubs_(std::make_unique<Stubs>(channel_)) {}

Client::~Client() = default;

void Client::SetUp(grpc::ClientContext& context, absl::Duration timeout) const {
  if (!options_.secret.empty()) {
    context.AddMetadata("authorization", absl::StrCat("Bearer ", options_.secret.Reveal()));
  }
  if (!options_.on_behalf_of.empty()) {
    context.AddMetadata("latchkey-on-behalf-of", options_.on_behalf_of);
  }
  if (timeout < absl::InfiniteDuration()) {
    context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
  }
}

bool Client::Connect() const {
  const auto deadline = absl::ToChronoTime(absl::Now() + options_.timeout);
  grpc_connectivity_state state = channel_->GetState(/*try_to_connect=*/true);
  while (state != GRPC_CHANNEL_READY && state != GRPC_CHANNEL_TRANSIENT_FAILURE &&
         channel_->WaitForStateChange(state, deadline)) {
    state = channel_->GetState(/*try_to_connect=*/true);
  }
  return state == GRPC_CHANNEL_READY;
}

template <typename Request>
absl::StatusOr<ResponseOf<Request>> Client::Call(Request request,
                                                 const CallOptions& options) const {
  AddRequestId(request, *options_.entropy);
  grpc::ClientContext context;
  SetUp(context, options.timeout.value_or(options_.timeout));
  ResponseOf<Request> response;
  const grpc::Status status = stubs_->Invoke(context, request, response);
  if (!status.ok()) return FromGrpcStatus(status);
  return response;
}

#define LATCHKEY_INSTANTIATE_(Service, Method)                                     \
  template absl::StatusOr<v1::Method##Response> Client::Call<v1::Method##Request>( \
      v1::Method##Request, const CallOptions&) const;
LATCHKEY_UNARY_CALLS(LATCHKEY_INSTANTIATE_)
#undef LATCHKEY_INSTANTIATE_

template absl::StatusOr<grpc::health::v1::HealthCheckResponse>
Client::Call<grpc::health::v1::HealthCheckRequest>(grpc::health::v1::HealthCheckRequest,
                                                   const CallOptions&) const;

}  // namespace latchkey
