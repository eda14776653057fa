#include "server/rpc/server.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/impl/server_builder_option.h"
#include "grpcpp/resource_quota.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "server/base/executor.h"
#include "server/base/status_macros.h"
#include "server/rpc/call_frame.h"
#include "server/rpc/call_gate.h"
#include "server/rpc/call_poller.h"
#include "server/rpc/credentials.h"
#include "server/rpc/health_service.h"
#include "server/rpc/listen_address.h"
#include "server/rpc/message_bytes.h"
#include "server/rpc/status_conversion.h"
#include "server/rpc/subscriber_set.h"
#include "server/rpc/unary_method.h"
#include "server/rpc/unary_services.h"
#include "server/rpc/unknown_methods.h"
#include "server/rpc/verifier_service.h"

namespace latchkey::rpc {
namespace {

// Beyond it gRPC refuses a message before it is read, and says no reason. Reflection, which is
// gRPC's own, takes as much.
constexpr int kMaxWireRequestBytes = static_cast<int>(4 * kMaxRequestBytes);
// What gRPC counts of metadata has a part that callers cannot see, so its own limit is above ours,
// which answers with a reason.
constexpr int kMaxWireMetadataBytes = static_cast<int>(2 * kMaxMetadataBytes);
constexpr int kReflectionThreads = 8;

// Says whether one server has reflection: the library's own way is to add it to every server of a
// process that it is linked into.
class ReflectionOption final : public grpc::ServerBuilderOption {
 public:
  explicit ReflectionOption(bool on) : on_(on) {}
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    auto ours = std::make_unique<grpc::reflection::ProtoServerReflectionPlugin>();
    const std::string name = ours->name();
    plugins->erase(std::remove_if(plugins->begin(), plugins->end(),
                                  [&name](const auto& plugin) { return plugin->name() == name; }),
                   plugins->end());
    if (on_) plugins->push_back(std::move(ours));
  }

 private:
  const bool on_;
};

absl::Status CheckBounds(const Server::Settings& settings) {
  if (settings.addresses.empty()) {
    return absl::InvalidArgumentError("--listen names no address");
  }
  for (const std::string& address : settings.addresses) {
    LATCHKEY_RETURN_IF_ERROR(CheckListenAddress(address));
    if (settings.tls.enabled() || settings.allow_cleartext_on_network || IsLocalAddress(address)) {
      continue;
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "--listen ", address,
        " could be reached from other machines, and without TLS everybody on "
        "the way could read the secrets: give --tls-cert and --tls-key, listen on 127.0.0.1 or a "
        "unix socket, or accept the risk with --allow-cleartext-on-network"));
  }
  const bool in_bounds = settings.poll_threads >= 1 && settings.poll_threads <= 64 &&
                         settings.worker_threads >= 1 && settings.worker_threads <= 64 &&
                         settings.max_calls >= 1 && settings.max_subscribers >= 0 &&
                         settings.max_streams_per_connection >= 1;
  if (!in_bounds) {
    return absl::InvalidArgumentError("threads take 1 to 64, and limits of calls at least 1");
  }
  return absl::OkStatus();
}

}  // namespace

class Server::Impl {
 public:
  Impl(Options options, std::shared_ptr<grpc::ServerCredentials> credentials)
      : options_(std::move(options)),
        credentials_(std::move(credentials)),
        gate_(options_.settings.max_calls),
        statuses_(options_.logger, options_.entropy),
        workers_(
            std::make_unique<ThreadPoolExecutor>(options_.settings.worker_threads, "rpc-worker")),
        stream_workers_(
            std::make_unique<ThreadPoolExecutor>(options_.settings.stream_threads, "rpc-stream")),
        subscribers_(frame(), static_cast<std::size_t>(options_.settings.max_subscribers)),
        ports_(options_.settings.addresses.size(), 0) {}

  ~Impl() { Shutdown(absl::ZeroDuration()); }

  absl::Status Start();
  void Shutdown(absl::Duration grace);
  void SetWritable(bool writable);

  const std::vector<std::string>& addresses() const { return options_.settings.addresses; }
  int port(std::size_t index) const { return ports_[index]; }

 private:
  CallFrame frame() { return {options_.authority, *workers_, *stream_workers_, gate_, statuses_}; }
  void Configure(grpc::ServerBuilder& builder) const;
  void MakeMethods(grpc::ServerBuilder& builder);
  void StartMethods();

  const Options options_;
  const std::shared_ptr<grpc::ServerCredentials> credentials_;
  CallGate gate_;
  const StatusConverter statuses_;
  std::unique_ptr<ThreadPoolExecutor> workers_;         // null after Shutdown()
  std::unique_ptr<ThreadPoolExecutor> stream_workers_;  // the same
  SubscriberSet subscribers_;
  AuthorityServices services_;
  VerifierServiceCalls verifier_;
  // The rest is made by Start(). The server goes first, so it comes last.
  std::unique_ptr<CallPoller> poller_;
  std::unique_ptr<PollerExecutor> answers_;
  std::unique_ptr<HealthService> health_;
  std::unique_ptr<UnknownMethods> unknown_;
  std::vector<std::unique_ptr<Method>> methods_;
  std::unique_ptr<grpc::Server> server_;  // null again after Shutdown()
  std::vector<int> ports_;
};

