#include "client/client.h"

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "client/error_details.h"
#include "client/grpc_status.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "tests/client/fake_server.h"
#include "tests/testing/status_matchers.h"

namespace latchkey {
namespace {

using ::testing::AllOf;
using testing::FakeServer;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::MakeWireError;
using ::testing::SizeIs;
using testing::StatusIs;

std::unique_ptr<Client> MakeClient(const FakeServer& server, ClientOptions options = {}) {
  options.target = server.target();
  auto client = Client::Create(std::move(options));
  EXPECT_THAT(client, IsOk());
  return *std::move(client);
}

TEST(ClientTest, TheCallersCredentialsGoWithEveryCall) {
  FakeServer server;
  server.Answer<v1::GetAppRequest>({});
  ClientOptions options;
  options.secret = SecretString("lks_secret");
  options.on_behalf_of = "workspaces/acme/members/ann";
  options.user_agent = "ci/7";
  const auto client = MakeClient(server, options);

  ASSERT_THAT(client->Call(v1::GetAppRequest()), IsOk());

  ASSERT_THAT(server.calls(), SizeIs(1));
  const auto call = server.calls()[0];
  EXPECT_EQ(call.header("authorization"), "Bearer lks_secret");
  EXPECT_EQ(call.header("latchkey-on-behalf-of"), "workspaces/acme/members/ann");
  EXPECT_THAT(call.header("user-agent"), AllOf(HasSubstr("ci/7"), HasSubstr("latchkey-client/")));
}

TEST(ClientTest, WithoutCredentialsThereAreNone) {
  FakeServer server;
  server.Answer<v1::GetAppRequest>({});
  ASSERT_THAT(MakeClient(server)->Call(v1::GetAppRequest()), IsOk());
  EXPECT_EQ(server.calls()[0].metadata.count("authorization"), 0u);
  EXPECT_EQ(server.calls()[0].metadata.count("latchkey-on-behalf-of"), 0u);
}

TEST(ClientTest, AMutationGetsARequestIdOfItsOwn) {
  FakeServer server;
  server.Answer<v1::CreateAppRequest>({});
  const auto client = MakeClient(server);

  ASSERT_THAT(client->Call(v1::CreateAppRequest()), IsOk());
  const std::string first = server.Last<v1::CreateAppRequest>().request_id();
  ASSERT_THAT(client->Call(v1::CreateAppRequest()), IsOk());
  const std::string second = server.Last<v1::CreateAppRequest>().request_id();

  EXPECT_THAT(first, SizeIs(36));
  EXPECT_NE(first, second);
}

TEST(ClientTest, AGivenRequestIdIsKept) {
  FakeServer server;
  server.Answer<v1::CreateAppRequest>({});
  v1::CreateAppRequest request;
  request.set_request_id("mine");
  ASSERT_THAT(MakeClient(server)->Call(request), IsOk());
  EXPECT_EQ(server.Last<v1::CreateAppRequest>().request_id(), "mine");
}

TEST(ClientTest, RevokingByNameGetsARequestIdAndByPresentingTheSecretDoesNot) {
  FakeServer server;
  server.Answer<v1::RevokeTokenRequest>({});
  const auto client = MakeClient(server);

  v1::RevokeTokenRequest request;
  request.set_secret("lkt_secret");
  ASSERT_THAT(client->Call(request), IsOk());
  EXPECT_EQ(server.Last<v1::RevokeTokenRequest>().request_id(), "");
  request.mutable_secrets()->add_secrets("lkt_secret");
  ASSERT_THAT(client->Call(request), IsOk());
  EXPECT_EQ(server.Last<v1::RevokeTokenRequest>().request_id(), "");

  request.set_name("workspaces/acme/tokens/t1");
  ASSERT_THAT(client->Call(request), IsOk());
  EXPECT_THAT(server.Last<v1::RevokeTokenRequest>().request_id(), SizeIs(36));
}

TEST(ClientTest, AnErrorComesWithItsDetails) {
  google::rpc::BadRequest violations;
  auto* violation = violations.add_field_violations();
  violation->set_field("app_id");
  violation->set_description("is empty");
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(3);
  FakeServer server;
  server.Fail<v1::CreateAppRequest>(MakeWireError(absl::StatusCode::kInvalidArgument,
                                                  "INVALID_FIELD", "app_id is empty",
                                                  {{"rule", "some.rule"}}, {&violations, &retry}));

  const absl::Status status = MakeClient(server)->Call(v1::CreateAppRequest()).status();

  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, "app_id is empty"));
  EXPECT_EQ(GetErrorReason(status), v1::ERROR_REASON_INVALID_FIELD);
  EXPECT_EQ(GetErrorMetadata(status, "rule"), "some.rule");
  EXPECT_EQ(GetErrorMetadata(status, "other"), "");
  const auto bad_request = GetErrorDetail<google::rpc::BadRequest>(status);
  ASSERT_TRUE(bad_request.has_value());
  EXPECT_EQ(bad_request->field_violations(0).field(), "app_id");
  EXPECT_EQ(GetErrorDetail<google::rpc::RetryInfo>(status)->retry_delay().seconds(), 3);
  EXPECT_FALSE(GetErrorDetail<google::rpc::PreconditionFailure>(status).has_value());
}

