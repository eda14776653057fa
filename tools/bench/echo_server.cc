#include "tools/bench/echo_server.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/async_unary_call.h"
#include "latchkey/bench/v1/echo.grpc.pb.h"
#include "tools/bench/interrupt.h"
#include "tools/bench/stream_echo.h"

namespace latchkey::benchmark {
namespace {

// As many as latchkeyd keeps ready for Verify.
constexpr int kCalls = 256;
constexpr std::size_t kMaxPayload = std::size_t{1} << 20;

// The bytes of payload that make a message of `message_bytes`: a tag and a length go with them.
std::size_t PayloadOf(std::size_t message_bytes) {
  for (const std::size_t overhead : {2U, 3U, 4U}) {
    const std::size_t payload = message_bytes - std::min(message_bytes, std::size_t{overhead});
    if (payload < std::size_t{1} << (7 * (overhead - 1))) return payload;
  }
  return kMaxPayload;
}

void Answer(const bench::v1::EchoRequest& request, bench::v1::EchoResponse& response) {
  std::uint32_t size = 0;
  std::memcpy(&size, request.payload().data(), std::min(request.payload().size(), sizeof(size)));
  response.mutable_payload()->resize(std::min<std::size_t>(size, kMaxPayload));
}

class EchoCall final : public QueuedTag {
 public:
  EchoCall(QueuedEchoService& service, grpc::ServerCompletionQueue& queue)
      : service_(service), queue_(queue) {}

  void Wait() {
    finishing_ = false;
    responder_.reset();
    context_.emplace();
    responder_.emplace(&*context_);
    service_.RequestEcho(&*context_, &request_, &*responder_, &queue_, &queue_, this);
  }

  int Proceed(bool ok) override {
    if (finishing_) {
      Wait();
      return 0;
    }
    if (!ok) return -1;
    Answer(request_, response_);
    finishing_ = true;
    responder_->Finish(response_, grpc::Status::OK, this);
    return 0;
  }

 private:
  QueuedEchoService& service_;
  grpc::ServerCompletionQueue& queue_;
  bool finishing_ = false;
  bench::v1::EchoRequest request_;
  bench::v1::EchoResponse response_;
  std::optional<grpc::ServerContext> context_;
  std::optional<grpc::ServerAsyncResponseWriter<bench::v1::EchoResponse>> responder_;
};

class CallbackEcho final : public bench::v1::EchoService::CallbackService {
 public:
  grpc::ServerUnaryReactor* Echo(grpc::CallbackServerContext* context,
                                 const bench::v1::EchoRequest* request,
                                 bench::v1::EchoResponse* response) override {
    Answer(*request, *response);
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

void Serve(QueuedEchoService& service, grpc::ServerCompletionQueue& queue) {
  std::vector<std::unique_ptr<EchoCall>> calls;
  for (int i = 0; i < kCalls; ++i) {
    calls.push_back(std::make_unique<EchoCall>(service, queue));
    calls.back()->Wait();
  }
  WaitForStreamEcho(service, queue);
  int live = kCalls + 1;
  void* tag = nullptr;
  bool ok = false;
  while (live > 0 && queue.Next(&tag, &ok)) live += static_cast<QueuedTag*>(tag)->Proceed(ok);
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
}

}  // namespace

absl::Status ServeEcho(const std::string& address, EchoApi api) {
  EndSignals end;
  QueuedEchoService queued;
  CallbackEcho called_back;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials());
  std::unique_ptr<grpc::ServerCompletionQueue> queue;
  if (api == EchoApi::kQueue) {
    builder.RegisterService(&queued);
    queue = builder.AddCompletionQueue();
  } else {
    builder.RegisterService(&called_back);
  }
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return absl::UnavailableError(absl::StrCat("cannot listen at ", address));
  std::thread poller;
  if (queue != nullptr) poller = std::thread([&] { Serve(queued, *queue); });
  end.Wait();
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
  if (poller.joinable()) poller.join();
  return absl::OkStatus();
}

bench::v1::EchoRequest MakeEchoRequest(std::size_t request_bytes, std::size_t response_bytes) {
  const auto wanted = static_cast<std::uint32_t>(PayloadOf(response_bytes));
  bench::v1::EchoRequest request;
  std::string& payload = *request.mutable_payload();
  payload.assign(std::max(PayloadOf(request_bytes), sizeof(wanted)), 'x');
  std::memcpy(payload.data(), &wanted, sizeof(wanted));
  return request;
}

}  // namespace latchkey::benchmark
