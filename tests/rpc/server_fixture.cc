#include "tests/rpc/server_fixture.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "latchkey/v1/directory_service.grpc.pb.h"
#include "latchkey/v1/token_service.grpc.pb.h"

namespace latchkey::testing {

void ServerTest::StartServer(rpc::Server::Settings settings) {
  if (settings.addresses.empty()) settings.addresses = {"127.0.0.1:0"};
  auto server = rpc::Server::Create({*authority_, logger_, entropy_, std::move(settings)});
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  const absl::Status started = server_->Start();
  ASSERT_TRUE(started.ok()) << started;
}

void ServerTest::TearDown() {
  if (server_ != nullptr) server_->Shutdown(absl::Seconds(5));
}

std::shared_ptr<grpc::Channel> ServerTest::NewChannel() const {
  return grpc::CreateChannel(server_->address(0), grpc::InsecureChannelCredentials());
}

std::unique_ptr<grpc::ClientContext> ServerTest::AsNobody() const {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  return context;
}

std::unique_ptr<grpc::ClientContext> ServerTest::As(absl::string_view secret) const {
  auto context = AsNobody();
  context->AddMetadata("authorization", absl::StrCat("Bearer ", secret));
  return context;
}

std::uint64_t ServerTest::MakeWorkspace(absl::string_view id) const {
  v1::CreateWorkspaceRequest request;
  v1::CreateWorkspaceResponse response;
  request.set_workspace_id(std::string(id));
  request.mutable_workspace()->set_plan(v1::PLAN_FREE);
  request.set_primary_owner_id("owner");
  const grpc::Status status =
      NewStub<v1::DirectoryService>()->CreateWorkspace(AsOperator().get(), request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.revision();
}

void ServerTest::MakeMember(absl::string_view workspace, absl::string_view id,
                            v1::Role role) const {
  v1::CreateMemberRequest request;
  v1::CreateMemberResponse response;
  request.set_parent(absl::StrCat("workspaces/", workspace));
  request.set_member_id(std::string(id));
  request.mutable_member()->set_role(role);
  const grpc::Status status =
      NewStub<v1::DirectoryService>()->CreateMember(AsOperator().get(), request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
}

void ServerTest::MakeService(absl::string_view id, v1::ServiceRole role,
                             const std::string& uri_san) const {
  v1::CreateServiceRequest request;
  v1::CreateServiceResponse response;
  request.set_service_id(std::string(id));
  request.mutable_service()->add_roles(role);
  if (!uri_san.empty()) request.mutable_service()->add_uri_sans(uri_san);
  const grpc::Status status =
      NewStub<v1::DirectoryService>()->CreateService(AsOperator().get(), request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
}

std::string ServerTest::IssueServiceToken(absl::string_view service, absl::Duration life) const {
  v1::IssueTokenRequest request;
  v1::IssueTokenResponse response;
  request.set_parent(absl::StrCat("services/", service));
  request.set_kind(v1::TOKEN_KIND_SERVICE);
  if (life > absl::ZeroDuration()) {
    request.mutable_expire_time()->set_seconds(
        absl::ToUnixSeconds(authority_.clock().Now() + life));
  }
  const grpc::Status status =
      NewStub<v1::TokenService>()->IssueToken(AsOperator().get(), request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.issued_token().secret();
}

google::rpc::Status DetailsOf(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  EXPECT_EQ(details.code(), static_cast<int>(status.error_code())) << status.error_message();
  return details;
}

google::rpc::ErrorInfo ErrorInfoOf(const grpc::Status& status) {
  google::rpc::ErrorInfo info;
  int count = 0;
  const google::rpc::Status details = DetailsOf(status);
  for (const auto& any : details.details()) {
    if (any.UnpackTo(&info)) ++count;
  }
  EXPECT_EQ(count, 1) << "ErrorInfo details in: " << status.error_message();
  EXPECT_EQ(info.domain(), "latchkey");
  return info;
}

}  // namespace latchkey::testing
