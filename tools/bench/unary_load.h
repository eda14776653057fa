#ifndef LATCHKEY_TOOLS_BENCH_UNARY_LOAD_H_
#define LATCHKEY_TOOLS_BENCH_UNARY_LOAD_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/support/async_unary_call.h"
#include "tools/bench/channels.h"
#include "tools/bench/closed_loop.h"

namespace latchkey::benchmark {

// Calls of one unary method, by its generated stub. Used by one thread.
template <typename Stub, typename Request, typename Response>
class UnaryLoad final : public Load {
 public:
  // The stub's PrepareAsync...
  using Prepare = std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> (Stub::*)(
      grpc::ClientContext*, const Request&, grpc::CompletionQueue*);

  struct Options {
    Prepare prepare;
    Metadata metadata;
    // Makes the next request out of the slot's last one, which is empty at first.
    std::function<void(Request&)> fill;
    // Says whether an answer is the expected one.
    std::function<absl::Status(const Response&)> accept;
  };

  UnaryLoad(const Channels& channels, Options options) : options_(std::move(options)) {
    for (const auto& channel : channels) stubs_.push_back(std::make_unique<Stub>(channel));
  }

  std::unique_ptr<Slot> NewSlot(std::size_t index) override {
    return std::make_unique<CallSlot>(*this, *stubs_[index % stubs_.size()]);
  }
  std::size_t request_bytes() const override { return request_bytes_; }
  std::size_t response_bytes() const override { return response_bytes_; }

 private:
  class CallSlot final : public Slot {
   public:
    CallSlot(UnaryLoad& load, Stub& stub) : load_(load), stub_(stub) {}

    void Start(grpc::CompletionQueue& queue) override {
      load_.options_.fill(request_);
      context_.emplace();
      SetUpCall(load_.options_.metadata, *context_);
      reader_ = (stub_.*load_.options_.prepare)(&*context_, request_, &queue);
      reader_->StartCall();
      reader_->Finish(&response_, &status_, this);
    }

    absl::Status Finish() override {
      reader_.reset();
      if (!status_.ok()) return ToAbsl(status_);
      load_.request_bytes_ = request_.ByteSizeLong();
      load_.response_bytes_ = response_.ByteSizeLong();
      return load_.options_.accept(response_);
    }

   private:
    UnaryLoad& load_;
    Stub& stub_;
    Request request_;
    Response response_;
    grpc::Status status_;
    std::optional<grpc::ClientContext> context_;
    std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> reader_;
  };

  const Options options_;
  std::vector<std::unique_ptr<Stub>> stubs_;
  std::size_t request_bytes_ = 0;
  std::size_t response_bytes_ = 0;
};

}  // namespace latchkey::benchmark

#endif  // LATCHKEY_TOOLS_BENCH_UNARY_LOAD_H_
