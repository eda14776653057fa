#include "tools/bench/stream_echo.h"

#include <cstdint>

#include "grpcpp/server_context.h"
#include "grpcpp/support/async_stream.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/proto_buffer_reader.h"
#include "grpcpp/support/slice.h"
#include "latchkey/bench/v1/echo.pb.h"

namespace latchkey::benchmark {
namespace {

// One call. Every response is the same bytes, which are not even copied.
class StreamCall {
 public:
  StreamCall(QueuedEchoService& service, grpc::ServerCompletionQueue& queue)
      : service_(service), queue_(queue) {
    context_.AsyncNotifyWhenDone(&ended_tag_);
    service_.RequestStream(&context_, &request_, &writer_, &queue_, &queue_, &start_tag_);
  }

 private:
  class Tag final : public QueuedTag {
   public:
    using Reaction = int (StreamCall::*)(bool);
    Tag(StreamCall& call, Reaction reaction) : call_(call), reaction_(reaction) {}
    int Proceed(bool ok) override { return (call_.*reaction_)(ok); }

   private:
    StreamCall& call_;
    const Reaction reaction_;
  };

  int Started(bool ok) {
    if (!ok) {
      delete this;
      return -1;
    }
    WaitForStreamEcho(service_, queue_);
    bench::v1::StreamRequest request;
    grpc::ProtoBufferReader reader(&request_);
    if (request.ParseFromZeroCopyStream(&reader)) left_ = request.count();
    const grpc::Slice slice(request.response());
    response_ = grpc::ByteBuffer(&slice, 1);
    Next();
    return 1;
  }
  int Written(bool ok) {
    busy_ = false;
    if (!ok) left_ = 0;
    Next();
    return 0;
  }
  int Ended(bool) {
    ended_ = true;
    Next();
    return 0;
  }
  int Finished(bool) {
    delete this;
    return -1;
  }

  void Next() {
    if (busy_) return;
    if (ended_) {
      writer_.Finish(grpc::Status::CANCELLED, &finish_tag_);
    } else if (left_ > 0) {
      --left_;
      busy_ = true;
      writer_.Write(response_, &write_tag_);
    }
  }

  QueuedEchoService& service_;
  grpc::ServerCompletionQueue& queue_;
  Tag start_tag_{*this, &StreamCall::Started};
  Tag write_tag_{*this, &StreamCall::Written};
  Tag ended_tag_{*this, &StreamCall::Ended};
  Tag finish_tag_{*this, &StreamCall::Finished};
  grpc::ServerContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  grpc::ServerAsyncWriter<grpc::ByteBuffer> writer_{&context_};
  std::uint32_t left_ = 0;
  bool busy_ = false;   // a write is under way
  bool ended_ = false;  // the caller is gone
};

}  // namespace

void WaitForStreamEcho(QueuedEchoService& service, grpc::ServerCompletionQueue& queue) {
  new StreamCall(service, queue);  // deletes itself
}

}  // namespace latchkey::benchmark
