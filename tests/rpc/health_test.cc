#include <memory>
#include <string>

#include "grpc/health/v1/health.grpc.pb.h"
#include "gtest/gtest.h"
#include "tests/rpc/server_fixture.h"

namespace latchkey::testing {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// One open watch.
struct Watch {
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientReader<HealthCheckResponse>> reader;

  // Returns the next status; UNKNOWN at the end.
  HealthCheckResponse::ServingStatus Next() const {
    HealthCheckResponse response;
    return reader->Read(&response) ? response.status() : HealthCheckResponse::UNKNOWN;
  }
};

class HealthTest : public ServerTest {
 protected:
  HealthCheckResponse::ServingStatus HealthOf(const std::string& service) const {
    HealthCheckRequest request;
    HealthCheckResponse response;
    request.set_service(service);
    EXPECT_TRUE(NewStub<Health>()->Check(AsNobody().get(), request, &response).ok()) << service;
    return response.status();
  }

  Watch Open(const std::string& service) const {
    HealthCheckRequest request;
    request.set_service(service);
    Watch watch{AsNobody(), nullptr};
    watch.reader = stub_->Watch(watch.context.get(), request);
    return watch;
  }

  void SetUp() override {
    ServerTest::SetUp();
    stub_ = NewStub<Health>();
  }

  std::unique_ptr<Health::Stub> stub_;
};

TEST_F(HealthTest, WhileTheStoreDoesNotWriteVerifyStaysServing) {
  EXPECT_EQ(HealthOf("latchkey.v1.TokenService"), HealthCheckResponse::SERVING);

  server_->SetWritable(false);

  EXPECT_EQ(HealthOf("latchkey.v1.TokenService"), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(HealthOf("latchkey.v1.AppService"), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(HealthOf("latchkey.v1.DirectoryService"), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(HealthOf("latchkey.v1.VerifierService"), HealthCheckResponse::SERVING);
  EXPECT_EQ(HealthOf("latchkey.v1.AuditService"), HealthCheckResponse::SERVING);
  EXPECT_EQ(HealthOf(""), HealthCheckResponse::SERVING);

  server_->SetWritable(true);

  EXPECT_EQ(HealthOf("latchkey.v1.TokenService"), HealthCheckResponse::SERVING);
}

TEST_F(HealthTest, AServiceThatIsNotThereIsNotFound) {
  HealthCheckRequest request;
  HealthCheckResponse response;
  request.set_service("latchkey.v1.Nonsense");

  EXPECT_EQ(stub_->Check(AsNobody().get(), request, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Open("latchkey.v1.Nonsense").Next(), HealthCheckResponse::SERVICE_UNKNOWN);
}

TEST_F(HealthTest, AWatchSeesEachChangeAndTheEnd) {
  const Watch tokens = Open("latchkey.v1.TokenService");
  ASSERT_EQ(tokens.Next(), HealthCheckResponse::SERVING);

  server_->SetWritable(false);
  EXPECT_EQ(tokens.Next(), HealthCheckResponse::NOT_SERVING);
  server_->SetWritable(true);
  EXPECT_EQ(tokens.Next(), HealthCheckResponse::SERVING);
  server_->Shutdown(absl::Seconds(10));

  EXPECT_EQ(tokens.Next(), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(tokens.Next(), HealthCheckResponse::UNKNOWN);
  const grpc::Status status = tokens.reader->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ErrorInfoOf(status).reason(), "SHUTTING_DOWN");
}

TEST_F(HealthTest, WatchRefusesALongNameAndARequestOverAMebibyte) {
  const Watch named = Open(std::string(257, 'n'));
  EXPECT_EQ(named.Next(), HealthCheckResponse::UNKNOWN);
  EXPECT_EQ(named.reader->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);

  HealthCheckRequest request;
  request.GetReflection()->MutableUnknownFields(&request)->AddLengthDelimited(
      99, std::string(std::size_t{1} << 20, 'x'));
  const auto context = AsNobody();
  const auto reader = stub_->Watch(context.get(), request);
  HealthCheckResponse response;
  EXPECT_FALSE(reader->Read(&response));
  const grpc::Status status = reader->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ErrorInfoOf(status).reason(), "TOO_LARGE");
}

TEST_F(HealthTest, OneWatchTooManyIsRefused) {
  server_->Shutdown(absl::Seconds(5));
  rpc::Server::Settings settings;
  settings.max_subscribers = 1;
  StartServer(settings);
  stub_ = NewStub<Health>();
  const Watch first = Open("");
  ASSERT_EQ(first.Next(), HealthCheckResponse::SERVING);

  const Watch second = Open("");

  EXPECT_EQ(second.Next(), HealthCheckResponse::UNKNOWN);
  EXPECT_EQ(second.reader->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  first.context->TryCancel();
  EXPECT_EQ(first.Next(), HealthCheckResponse::UNKNOWN);
}

}  // namespace
}  // namespace latchkey::testing
