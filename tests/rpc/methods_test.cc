#include <array>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/support/byte_buffer.h"
#include "gtest/gtest.h"
#include "tests/rpc/server_fixture.h"
#include "tests/testing/temp_dir.h"

namespace latchkey::testing {
namespace {

constexpr std::array kServices = {"AdminService",     "AppService",    "AuditService",
                                  "DirectoryService", "PolicyService", "TokenService",
                                  "VerifierService"};

// What this server does not offer.
std::set<std::string> NotOffered() { return {"CreateBackup", "StreamVerify", "SyncVerifier"}; }

class MethodsTest : public ServerTest {
 protected:
  // Calls a method with an empty request, and gives up a stream after its first answer.
  grpc::Status Call(const std::string& path, grpc::ClientContext& context) const {
    grpc::GenericStub stub(NewChannel());
    grpc::CompletionQueue queue;
    const auto call = stub.PrepareCall(&context, path, &queue);
    call->StartCall(this_tag());
    Wait(queue);
    const grpc::Slice nothing("");
    call->WriteLast(grpc::ByteBuffer(&nothing, 1), grpc::WriteOptions(), this_tag());
    Wait(queue);
    grpc::ByteBuffer answer;
    call->Read(&answer, this_tag());
    if (Wait(queue) && absl::StrContains(path, "Subscribe")) context.TryCancel();
    grpc::Status status;
    call->Finish(&status, this_tag());
    Wait(queue);
    queue.Shutdown();
    return status;
  }

 private:
  static void* this_tag() { return nullptr; }
  static bool Wait(grpc::CompletionQueue& queue) {
    void* tag = nullptr;
    bool ok = false;
    EXPECT_TRUE(queue.Next(&tag, &ok));
    return ok;
  }
};

TEST_F(MethodsTest, EveryMethodOfTheContractWorksOrSaysThatItIsNotOffered) {
  std::set<std::string> not_offered;
  for (const std::string name : kServices) {
    const auto* service = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
        "latchkey.v1." + name);
    ASSERT_NE(service, nullptr) << name;
    for (int i = 0; i < service->method_count(); ++i) {
      const std::string method = service->method(i)->name();
      const grpc::Status status =
          Call(absl::StrCat("/latchkey.v1.", name, "/", method), *AsOperator());
      if (status.ok() || status.error_code() == grpc::StatusCode::CANCELLED) continue;
      const google::rpc::ErrorInfo info = ErrorInfoOf(status);
      EXPECT_NE(status.error_code(), grpc::StatusCode::INTERNAL) << method;
      EXPECT_NE(status.error_code(), grpc::StatusCode::UNKNOWN) << method;
      if (status.error_code() != grpc::StatusCode::UNIMPLEMENTED) continue;
      not_offered.insert(method);
      EXPECT_EQ(info.reason(), "METHOD_NOT_OFFERED") << method;
      EXPECT_EQ(info.metadata().at("method"), absl::StrCat("latchkey.v1.", name, "/", method));
    }
  }
  EXPECT_EQ(not_offered, NotOffered());
}

TEST_F(MethodsTest, EveryMethodButThoseThatTakeASecretWantsCredentialsFirst) {
  for (const std::string name : kServices) {
    const auto* service = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
        "latchkey.v1." + name);
    ASSERT_NE(service, nullptr) << name;
    for (int i = 0; i < service->method_count(); ++i) {
      const std::string method = service->method(i)->name();
      if (NotOffered().contains(method)) continue;
      const grpc::Status status =
          Call(absl::StrCat("/latchkey.v1.", name, "/", method), *AsNobody());
      // A refresh secret is all the right that it takes; this request has none.
      EXPECT_EQ(status.error_code(), method == "RotateToken" ? grpc::StatusCode::INVALID_ARGUMENT
                                                             : grpc::StatusCode::UNAUTHENTICATED)
          << method;
      ErrorInfoOf(status);
    }
  }
}

TEST_F(MethodsTest, AMethodThatDoesNotExistIsRefusedInTheSameForm) {
  const grpc::Status status = Call("/latchkey.v1.TokenService/Nonsense", *AsOperator());

  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(ErrorInfoOf(status).reason(), "METHOD_NOT_OFFERED");
}

TEST_F(MethodsTest, ReflectionIsThereUnlessItIsSwitchedOff) {
  const std::string reflection = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
  EXPECT_TRUE(Call(reflection, *AsNobody()).ok());

  server_->Shutdown(absl::Seconds(5));
  rpc::Server::Settings settings;
  settings.reflection = false;
  StartServer(settings);

  EXPECT_EQ(Call(reflection, *AsNobody()).error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(MethodsTest, AServerServesOnAUnixSocketToo) {
  server_->Shutdown(absl::Seconds(5));
  const TempDir dir;
  rpc::Server::Settings settings;
  settings.addresses = {absl::StrCat("unix:", dir.Child("socket"))};
  StartServer(settings);

  EXPECT_EQ(server_->port(0), 0);
  EXPECT_TRUE(Call("/latchkey.v1.AdminService/GetStatus", *AsOperator()).ok());
}

}  // namespace
}  // namespace latchkey::testing
