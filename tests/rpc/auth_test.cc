#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "latchkey/v1/directory_service.grpc.pb.h"
#include "latchkey/v1/token_service.grpc.pb.h"
#include "server/rpc/credentials.h"
#include "server/secret/new_secret.h"
#include "tests/rpc/server_fixture.h"
#include "tests/testing/fake_entropy.h"

namespace latchkey::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class AuthTest : public ServerTest {
 protected:
  grpc::Status List(grpc::ClientContext& context) const {
    v1::ListWorkspacesResponse response;
    return NewStub<v1::DirectoryService>()->ListWorkspaces(&context, {}, &response);
  }
  grpc::Status ListWithHeader(const std::string& authorization) const {
    const auto context = AsNobody();
    context->AddMetadata("authorization", authorization);
    return List(*context);
  }
};

TEST_F(AuthTest, TheSchemeIsReadInAnyCase) {
  for (const char* scheme : {"Bearer ", "bearer ", "BEARER ", "bEaReR  "}) {
    const grpc::Status status = ListWithHeader(scheme + authority_.operator_secret());
    EXPECT_TRUE(status.ok()) << scheme << status.error_message();
  }
}

TEST_F(AuthTest, AHeaderOfAnotherFormIsUnauthenticatedAndNotRepeated) {
  const std::string secret = authority_.operator_secret();
  for (const std::string& header :
       {absl::StrCat("Basic ", secret), secret, absl::StrCat("Bearer", secret),
        absl::StrCat("Bearer ", secret, " ", secret), std::string("Bearer "), std::string(""),
        absl::StrCat("Bearer ", secret, "x")}) {
    const grpc::Status status = ListWithHeader(header);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED) << header;
    EXPECT_EQ(ErrorInfoOf(status).reason(), "UNAUTHENTICATED") << header;
    EXPECT_THAT(status.error_message(), Not(HasSubstr(secret)));
    EXPECT_THAT(status.error_details(), Not(HasSubstr(secret)));
  }
  // Who tries them is counted, all but the header that is empty.
  authority_.clock().Advance(absl::Minutes(2));
  authority_->Tick();
  // Its answer comes behind what the tick wrote.
  v1::CreateServiceRequest behind;
  behind.set_service_id("behind");
  behind.mutable_service()->add_roles(v1::SERVICE_ROLE_VERIFIER);
  ASSERT_TRUE(authority_.Call(TestAuthority::Operator(), behind).ok());
  v1::ListEventsRequest list;
  list.mutable_filter()->add_actions(v1::ACTION_AUTHENTICATION_FAIL);
  const auto events = authority_->Read(TestAuthority::Operator(), list);
  ASSERT_TRUE(events.ok()) << events.status();
  ASSERT_EQ(events->events_size(), 1);
  EXPECT_EQ(events->events(0).summary().count(), 6U);
}

TEST_F(AuthTest, TwoCredentialsAreUnauthenticatedEvenIfBothAreGood) {
  const auto context = AsOperator();
  context->AddMetadata("authorization", absl::StrCat("Bearer ", authority_.operator_secret()));

  const grpc::Status status = List(*context);

  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(status.error_message(), HasSubstr("more than one"));
}

TEST_F(AuthTest, NobodyIsUnauthenticated) {
  const grpc::Status status = List(*AsNobody());

  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(ErrorInfoOf(status).metadata().at("rule"), "caller.unauthenticated");
}

TEST_F(AuthTest, OnBehalfOfWithoutCredentialsIsUnauthenticated) {
  const auto context = AsNobody();
  context->AddMetadata("latchkey-on-behalf-of", "workspaces/acme/members/ann");

  EXPECT_EQ(List(*context).error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(AuthTest, MoreMetadataThanTheServerTakesIsRefusedByName) {
  const auto context = AsOperator();
  context->AddMetadata("x-large", std::string(rpc::kMaxMetadataBytes, 'x'));

  const grpc::Status status = List(*context);

  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ErrorInfoOf(status).reason(), "TOO_LARGE");
  EXPECT_EQ(ErrorInfoOf(status).metadata().at("limit"), "4096");
}

TEST_F(AuthTest, FarTooMuchMetadataIsRefusedByTheTransport) {
  const auto context = AsOperator();
  context->AddMetadata("x-large", std::string(4 * rpc::kMaxMetadataBytes, 'x'));

  EXPECT_EQ(List(*context).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(AuthTest, AServiceTokenCallsUntilItIsRevokedWithItself) {
  MakeService("directory", v1::SERVICE_ROLE_DIRECTORY);
  const std::string secret = IssueServiceToken("directory");
  EXPECT_TRUE(List(*As(secret)).ok());

  v1::RevokeTokenRequest request;
  v1::RevokeTokenResponse response;
  request.set_secret(secret);
  const grpc::Status revoked =
      NewStub<v1::TokenService>()->RevokeToken(AsNobody().get(), request, &response);

  EXPECT_TRUE(revoked.ok()) << revoked.error_message();
  EXPECT_EQ(List(*As(secret)).error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(AuthTest, EndingALeakedSecretTakesNoCredentialsAndStaleOnesDoNotHinder) {
  MakeService("ci", v1::SERVICE_ROLE_VERIFIER);
  const std::string secret = IssueServiceToken("ci");
  v1::RevokeTokenRequest request;
  v1::RevokeTokenResponse response;
  request.set_secret(secret);

  const grpc::Status status =
      NewStub<v1::TokenService>()->RevokeToken(As("nonsense").get(), request, &response);

  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(List(*As(secret)).error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST(CredentialsTest, AUserAgentIsKeptPrintableAndShort) {
  FakeEntropy entropy;
  EXPECT_EQ(rpc::CleanUserAgent("latchkey/1 \x01\x7f\xc3\xa9grpc"), "latchkey/1 grpc");
  EXPECT_EQ(rpc::CleanUserAgent(std::string(1000, 'a')).size(), rpc::kMaxUserAgentBytes);
  const secret::SecretString secret = secret::GenerateSecret("lkb", entropy);
  for (const std::size_t before : {std::size_t{0}, rpc::kMaxUserAgentBytes - 52}) {
    const std::string kept =
        rpc::CleanUserAgent(absl::StrCat(std::string(before, 'a'), " ", secret.Reveal()));
    EXPECT_EQ(kept.find("lkb_"), std::string::npos) << kept;
  }
}

}  // namespace
}  // namespace latchkey::testing