void Server::Impl::Configure(grpc::ServerBuilder& builder) const {
  builder.SetMaxReceiveMessageSize(kMaxWireRequestBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxWireMetadataBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                             options_.settings.max_streams_per_connection);
  // Two servers on one port would each get a part of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // A client that is gone is noticed in a minute; one may ask for as much from its side.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 40'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 9'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // A small compressed message can stand for a large one.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  grpc::ResourceQuota quota("latchkey");
  quota.Resize(options_.settings.memory_bytes).SetMaxThreads(kReflectionThreads);
  builder.SetResourceQuota(quota);
  // Reflection is all that is served by threads of this kind.
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MAX_POLLERS, 2);
}

void Server::Impl::MakeMethods(grpc::ServerBuilder& builder) {
  poller_ = std::make_unique<CallPoller>(builder);
  answers_ = std::make_unique<PollerExecutor>(*poller_);
  services_.Register(builder);
  builder.RegisterService(&verifier_);
  methods_ = MakeAuthorityMethods(frame(), *poller_, services_);
  for (auto& method : MakeVerifierMethods(frame(), *poller_, verifier_)) {
    methods_.push_back(std::move(method));
  }
  health_ = std::make_unique<HealthService>(
      frame(), *poller_, static_cast<std::size_t>(options_.settings.max_subscribers));
  builder.RegisterService(&health_->service());
  unknown_ = std::make_unique<UnknownMethods>(frame(), *poller_);
  unknown_->Register(builder);
  builder.SetOption(std::make_unique<ReflectionOption>(options_.settings.reflection));
}

void Server::Impl::StartMethods() {
  for (const auto& method : methods_) method->Start();
  unknown_->Start();
  subscribers_.Start(*poller_, [this](auto... args) { services_.audit.RequestSubscribe(args...); });
  health_->Start();
  for (const char* name : {"AdminService", "AuditService", "PolicyService", "VerifierService"}) {
    health_->SetServing(absl::StrCat("latchkey.v1.", name), true);
  }
  SetWritable(true);
  poller_->Start(options_.settings.poll_threads);
  options_.authority.AnswerOn(answers_.get());
}

absl::Status Server::Impl::Start() {
  grpc::ServerBuilder builder;
  Configure(builder);
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    // gRPC takes the socket of whoever listens there away.
    LATCHKEY_RETURN_IF_ERROR(CheckSocketIsFree(options_.settings.addresses[i]));
    builder.AddListeningPort(options_.settings.addresses[i], credentials_, &ports_[i]);
  }
  MakeMethods(builder);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ",
                                               absl::StrJoin(options_.settings.addresses, ", "),
                                               "; is another process listening there?"));
  }
  StartMethods();
  return absl::OkStatus();
}

void Server::Impl::SetWritable(bool writable) {
  for (const char* name : {"AppService", "DirectoryService", "TokenService"}) {
    health_->SetServing(absl::StrCat("latchkey.v1.", name), writable);
  }
}

void Server::Impl::Shutdown(absl::Duration grace) {
  if (server_ == nullptr) return;
  gate_.Close();
  health_->Shutdown();
  subscribers_.EndAll(ShuttingDownError());
  server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(grace));
  // What is answered from here on is so by the authority's thread, also for calls under way.
  options_.authority.AnswerOn(nullptr);
  poller_->Stop();
  // A worker may have answered its call and still be on its way out of the authority.
  workers_.reset();
  stream_workers_.reset();
  server_.reset();
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

absl::Status Server::Check(const Settings& settings) {
  LATCHKEY_RETURN_IF_ERROR(CheckBounds(settings));
  return MakeServerCredentials(settings.tls).status();
}

absl::StatusOr<std::unique_ptr<Server>> Server::Create(Options options) {
  LATCHKEY_RETURN_IF_ERROR(CheckBounds(options.settings));
  LATCHKEY_ASSIGN_OR_RETURN(auto credentials, MakeServerCredentials(options.settings.tls));
  return std::unique_ptr<Server>(
      new Server(std::make_unique<Impl>(std::move(options), std::move(credentials))));
}

absl::Status Server::Start() { return impl_->Start(); }
void Server::Shutdown(absl::Duration grace) { impl_->Shutdown(grace); }
void Server::SetWritable(bool writable) { impl_->SetWritable(writable); }

int Server::port(std::size_t index) const {
  const bool unix_socket = absl::StartsWith(impl_->addresses()[index], "unix");
  return unix_socket ? 0 : impl_->port(index);
}

std::string Server::address(std::size_t index) const {
  const std::string& address = impl_->addresses()[index];
  if (port(index) == 0) return address;
  return absl::StrCat(address.substr(0, address.rfind(':')), ":", port(index));
}

}  // namespace latchkey::rpc
