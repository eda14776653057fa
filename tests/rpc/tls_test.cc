#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "gtest/gtest.h"
#include "latchkey/v1/directory_service.grpc.pb.h"
#include "tests/rpc/server_fixture.h"
#include "tests/rpc/test_certificates.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace latchkey::testing {
namespace {

using ::testing::HasSubstr;

constexpr char kServiceUri[] = "spiffe://acme/directory";

class TlsTest : public ServerTest {
 protected:
  void SetUp() override {
    Write("cert.pem", server_identity_.cert);
    Write("key.pem", server_identity_.key);
    Write("ca.pem", ca_.cert());
  }

  void Write(const std::string& name, const std::string& content) const {
    std::ofstream(dir_.Child(name), std::ios::binary) << content;
  }

  rpc::Server::Settings Tls(bool ask, bool require) const {
    rpc::Server::Settings settings;
    settings.addresses = {"127.0.0.1:0"};
    settings.tls.cert_file = dir_.Child("cert.pem");
    settings.tls.key_file = dir_.Child("key.pem");
    if (ask) settings.tls.client_ca_file = dir_.Child("ca.pem");
    settings.tls.require_client_cert = require;
    return settings;
  }

  // Lists workspaces over TLS, as whoever `identity` is.
  grpc::Status List(grpc::ClientContext& context, const Identity& identity = {}) const {
    grpc::SslCredentialsOptions options{ca_.cert(), identity.key, identity.cert};
    const auto channel = grpc::CreateChannel(server_->address(0), grpc::SslCredentials(options));
    v1::ListWorkspacesResponse response;
    return v1::DirectoryService::NewStub(channel)->ListWorkspaces(&context, {}, &response);
  }

  // Makes a DIRECTORY service that this URI stands for; the server is not in TLS for it.
  void RegisterService() {
    StartServer();
    MakeService("directory", v1::SERVICE_ROLE_DIRECTORY, kServiceUri);
    server_->Shutdown(absl::Seconds(5));
  }

  const TestCa ca_;
  const Identity server_identity_ = ca_.Issue("IP:127.0.0.1");
  const TempDir dir_;
};

TEST_F(TlsTest, ASecretTravelsOverTls) {
  StartServer(Tls(false, false));

  const grpc::Status status = List(*AsOperator());

  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(TlsTest, ACleartextClientIsNotServed) {
  StartServer(Tls(false, false));
  v1::ListWorkspacesResponse response;

  const grpc::Status status =
      NewStub<v1::DirectoryService>()->ListWorkspaces(AsOperator().get(), {}, &response);

  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(TlsTest, AClientCertificateOfARegisteredServiceIsACredential) {
  RegisterService();
  StartServer(Tls(true, false));

  const grpc::Status status = List(*AsNobody(), ca_.Issue(absl::StrCat("URI:", kServiceUri)));

  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(TlsTest, ACertificateOfNobodyRegisteredIsUnauthenticated) {
  RegisterService();
  StartServer(Tls(true, false));

  const grpc::Status other = List(*AsNobody(), ca_.Issue("URI:spiffe://acme/other"));
  const grpc::Status without_uri = List(*AsNobody(), ca_.Issue("DNS:directory"));

  EXPECT_EQ(other.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(without_uri.error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(TlsTest, ACertificateOfAnotherAuthorityProvesNothing) {
  RegisterService();
  StartServer(Tls(true, false));
  const TestCa other;

  const grpc::Status status = List(*AsNobody(), other.Issue(absl::StrCat("URI:", kServiceUri)));

  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(TlsTest, ASecretGoesBeforeACertificate) {
  RegisterService();
  StartServer(Tls(true, false));
  const Identity identity = ca_.Issue(absl::StrCat("URI:", kServiceUri));

  EXPECT_EQ(List(*As("nonsense"), identity).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_TRUE(List(*AsOperator(), identity).ok());
}

TEST_F(TlsTest, WithoutARequiredCertificateNobodyConnects) {
  RegisterService();
  StartServer(Tls(true, true));

  EXPECT_EQ(List(*AsOperator()).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(List(*AsNobody(), ca_.Issue(absl::StrCat("URI:", kServiceUri))).ok());
}

TEST_F(TlsTest, AKeyOfAnotherCertificateIsRefusedByName) {
  Write("key.pem", ca_.Issue("IP:127.0.0.1").key);

  const absl::Status status = rpc::Server::Check(Tls(false, false));

  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("key.pem")));
}

TEST_F(TlsTest, AFileThatIsNotThereOrNoPemIsRefusedByName) {
  rpc::Server::Settings missing = Tls(true, false);
  missing.tls.client_ca_file = dir_.Child("none.pem");
  EXPECT_THAT(rpc::Server::Check(missing),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("none.pem")));

  Write("cert.pem", "hello");
  EXPECT_THAT(rpc::Server::Check(Tls(false, false)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("cert.pem")));
}

TEST_F(TlsTest, HalfOfTheOptionsIsRefused) {
  rpc::Server::Settings settings = Tls(false, false);
  settings.tls.key_file.clear();
  EXPECT_THAT(rpc::Server::Check(settings), StatusIs(absl::StatusCode::kInvalidArgument));

  settings = Tls(false, true);
  EXPECT_THAT(rpc::Server::Check(settings), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(TlsTest, CleartextOnANetworkIsRefusedUnlessTheRiskIsTaken) {
  rpc::Server::Settings settings;
  settings.addresses = {"127.0.0.1:0", "0.0.0.0:0"};
  EXPECT_THAT(rpc::Server::Check(settings), StatusIs(absl::StatusCode::kInvalidArgument,
                                                     HasSubstr("--allow-cleartext-on-network")));

  settings.allow_cleartext_on_network = true;
  EXPECT_THAT(rpc::Server::Check(settings), IsOk());

  settings = Tls(false, false);
  settings.addresses = {"0.0.0.0:0"};
  EXPECT_THAT(rpc::Server::Check(settings), IsOk());
}

}  // namespace
}  // namespace latchkey::testing
