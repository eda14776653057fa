#ifndef LATCHKEY_SERVER_RPC_WRITE_STREAM_H_
#define LATCHKEY_SERVER_RPC_WRITE_STREAM_H_

#include <atomic>
#include <functional>
#include <utility>

#include "grpcpp/server_context.h"
#include "grpcpp/support/async_stream.h"
#include "server/rpc/call_poller.h"
#include "server/rpc/completion_tag.h"

namespace latchkey::rpc {

// A call that the server answers with a stream of responses. The derived class reacts, on the
// poller's threads, and must not block there; it deletes itself in OnDone().
//
// Waits for a call from its making on. Then OnStart() is called, or where there will be no more
// calls OnDone(). OnCancel() may be called at any time after that, also while another reaction
// runs. OnDone() comes last, once Finish() was called and the call has ended.
template <typename Request, typename Response>
class WriteStream {
 public:
  // Asks gRPC for a call: the generated Request<Method>() of the service.
  using Ask = std::function<void(grpc::ServerContext*, Request*, grpc::ServerAsyncWriter<Response>*,
                                 grpc::CompletionQueue*, grpc::ServerCompletionQueue*, void*)>;

  // `poller` outlives the stream.
  explicit WriteStream(CallPoller& poller) : poller_(poller) {}
  virtual ~WriteStream() { poller_.RemovePlace(); }
  WriteStream(const WriteStream&) = delete;
  WriteStream& operator=(const WriteStream&) = delete;

  // Waits for a call. Once.
  void Wait(const Ask& ask) {
    ended_tag_.BeginWith([&] { context_.AsyncNotifyWhenDone(&ended_tag_); });
    start_tag_.BeginWith([&] {
      ask(&context_, &request_, &writer_, &poller_.queue(), &poller_.queue(), &start_tag_);
    });
  }

  const grpc::ServerContext& context() const { return context_; }
  const Request& request() const { return request_; }
  // Moves the request out.
  Request TakeRequest() { return std::exchange(request_, Request()); }

 protected:
  // Sends `response`, which must last until OnWriteDone(). One at a time, none after Finish().
  void StartWrite(const Response& response) {
    write_tag_.BeginWith([&] { writer_.Write(response, &write_tag_); });
  }

  // Breaks the call off, which ends a write in flight. From any thread.
  void CancelCall() { context_.TryCancel(); }

  // Ends the stream. Once, while no write is in flight.
  void Finish(const grpc::Status& status) {
    finish_tag_.BeginWith([&] { writer_.Finish(status, &finish_tag_); });
  }

  virtual void OnStart() = 0;
  virtual void OnWriteDone(bool ok) = 0;
  virtual void OnCancel() = 0;
  virtual void OnDone() = 0;

 private:
  class Tag final : public CompletionTag {
   public:
    using Reaction = void (WriteStream::*)(bool);
    Tag(WriteStream& stream, Reaction reaction) : stream_(stream), reaction_(reaction) {}
    void Proceed(bool ok) override { (stream_.*reaction_)(ok); }

   private:
    WriteStream& stream_;
    const Reaction reaction_;
  };

  void Started(bool ok) {
    if (ok) {
      OnStart();
    } else {
      OnDone();  // gRPC gives no other tag of a call that never was
    }
  }
  void Written(bool ok) { OnWriteDone(ok); }
  void Finished(bool) { Release(); }
  void Ended(bool) {
    if (context_.IsCancelled()) OnCancel();
    Release();
  }
  void Release() {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) OnDone();
  }

  CallPoller& poller_;
  Tag start_tag_{*this, &WriteStream::Started};
  Tag write_tag_{*this, &WriteStream::Written};
  Tag finish_tag_{*this, &WriteStream::Finished};
  Tag ended_tag_{*this, &WriteStream::Ended};
  std::atomic<int> references_{2};  // Finished() and Ended() are still to come
  Request request_;
  grpc::ServerContext context_;
  grpc::ServerAsyncWriter<Response> writer_{&context_};
};

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_WRITE_STREAM_H_
