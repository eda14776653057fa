#ifndef LATCHKEY_SERVER_RPC_UNARY_METHOD_H_
#define LATCHKEY_SERVER_RPC_UNARY_METHOD_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/async_unary_call.h"
#include "grpcpp/support/byte_buffer.h"
#include "server/base/mutex.h"
#include "server/rpc/call_frame.h"
#include "server/rpc/call_poller.h"
#include "server/rpc/completion_tag.h"
#include "server/rpc/message_bytes.h"

namespace latchkey::rpc {

// A method that takes calls from the queue, until the server is shut down.
class Method {
 public:
  virtual ~Method() = default;

  // Asks gRPC for the first calls. Once, after the server was started.
  virtual void Start() = 0;
};

template <typename Request, typename Response>
class UnaryMethod;

// One call of a unary method.
//
//   WAITING    gRPC was asked for a call    -> SERVING; given up when the server shuts down
//   SERVING    between Serve and Finish()   -> FINISHING
//   FINISHING  the answer is being sent     -> given back to the method
template <typename Request, typename Response>
class UnaryCall final : public CompletionTag {
 public:
  explicit UnaryCall(UnaryMethod<Request, Response>& method) : method_(method) {}

  const grpc::ServerContext& context() const { return *context_; }
  const Request& request() const { return request_; }
  // Moves the request out.
  Request TakeRequest() { return std::move(request_); }
  Response& response() { return response_; }

  // Ends the call, with response() where `status` is OK. Once, on any thread; the call may be gone
  // when it returns.
  void Finish(const absl::Status& status);

  void Proceed(bool ok) override;

 private:
  friend class UnaryMethod<Request, Response>;

  UnaryMethod<Request, Response>& method_;
  bool finishing_ = false;
  CallGate::Pass pass_;
  grpc::ByteBuffer bytes_;  // of the request, and then of the response
  Request request_;
  Response response_;
  std::optional<grpc::ServerContext> context_;
  std::optional<grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>> responder_;
};

// Serves one unary method. Thread-safe.
template <typename Request, typename Response>
class UnaryMethod final : public Method {
 public:
  using Call = UnaryCall<Request, Response>;
  using Responder = grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>;

  struct Options {
    absl::string_view name;
    // Asks gRPC for a call: the generated Request<Method>() of the service.
    std::function<void(grpc::ServerContext*, grpc::ByteBuffer*, Responder*, grpc::CompletionQueue*,
                       grpc::ServerCompletionQueue*, void*)>
        ask;
    // Leads to Finish() of the call, on whatever thread. Must not block.
    std::function<void(Call&)> serve;
    int waiting = 2;  // calls that gRPC is asked for ahead
    // Calls whose memory is kept for others, messages included; 0: none.
    std::size_t max_pooled = 0;
    // Says that a call's messages are too large to be kept. Needed where max_pooled is not 0.
    std::function<bool(const Request&, const Response&)> is_large = {};
  };

  UnaryMethod(const CallFrame& frame, CallPoller& poller, Options options)
      : frame_(frame), poller_(poller), options_(std::move(options)) {}

  void Start() override {
    for (int i = 0; i < options_.waiting; ++i) AskForCall();
  }

 private:
  friend class UnaryCall<Request, Response>;

  void AskForCall() {
    poller_.AddPlace();
    Call* call = TakePooled();
    call->context_.emplace();
    call->responder_.emplace(&*call->context_);
    call->BeginWith([&] {
      options_.ask(&*call->context_, &call->bytes_, &*call->responder_, &poller_.queue(),
                   &poller_.queue(), call);
    });
  }

  void Serve(Call& call) {
    AskForCall();  // the next one, so that as many wait as before
    if (const absl::Status entered = frame_.gate.Enter(call.pass_); !entered.ok()) {
      call.Finish(entered);
      return;
    }
    if (const absl::Status parsed = ParseRequest(call.bytes_, call.request_); !parsed.ok()) {
      call.Finish(parsed);
      return;
    }
    options_.serve(call);
  }

  void GiveBack(Call* call) {
    Pool(std::unique_ptr<Call>(call));
    poller_.RemovePlace();
  }

  Call* TakePooled() {
    {
      MutexLock lock(mu_);
      if (!pool_.empty()) {
        Call* call = pool_.back().release();
        pool_.pop_back();
        return call;
      }
    }
    return new Call(*this);
  }

  void Pool(std::unique_ptr<Call> call) {
    if (options_.max_pooled == 0 || options_.is_large(call->request_, call->response_)) return;
    call->pass_ = CallGate::Pass();
    call->response_.Clear();
    call->bytes_.Clear();
    call->responder_.reset();  // it refers to the context
    call->context_.reset();
    call->finishing_ = false;
    MutexLock lock(mu_);
    if (pool_.size() < options_.max_pooled) pool_.push_back(std::move(call));
  }

  const CallFrame frame_;
  CallPoller& poller_;
  const Options options_;
  Mutex mu_;
  std::vector<std::unique_ptr<Call>> pool_ ABSL_GUARDED_BY(mu_);
};

template <typename Request, typename Response>
void UnaryCall<Request, Response>::Finish(const absl::Status& status) {
  finishing_ = true;
  this->BeginWith([&] {
    if (status.ok()) {
      bytes_ = ResponseBytes(response_);
      responder_->Finish(bytes_, grpc::Status::OK, this);
    } else {
      responder_->FinishWithError(method_.frame_.statuses.ToGrpc(status, method_.options_.name),
                                  this);
    }
  });
}

template <typename Request, typename Response>
void UnaryCall<Request, Response>::Proceed(bool ok) {
  if (!finishing_ && ok) {
    method_.Serve(*this);
  } else {
    method_.GiveBack(this);
  }
}

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_UNARY_METHOD_H_
