// A stream that comes to be farther back than its workspace's plan reaches.
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/authority/actions.h"
#include "storage/transaction.h"
#include "tests/rpc/open_stream.h"
#include "tests/rpc/server_fixture.h"

namespace latchkey::testing {
namespace {

constexpr std::uint64_t kEvents = 550;
constexpr std::size_t kEventBytes = 200'000;  // so that a FREE workspace's readers get some 340

void WriteEvents(engine::Engine& engine) {
  for (std::uint64_t i = 0; i < kEvents; ++i) {
    auto transaction =
        *storage::Transaction::Begin(std::make_unique<storage::View>(engine.NewSnapshot()));
    v1::Event event;
    event.set_workspace("workspaces/acme");
    event.set_reason(std::string(kEventBytes, 'r'));
    *event.mutable_time() = ToProto(FakeClock().Now());
    transaction->Append(std::move(event));
    transaction->Keep();
    ASSERT_TRUE(engine.Commit(*transaction->ToBatch()).ok());
  }
}

class SubscribeReachTest : public ServerTest {
 protected:
  SubscribeReachTest() : ServerTest(&WriteEvents) {}

  void SetUp() override {
    ServerTest::SetUp();
    stub_ = NewStub<v1::AuditService>();
    v1::CreateWorkspaceRequest request;
    request.set_workspace_id("acme");
    request.mutable_workspace()->set_plan(v1::PLAN_STANDARD);
    request.set_primary_owner_id("ann");
    ASSERT_TRUE(authority_.Call(TestAuthority::Operator(), request).ok());
    authority_->Tick();
  }
  // After what was counted in the tick before it.
  void ChangePlan(v1::Plan plan) {
    v1::UpdateWorkspaceRequest request;
    request.mutable_workspace()->set_name("workspaces/acme");
    request.mutable_workspace()->set_plan(plan);
    request.mutable_update_mask()->add_paths("plan");
    ASSERT_TRUE(authority_.Call(TestAuthority::Operator(), request).ok());
  }
  std::unique_ptr<OpenStream> OpenAfter(std::uint64_t revision) {
    v1::SubscribeRequest request;
    request.set_after_revision(revision);
    request.mutable_filter()->set_workspace("workspaces/acme");
    return std::make_unique<OpenStream>(*stub_, AsOperator(), request);
  }

 private:
  std::unique_ptr<v1::AuditService::Stub> stub_;
};

TEST_F(SubscribeReachTest, ASlowStreamThatFallsBelowThePlanEndsAndHasNoGap) {
  const auto stream = OpenAfter(0);
  ASSERT_TRUE(stream->Read());

  ChangePlan(v1::PLAN_FREE);
  const grpc::Status status = stream->Finish();

  EXPECT_EQ(status.error_code(), grpc::StatusCode::OUT_OF_RANGE) << status.error_message();
  const auto metadata = ErrorInfoOf(status).metadata();
  const std::uint64_t oldest = std::stoull(metadata.at("oldest"));
  EXPECT_EQ(metadata.at("checkpoint"), *authority_->CheckpointAt(oldest - 1));
  const auto sequences = stream->sequences();
  for (std::size_t i = 0; i < sequences.size(); ++i) ASSERT_EQ(sequences[i], i + 1);
  EXPECT_LT(stream->complete_through(), oldest - 1);

  const grpc::Status resumed = OpenAfter(stream->complete_through())->Finish();
  EXPECT_EQ(resumed.error_code(), grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(ErrorInfoOf(resumed).metadata().at("oldest"), absl::StrCat(oldest));
  // What is within is given to its end.
  const auto within = OpenAfter(oldest - 1);
  EXPECT_TRUE(within->ReadThrough(kEvents));
  EXPECT_EQ(within->sequences().front(), oldest);
}

}  // namespace
}  // namespace latchkey::testing
