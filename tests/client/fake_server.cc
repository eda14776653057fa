#include "tests/client/fake_server.h"

#include <chrono>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "google/rpc/status.pb.h"
#include "grpc/grpc.h"
#include "grpcpp/server_builder.h"

namespace latchkey::testing {
namespace {

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  buffer.Dump(&slices);
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

grpc::Status OnTheWire(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  google::rpc::Status wire;
  status.ForEachPayload([&wire](absl::string_view url, const absl::Cord& payload) {
    auto* detail = wire.add_details();
    detail->set_type_url(std::string(url));
    detail->set_value(std::string(payload));
  });
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message()),
          wire.SerializeAsString()};
}

}  // namespace

absl::Status MakeWireError(absl::StatusCode code, absl::string_view reason,
                           absl::string_view message,
                           const std::map<std::string, std::string>& metadata,
                           const std::vector<const google::protobuf::Message*>& details) {
  absl::Status status(code, message);
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(reason));
  info.set_domain("latchkey");
  info.mutable_metadata()->insert(metadata.begin(), metadata.end());
  const auto add = [&status](const google::protobuf::Message& detail) {
    status.SetPayload("type.googleapis.com/" + detail.GetDescriptor()->full_name(),
                      absl::Cord(detail.SerializeAsString()));
  };
  add(info);
  for (const google::protobuf::Message* detail : details) add(*detail);
  return status;
}

// Reads the one request, answers it, and deletes itself.
class FakeServer::Reactor final : public grpc::ServerGenericBidiReactor {
 public:
  Reactor(FakeServer& server, FakeCall call) : server_(server), call_(std::move(call)) {
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish({grpc::StatusCode::CANCELLED, "no request"});
    call_.request = BytesOf(request_);
    Handler handler;
    {
      MutexLock lock(server_.mu_);
      server_.calls_.push_back(call_);
      const auto found = server_.handlers_.find(call_.method);
      if (found != server_.handlers_.end()) handler = found->second;
    }
    if (!handler) return Finish({grpc::StatusCode::UNIMPLEMENTED, "no handler: " + call_.method});
    std::string answer;
    const absl::Status status = handler(call_.request, answer);
    if (!status.ok()) return Finish(OnTheWire(status));
    const grpc::Slice slice(answer);
    response_ = grpc::ByteBuffer(&slice, 1);
    StartWriteAndFinish(&response_, grpc::WriteOptions(), grpc::Status::OK);
  }

  void OnDone() override { delete this; }

 private:
  FakeServer& server_;
  FakeCall call_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
};

FakeServer::FakeServer(std::vector<grpc::Service*> services, std::string socket)
    : socket_(socket.empty() ? dir_.Child("socket") : std::move(socket)) {
  // Else the end of the process's last server may wait 10 s for a poller of gRPC's own.
  static const bool kept = [] {
    grpc_init();
    return true;
  }();
  static_cast<void>(kept);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(target(), grpc::InsecureServerCredentials());
  for (grpc::Service* service : services) builder.RegisterService(service);
  builder.RegisterCallbackGenericService(this);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) std::abort();
}

FakeServer::~FakeServer() {
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

std::vector<FakeCall> FakeServer::calls() const {
  MutexLock lock(mu_);
  return calls_;
}

std::string FakeServer::MethodName(const std::string& request_name) {
  // The health service's method is not named as its request.
  if (request_name == "HealthCheckRequest") return "Check";
  return std::string(absl::StripSuffix(request_name, "Request"));
}

void FakeServer::SetHandler(const std::string& method, Handler handler) {
  MutexLock lock(mu_);
  handlers_[method] = std::move(handler);
}

grpc::ServerGenericBidiReactor* FakeServer::CreateReactor(
    grpc::GenericCallbackServerContext* context) {
  FakeCall call;
  call.method = context->method().substr(context->method().rfind('/') + 1);
  for (const auto& [key, value] : context->client_metadata()) {
    call.metadata.emplace(std::string(key.begin(), key.end()),
                          std::string(value.begin(), value.end()));
  }
  return new Reactor(*this, std::move(call));
}

}  // namespace latchkey::testing
