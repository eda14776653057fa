#include <string>
#include <thread>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "latchkey/v1/token_service.grpc.pb.h"
#include "latchkey/v1/verifier_service.grpc.pb.h"
#include "tests/rpc/server_fixture.h"

namespace latchkey::testing {
namespace {

class VerifyTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    MakeService("gateway", v1::SERVICE_ROLE_VERIFIER);
    secret_ = IssueServiceToken("gateway");
    stub_ = NewStub<v1::VerifierService>();
  }

  grpc::Status Verify(const std::string& secret, v1::VerifyResponse& response,
                      std::uint64_t min_revision = 0) const {
    v1::VerifyRequest request;
    request.set_secret(secret);
    request.set_min_revision(min_revision);
    return stub_->Verify(As(secret_).get(), request, &response);
  }

  std::string secret_;  // of a service that may verify
  std::unique_ptr<v1::VerifierService::Stub> stub_;
};

TEST_F(VerifyTest, ALiveSecretIsActiveAndSaysForWhom) {
  v1::VerifyResponse response;

  const grpc::Status status = Verify(secret_, response);

  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.verification().status(), v1::VERIFY_STATUS_ACTIVE);
  EXPECT_EQ(response.verification().service(), "services/gateway");
  EXPECT_EQ(response.revision(), authority_->events().newest());
}

TEST_F(VerifyTest, ABadSecretIsAnAnswerWithItsReason) {
  v1::VerifyResponse response;

  ASSERT_TRUE(Verify("not a secret", response).ok());

  EXPECT_EQ(response.verification().status(), v1::VERIFY_STATUS_INACTIVE);
  EXPECT_EQ(response.verification().inactive_reason(), v1::INACTIVE_REASON_MALFORMED);
}

TEST_F(VerifyTest, ARevocationIsSeenByTheNextVerify) {
  MakeService("other", v1::SERVICE_ROLE_AUDITOR);
  const std::string other = IssueServiceToken("other");
  v1::VerifyResponse response;
  ASSERT_TRUE(Verify(other, response).ok());
  ASSERT_EQ(response.verification().status(), v1::VERIFY_STATUS_ACTIVE);

  v1::RevokeTokenRequest revoke;
  v1::RevokeTokenResponse revoked;
  revoke.set_secret(other);
  ASSERT_TRUE(NewStub<v1::TokenService>()->RevokeToken(AsNobody().get(), revoke, &revoked).ok());

  ASSERT_TRUE(Verify(other, response, revoked.revision()).ok());
  EXPECT_EQ(response.verification().status(), v1::VERIFY_STATUS_INACTIVE);
  EXPECT_EQ(response.verification().inactive_reason(), v1::INACTIVE_REASON_REVOKED);
}

TEST_F(VerifyTest, ManySecretsArePresentedWithoutCredentialsOrWithDeadOnes) {
  MakeService("other", v1::SERVICE_ROLE_AUDITOR);
  const std::string first = IssueServiceToken("other");
  const std::string second = IssueServiceToken("other");
  const auto stub = NewStub<v1::TokenService>();
  v1::RevokeTokenRequest revoke;
  v1::RevokeTokenResponse revoked;
  revoke.mutable_secrets()->add_secrets(first);
  ASSERT_TRUE(stub->RevokeToken(AsNobody().get(), revoke, &revoked).ok());

  revoke.mutable_secrets()->add_secrets(second);
  const grpc::Status by_dead = stub->RevokeToken(As(first).get(), revoke, &revoked);

  ASSERT_TRUE(by_dead.ok()) << by_dead.error_message();
  v1::VerifyResponse response;
  for (const std::string& secret : {first, second}) {
    ASSERT_TRUE(Verify(secret, response, revoked.revision()).ok());
    EXPECT_EQ(response.verification().inactive_reason(), v1::INACTIVE_REASON_REVOKED);
  }
}

TEST_F(VerifyTest, AnAnswerLeavesNothingOfTheOneBefore) {
  v1::VerifyResponse response;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(Verify(i % 2 == 0 ? secret_ : "x", response).ok());
    EXPECT_EQ(response.verification().service().empty(), i % 2 != 0);
    EXPECT_EQ(response.verification().status(),
              i % 2 == 0 ? v1::VERIFY_STATUS_ACTIVE : v1::VERIFY_STATUS_INACTIVE);
  }
}

TEST_F(VerifyTest, ARevisionThatIsNotThereYetIsUnavailableAndSaysWhenToTryAgain) {
  v1::VerifyResponse response;

  const grpc::Status status = Verify(secret_, response, authority_->events().newest() + 1);

  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ErrorInfoOf(status).reason(), "REVISION_NOT_REACHED");
  EXPECT_TRUE(HasDetail<google::rpc::RetryInfo>(status));
}

