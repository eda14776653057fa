// Streams that use a consumer: where they begin, and that there is one at a time.
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "latchkey/v1/audit_service.grpc.pb.h"
#include "tests/rpc/server_fixture.h"

namespace latchkey::testing {
namespace {

struct Stream {
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientReader<v1::SubscribeResponse>> reader;

  v1::SubscribeResponse Read() const {
    v1::SubscribeResponse response;
    EXPECT_TRUE(reader->Read(&response));
    return response;
  }
  grpc::Status Finish() const {
    v1::SubscribeResponse response;
    while (reader->Read(&response)) {
    }
    return reader->Finish();
  }
};

class ConsumerStreamTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    stub_ = NewStub<v1::AuditService>();
    MakeWorkspace("acme");
    newest_ = MakeWorkspace("other");
  }
  void MakeConsumer(const std::string& id, const std::string& workspace, std::uint64_t after,
                    bool holds = false) {
    v1::CreateConsumerRequest request;
    request.set_consumer_id(id);
    request.mutable_consumer()->mutable_filter()->set_workspace(workspace);
    request.mutable_consumer()->set_acknowledged_revision(after);
    request.mutable_consumer()->set_holds_retention(holds);
    v1::CreateConsumerResponse response;
    const grpc::Status made = stub_->CreateConsumer(AsOperator().get(), request, &response);
    EXPECT_TRUE(made.ok()) << made.error_message();
    newest_ = response.revision();
  }
  v1::Consumer Get(const std::string& id) {
    v1::GetConsumerRequest request;
    request.set_name("consumers/" + id);
    v1::GetConsumerResponse response;
    EXPECT_TRUE(stub_->GetConsumer(AsOperator().get(), request, &response).ok());
    return response.consumer();
  }
  void Acknowledge(const std::string& id, std::uint64_t revision) {
    v1::AcknowledgeRequest request;
    request.set_name("consumers/" + id);
    request.set_revision(revision);
    v1::AcknowledgeResponse response;
    EXPECT_TRUE(stub_->Acknowledge(AsOperator().get(), request, &response).ok());
  }
  Stream Open(const v1::SubscribeRequest& request) {
    Stream stream{AsOperator(), nullptr};
    stream.reader = stub_->Subscribe(stream.context.get(), request);
    return stream;
  }
  Stream OpenWith(const std::string& id) {
    v1::SubscribeRequest request;
    request.set_consumer("consumers/" + id);
    return Open(request);
  }

  std::unique_ptr<v1::AuditService::Stub> stub_;
  std::uint64_t newest_ = 0;
};

TEST_F(ConsumerStreamTest, BeginsAfterWhatWasAcknowledgedWithTheConsumersFilter) {
  MakeConsumer("siem", "workspaces/other", 0);
  const v1::SubscribeResponse first = OpenWith("siem").Read();
  ASSERT_GE(first.events_size(), 2);
  for (const auto& event : first.events()) EXPECT_EQ(event.workspace(), "workspaces/other");

  Acknowledge("siem", first.events(0).sequence());

  EXPECT_EQ(OpenWith("siem").Read().events(0).sequence(), first.events(1).sequence());
}

TEST_F(ConsumerStreamTest, ALaterStreamTakesOverFromTheEarlierOne) {
  MakeConsumer("siem", "", 0);
  const Stream first = OpenWith("siem");
  EXPECT_EQ(first.Read().complete_through(), newest_);
  EXPECT_TRUE(Get("siem").connected());

  const Stream second = OpenWith("siem");

  const grpc::Status ended = first.Finish();
  EXPECT_EQ(ended.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(ended.error_message(), "a later stream took over consumers/siem");
  EXPECT_EQ(ErrorInfoOf(ended).reason(), "CONSUMER_TAKEN_OVER");
  EXPECT_EQ(second.Read().complete_through(), newest_);
  EXPECT_TRUE(Get("siem").connected());
  second.context->TryCancel();
  second.Finish();
}

TEST_F(ConsumerStreamTest, DeletingTheConsumerEndsItsStream) {
  MakeConsumer("siem", "", 0);
  MakeConsumer("stays", "", 0);
  const Stream stream = OpenWith("siem");
  const Stream other = OpenWith("stays");
  stream.Read();
  other.Read();

  v1::DeleteConsumerRequest request;
  request.set_name("consumers/siem");
  v1::DeleteConsumerResponse response;
  ASSERT_TRUE(stub_->DeleteConsumer(AsOperator().get(), request, &response).ok());

  EXPECT_EQ(stream.Finish().error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(other.Read().complete_through(), response.revision());
}

TEST_F(ConsumerStreamTest, IsConnectedWhileAStreamIsOpenAndActiveSinceThen) {
  MakeConsumer("siem", "", 0);
  EXPECT_FALSE(Get("siem").connected());
  EXPECT_FALSE(Get("siem").has_active_time());
  const Stream stream = OpenWith("siem");
  stream.Read();
  EXPECT_TRUE(Get("siem").connected());
  MakeWorkspace("later");  // which is behind the note in the queue
  EXPECT_EQ(Get("siem").active_time().seconds(), absl::ToUnixSeconds(authority_.clock().Now()));

  stream.context->TryCancel();
  stream.Finish();

  while (Get("siem").connected()) {
  }
}

TEST_F(ConsumerStreamTest, BeginsBeforeWhatThePlanGivesOnlyWhereItHoldsThat) {
  MakeConsumer("forgets", "workspaces/acme", 0);
  MakeConsumer("holds", "workspaces/other", 0, /*holds=*/true);
  authority_.clock().Advance(absl::Hours(24 * 31));
  const std::uint64_t young = MakeWorkspace("later") - 1;  // with its owner, two events

  const grpc::Status refused = OpenWith("forgets").Finish();

  EXPECT_EQ(refused.error_code(), grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(ErrorInfoOf(refused).metadata().at("oldest"), std::to_string(young));
  EXPECT_EQ(OpenWith("holds").Read().events(0).workspace(), "workspaces/other");
  Acknowledge("forgets", young - 1);
  EXPECT_EQ(OpenWith("forgets").Read().complete_through(), young + 1);
}

TEST_F(ConsumerStreamTest, TakesNoOtherStartAndNoFilter) {
  MakeConsumer("siem", "", 0);
  v1::SubscribeRequest after;
  after.set_consumer("consumers/siem");
  after.set_after_revision(1);
  v1::SubscribeRequest now;
  now.set_consumer("consumers/siem");
  now.set_from_now(true);
  v1::SubscribeRequest filter;
  filter.set_consumer("consumers/siem");
  filter.mutable_filter()->set_workspace("workspaces/acme");
  v1::SubscribeRequest name;
  name.set_consumer("nonsense");
  for (const auto& request : {after, now, filter, name}) {
    EXPECT_EQ(Open(request).Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT)
        << request.DebugString();
  }
  EXPECT_EQ(OpenWith("none").Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace latchkey::testing