TEST(ClientTest, ForeignAndBrokenDetailsSayNothing) {
  google::rpc::ErrorInfo foreign;
  foreign.set_reason("DENIED");
  foreign.set_domain("example.org");
  google::rpc::Status wire;
  wire.add_details()->PackFrom(foreign);
  EXPECT_EQ(
      GetErrorReason(FromGrpcStatus({grpc::StatusCode::INTERNAL, "no", wire.SerializeAsString()})),
      v1::ERROR_REASON_UNSPECIFIED);

  const absl::Status broken = FromGrpcStatus({grpc::StatusCode::INTERNAL, "no", "\xff\xff\xff"});
  EXPECT_THAT(broken, StatusIs(absl::StatusCode::kInternal, "no"));
  EXPECT_EQ(GetErrorReason(broken), v1::ERROR_REASON_UNSPECIFIED);
}

TEST(ClientTest, EveryCodeStays) {
  for (int code = 1; code <= 16; ++code) {
    EXPECT_THAT(FromGrpcStatus(grpc::Status(static_cast<grpc::StatusCode>(code), "text")),
                StatusIs(static_cast<absl::StatusCode>(code), "text"));
  }
  EXPECT_THAT(FromGrpcStatus(grpc::Status::OK), IsOk());
}

TEST(ClientTest, UnavailableIsTriedAgainWithTheSameRequestId) {
  FakeServer server;
  std::atomic<int> attempts = 0;
  server.On<v1::IssueTokenRequest>([&](const auto&, auto&) {
    return ++attempts < 3 ? absl::UnavailableError("not now") : absl::OkStatus();
  });

  EXPECT_THAT(MakeClient(server)->Call(v1::IssueTokenRequest()), IsOk());

  ASSERT_THAT(server.calls(), SizeIs(3));
  std::set<std::string> ids;
  for (const auto& call : server.calls()) {
    ids.insert(call.As<v1::IssueTokenRequest>().request_id());
  }
  EXPECT_THAT(ids, SizeIs(1));
}

TEST(ClientTest, OtherErrorsAndCallsThatAreNotSafeAreNotTriedAgain) {
  FakeServer server;
  server.Fail<v1::GetAppRequest>(absl::InternalError("no"));
  server.Fail<v1::AcknowledgeRequest>(absl::UnavailableError("no"));
  const auto client = MakeClient(server);

  EXPECT_THAT(client->Call(v1::GetAppRequest()), StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(client->Call(v1::AcknowledgeRequest()), StatusIs(absl::StatusCode::kUnavailable));

  EXPECT_THAT(server.calls(), SizeIs(2));
}

TEST(ClientTest, ACallEndsWhenItsTimeIsOver) {
  FakeServer server;
  Mutex mu;
  CondVar changed;
  bool over = false;
  server.On<v1::GetAppRequest>([&](const auto&, auto&) {
    MutexLock lock(mu);
    while (!over) changed.Wait(mu);
    return absl::OkStatus();
  });
  CallOptions soon;
  soon.timeout = absl::Milliseconds(50);

  EXPECT_THAT(MakeClient(server)->Call(v1::GetAppRequest(), soon),
              StatusIs(absl::StatusCode::kDeadlineExceeded));

  MutexLock lock(mu);
  over = true;
  changed.NotifyAll();
}

TEST(ClientTest, NobodyThereIsUnavailable) {
  testing::TempDir dir;
  ClientOptions options;
  options.target = "unix:" + dir.Child("nobody");
  const auto client = Client::Create(std::move(options));
  ASSERT_THAT(client, IsOk());
  const absl::Status status = (*client)->Call(v1::GetAppRequest()).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(GetErrorReason(status), v1::ERROR_REASON_UNSPECIFIED);
}

TEST(ClientTest, HealthIsACallLikeOthers) {
  FakeServer server;
  grpc::health::v1::HealthCheckResponse serving;
  serving.set_status(grpc::health::v1::HealthCheckResponse::SERVING);
  server.Answer<grpc::health::v1::HealthCheckRequest>(serving);
  const auto answer = MakeClient(server)->Call(grpc::health::v1::HealthCheckRequest());
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->status(), grpc::health::v1::HealthCheckResponse::SERVING);
}

TEST(UnaryCallsTest, EveryUnaryMethodOfTheContractIsOffered) {
  std::set<std::string> offered;
#define LATCHKEY_TEST_NAME_(Service, Method) offered.insert("latchkey.v1." #Service "." #Method);
  LATCHKEY_UNARY_CALLS(LATCHKEY_TEST_NAME_)
#undef LATCHKEY_TEST_NAME_

  std::set<std::string> contract;
  for (const auto* file :
       {v1::GetStatusRequest::descriptor()->file(), v1::GetAppRequest::descriptor()->file(),
        v1::GetEventRequest::descriptor()->file(), v1::GetMemberRequest::descriptor()->file(),
        v1::ListRulesRequest::descriptor()->file(), v1::GetTokenRequest::descriptor()->file(),
        v1::VerifyRequest::descriptor()->file()}) {
    ASSERT_EQ(file->service_count(), 1);
    for (int i = 0; i < file->service(0)->method_count(); ++i) {
      const auto& method = *file->service(0)->method(i);
      if (method.client_streaming() || method.server_streaming()) continue;
      contract.insert(method.full_name());
    }
  }
  EXPECT_EQ(offered, contract);
}

}  // namespace
}  // namespace latchkey