TEST_F(VerifyTest, WhoMayNotVerifyIsDenied) {
  MakeService("auditor", v1::SERVICE_ROLE_AUDITOR);
  const std::string auditor = IssueServiceToken("auditor");
  v1::VerifyResponse response;

  const grpc::Status denied = stub_->Verify(As(auditor).get(), {}, &response);
  const grpc::Status nobody = stub_->Verify(AsNobody().get(), {}, &response);

  EXPECT_EQ(denied.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(ErrorInfoOf(denied).reason(), "DENIED");
  EXPECT_EQ(nobody.error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(VerifyTest, AVerifierWhoseOwnTokenIsRevokedIsRefusedByTheNextVerify) {
  v1::VerifyResponse response;
  ASSERT_TRUE(Verify("x", response).ok());
  ASSERT_TRUE(Verify("x", response).ok());

  v1::RevokeTokenRequest revoke;
  v1::RevokeTokenResponse revoked;
  revoke.set_secret(secret_);
  ASSERT_TRUE(NewStub<v1::TokenService>()->RevokeToken(AsNobody().get(), revoke, &revoked).ok());

  EXPECT_EQ(Verify("x", response).error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(VerifyTest, AVerifierWhoseOwnTokenExpiresIsRefusedByTheNextVerify) {
  secret_ = IssueServiceToken("gateway", absl::Hours(1));
  v1::VerifyResponse response;
  ASSERT_TRUE(Verify("x", response).ok());
  ASSERT_TRUE(Verify("x", response).ok());

  authority_.clock().Advance(absl::Hours(2));

  EXPECT_EQ(Verify("x", response).error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(VerifyTest, AVerifierWithASupersededSecretIsRefusedOnceTheNewOneWasUsed) {
  v1::VerifyResponse response;
  ASSERT_TRUE(Verify(secret_, response).ok());
  v1::RegenerateTokenRequest regenerate;
  regenerate.set_name(response.verification().token());
  regenerate.mutable_grace()->set_seconds(3600);
  v1::RegenerateTokenResponse regenerated;
  const grpc::Status replaced =
      NewStub<v1::TokenService>()->RegenerateToken(AsOperator().get(), regenerate, &regenerated);
  ASSERT_TRUE(replaced.ok()) << replaced.error_message();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Verify("x", response).ok());

  const std::string& present = regenerated.issued_token().secret();
  ASSERT_TRUE(stub_->Verify(As(present).get(), {}, &response).ok());

  EXPECT_EQ(Verify("x", response).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_TRUE(stub_->Verify(As(present).get(), {}, &response).ok());
}

TEST_F(VerifyTest, WhoIsTrustedIsNotMistakenForAnother) {
  v1::VerifyResponse response;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(Verify("x", response).ok());
    ASSERT_TRUE(stub_->Verify(AsOperator().get(), {}, &response).ok());
    std::string other = secret_;
    other.back() = other.back() == 'a' ? 'b' : 'a';
    EXPECT_EQ(stub_->Verify(As(other).get(), {}, &response).error_code(),
              grpc::StatusCode::UNAUTHENTICATED);
  }
}

TEST_F(VerifyTest, ABatchIsAnsweredInOrder) {
  v1::BatchVerifyRequest request;
  v1::BatchVerifyResponse response;
  for (int i = 0; i < 100; ++i) request.add_secrets(i % 3 == 0 ? secret_ : "x");

  const grpc::Status status = stub_->BatchVerify(As(secret_).get(), request, &response);

  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.verifications_size(), 100);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(response.verifications(i).status(),
              i % 3 == 0 ? v1::VERIFY_STATUS_ACTIVE : v1::VERIFY_STATUS_INACTIVE);
  }
}

TEST_F(VerifyTest, ABatchHoldsAtMostAThousand) {
  v1::BatchVerifyRequest request;
  v1::BatchVerifyResponse response;
  for (int i = 0; i < 1000; ++i) request.add_secrets("x");
  EXPECT_TRUE(stub_->BatchVerify(As(secret_).get(), request, &response).ok());
  EXPECT_EQ(response.verifications_size(), 1000);

  request.add_secrets("x");
  const grpc::Status status = stub_->BatchVerify(As(secret_).get(), request, &response);

  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ErrorInfoOf(status).reason(), "INVALID_FIELD");
  EXPECT_TRUE(HasDetail<google::rpc::BadRequest>(status));
}

TEST_F(VerifyTest, AMessageOverAMebibyteIsRefused) {
  v1::BatchVerifyRequest request;
  v1::BatchVerifyResponse response;
  request.add_secrets(std::string(1 << 20, 'x'));

  const grpc::Status status = stub_->BatchVerify(As(secret_).get(), request, &response);

  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ErrorInfoOf(status).reason(), "TOO_LARGE");
  EXPECT_TRUE(
      stub_->Verify(As(secret_).get(), {}, std::make_unique<v1::VerifyResponse>().get()).ok());
}

TEST_F(VerifyTest, ManyCallersAreServedAtOnceBeyondThePool) {
  constexpr int kCallers = 8;
  std::vector<std::thread> callers;
  callers.reserve(kCallers);
  std::atomic<int> good{0};
  for (int i = 0; i < kCallers; ++i) {
    callers.emplace_back([&] {
      for (int j = 0; j < 100; ++j) {
        v1::VerifyResponse response;
        if (Verify(secret_, response).ok()) ++good;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();

  EXPECT_EQ(good.load(), 800);
}

}  // namespace
}  // namespace latchkey::testing
