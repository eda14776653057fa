#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpcpp/generic/generic_stub.h"
#include "gtest/gtest.h"
#include "latchkey/v1/audit_service.grpc.pb.h"
#include "latchkey/v1/directory_service.grpc.pb.h"
#include "latchkey/v1/verifier_service.grpc.pb.h"
#include "tests/rpc/server_fixture.h"

namespace latchkey::testing {
namespace {

using Health = grpc::health::v1::Health;
using grpc::health::v1::HealthCheckResponse;

class ShutdownTest : public ServerTest {
 protected:
  // Shuts down and fails where that takes longer than a test can wait.
  void ShutdownInTime(absl::Duration grace) {
    auto done = std::async(std::launch::async, [&] { server_->Shutdown(grace); });
    ASSERT_EQ(done.wait_for(std::chrono::seconds(30)), std::future_status::ready);
  }
};

TEST_F(ShutdownTest, EveryStreamEndsWithUnavailableAndWhenToTryAgain) {
  const auto stub = NewStub<v1::AuditService>();
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::SubscribeResponse>>> readers;
  for (int i = 0; i < 10; ++i) {
    contexts.push_back(AsOperator());
    readers.push_back(stub->Subscribe(contexts.back().get(), {}));
    v1::SubscribeResponse response;
    ASSERT_TRUE(readers.back()->Read(&response));
  }

  ShutdownInTime(absl::Seconds(10));

  for (auto& reader : readers) {
    const grpc::Status status = reader->Finish();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
    EXPECT_EQ(ErrorInfoOf(status).reason(), "SHUTTING_DOWN");
    EXPECT_TRUE(HasDetail<google::rpc::RetryInfo>(status));
  }
}

TEST_F(ShutdownTest, ReturnsWithEveryKindOfCallParked) {
  // A subscriber that never reads, and more for it than the transport takes.
  std::uint64_t last = MakeWorkspace("acme");
  const auto directory = NewStub<v1::DirectoryService>();
  const auto audit = NewStub<v1::AuditService>();
  const auto subscribed = AsOperator();
  const auto reader = audit->Subscribe(subscribed.get(), {});
  for (int i = 0; i < 500; ++i) {
    v1::UpdateWorkspaceRequest request;
    v1::UpdateWorkspaceResponse response;
    request.mutable_workspace()->set_name("workspaces/acme");
    request.mutable_workspace()->set_display_name(
        std::string(250, static_cast<char>('a' + i % 26)));
    request.mutable_update_mask()->add_paths("display_name");
    ASSERT_TRUE(directory->UpdateWorkspace(AsOperator().get(), request, &response).ok());
    last = response.revision();
  }
  // A health watch and a reflection call that stay open.
  const auto health = NewStub<Health>();
  const auto watching = AsNobody();
  const auto watch = health->Watch(watching.get(), {});
  HealthCheckResponse first;
  ASSERT_TRUE(watch->Read(&first));
  grpc::GenericStub generic(NewChannel());
  grpc::CompletionQueue queue;
  const auto reflecting = AsNobody();
  const auto reflection = generic.PrepareCall(
      reflecting.get(), "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  reflection->StartCall(reinterpret_cast<void*>(1));
  void* tag = nullptr;
  bool ok = false;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  EXPECT_GT(last, 500u);

  ShutdownInTime(absl::Milliseconds(500));

  reflecting->TryCancel();
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
}

TEST_F(ShutdownTest, CallsThatComeDuringItAreUnavailable) {
  const auto channel = NewChannel();
  const auto stub = v1::VerifierService::NewStub(channel);
  v1::VerifyResponse response;
  ASSERT_TRUE(stub->Verify(AsOperator().get(), {}, &response).ok());

  ShutdownInTime(absl::Seconds(5));

  const grpc::Status status = stub->Verify(AsOperator().get(), {}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ShutdownTest, AServerThatWasNeverStartedGoesAway) {
  auto other = rpc::Server::Create(
      {*authority_, logger_, entropy_, rpc::Server::Settings{.addresses = {"127.0.0.1:0"}}});
  ASSERT_TRUE(other.ok());
}

TEST_F(ShutdownTest, AnAddressInUseIsUnavailable) {
  auto other = rpc::Server::Create(
      {*authority_, logger_, entropy_, rpc::Server::Settings{.addresses = {server_->address(0)}}});
  ASSERT_TRUE(other.ok());

  EXPECT_EQ((*other)->Start().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace latchkey::testing
