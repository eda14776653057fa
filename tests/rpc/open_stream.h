#ifndef LATCHKEY_TESTS_RPC_OPEN_STREAM_H_
#define LATCHKEY_TESTS_RPC_OPEN_STREAM_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "grpcpp/client_context.h"
#include "grpcpp/support/sync_stream.h"
#include "gtest/gtest.h"
#include "latchkey/v1/audit_service.grpc.pb.h"

namespace latchkey::testing {

// One Subscribe call and what it gave; every response is checked against what the contract says of
// all of them. Used by one thread.
class OpenStream {
 public:
  OpenStream(v1::AuditService::Stub& stub, std::unique_ptr<grpc::ClientContext> context,
             const v1::SubscribeRequest& request)
      : serialized_(request.serialized()),
        complete_through_(request.after_revision()),
        context_(std::move(context)),
        reader_(stub.Subscribe(context_.get(), request)) {}

  // Takes one response; false at the stream's end.
  bool Read() {
    v1::SubscribeResponse response;
    if (!reader_->Read(&response)) return false;
    EXPECT_GE(response.complete_through(), complete_through_);
    EXPECT_GE(response.newest(), response.complete_through());
    EXPECT_EQ(response.lag(), response.newest() - response.complete_through());
    last_bytes_ = response.ByteSizeLong();
    last_count_ = 0;
    if (serialized_) {
      EXPECT_EQ(response.events_size(), 0);
      for (const std::string& bytes : response.serialized_events()) {
        v1::Event event;
        EXPECT_TRUE(event.ParseFromString(bytes));
        EXPECT_EQ(event.SerializeAsString(), bytes);
        Take(std::move(event), response.complete_through());
      }
    } else {
      EXPECT_EQ(response.serialized_events_size(), 0);
      for (v1::Event& event : *response.mutable_events()) {
        Take(std::move(event), response.complete_through());
      }
    }
    if (last_count_ == 0) ++heartbeats_;
    complete_through_ = response.complete_through();
    return true;
  }

  // Reads until everything up to `revision` is there.
  bool ReadThrough(std::uint64_t revision) {
    while (complete_through_ < revision) {
      if (!Read()) return false;
    }
    return true;
  }

  grpc::Status Cancel() {
    context_->TryCancel();
    return Finish();
  }
  // Reads what is left and says how the stream ended.
  grpc::Status Finish() {
    while (Read()) {
    }
    return reader_->Finish();
  }

  const std::vector<v1::Event>& events() const { return events_; }
  std::vector<std::uint64_t> sequences() const {
    std::vector<std::uint64_t> sequences;
    for (const v1::Event& event : events_) sequences.push_back(event.sequence());
    return sequences;
  }
  std::uint64_t complete_through() const { return complete_through_; }
  int heartbeats() const { return heartbeats_; }
  // Of the last response.
  std::size_t last_count() const { return last_count_; }
  std::size_t last_bytes() const { return last_bytes_; }

 private:
  void Take(v1::Event event, std::uint64_t through) {
    EXPECT_GT(event.sequence(), complete_through_);
    EXPECT_TRUE(events_.empty() || event.sequence() > events_.back().sequence());
    EXPECT_LE(event.sequence(), through);
    ++last_count_;
    events_.push_back(std::move(event));
  }

  const bool serialized_;
  std::vector<v1::Event> events_;
  std::uint64_t complete_through_;
  int heartbeats_ = 0;
  std::size_t last_count_ = 0;
  std::size_t last_bytes_ = 0;
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReader<v1::SubscribeResponse>> reader_;
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_RPC_OPEN_STREAM_H_
