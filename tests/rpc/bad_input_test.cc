// What each method says to bad input: INVALID_ARGUMENT that names the field, or NOT_FOUND where
// existence must not leak; and nothing is written. The tables are text, one row a call.
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "latchkey/v1/audit_service.pb.h"
#include "latchkey/v1/directory_service.pb.h"
#include "latchkey/v1/token_service.grpc.pb.h"
#include "latchkey/v1/verifier_service.pb.h"
#include "tests/rpc/bad_input_fixture.h"
#include "tests/rpc/bad_input_rows.h"
#include "tests/rpc/bad_name_rows.h"

namespace latchkey::testing {
namespace {

using google::protobuf::DescriptorPool;
using grpc::StatusCode;

class BadInputTest : public BadInputFixture {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(BadInputFixture::SetUp());
    secret_ = words_["{secret}"];
    words_["{bytes1025}"] = std::string(1025, 'x');
  }

  void CheckInvalid(const Row& row) const {
    SCOPED_TRACE(absl::StrCat(row.method, " { ", row.request, " }"));
    // What makes workspaces and services is the operator's.
    static const std::set<std::string> kOperators = {"DirectoryService/CreateWorkspace",
                                                     "DirectoryService/CreateService",
                                                     "DirectoryService/CreateOrganization"};
    const bool by_operator = kOperators.contains(row.method);
    const std::uint64_t before = newest();
    const grpc::Status status = CallAs(by_operator ? kOperator : kOwner, row.method, row.request);
    const bool not_found = absl::string_view(row.field) == kNotFound;
    ASSERT_EQ(status.error_code(), not_found ? StatusCode::NOT_FOUND : StatusCode::INVALID_ARGUMENT)
        << status.error_message();
    EXPECT_EQ(newest(), before) << "something was written";
    EXPECT_FALSE(absl::StrContains(status.error_message(), secret_)) << "a secret came back";
    EXPECT_FALSE(absl::StrContains(status.error_details(), secret_)) << "a secret came back";
    if (not_found) return;
    EXPECT_TRUE(ViolationsOf(status).contains(row.field))
        << "no violation of " << row.field << ": " << status.error_message();
  }

  void CheckName(const Named& row, const std::string& name) const {
    const std::string request = absl::StrReplaceAll(row.request, {{"{name}", name}});
    SCOPED_TRACE(absl::StrCat(row.method, " { ", request, " }"));
    const std::uint64_t before = newest();
    const grpc::Status status = CallAs(row.caller, row.method, request);
    EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT) << status.error_message();
    EXPECT_EQ(newest(), before) << "something was written";
    const auto violations = ViolationsOf(status);
    ASSERT_TRUE(violations.contains(row.field)) << status.error_message();
    // It says what it got.
    EXPECT_TRUE(absl::StrContains(violations.at(row.field),
                                  name.empty() ? "is empty;" : absl::StrCat("\"", name, "\"")))
        << violations.at(row.field);

    // Whoever else it is has no right to it, or is told the same.
    const grpc::Status other =
        CallAs(absl::string_view(row.caller) == kOwner ? kOperator : kOwner, row.method, request);
    EXPECT_FALSE(other.ok());
    if (other.error_code() == StatusCode::NOT_FOUND) {
      EXPECT_EQ(newest(), before) << "of a name of no form";
    }
    EXPECT_FALSE(absl::StartsWith(other.error_message(), " ")) << other.error_message();
    EXPECT_GT(other.error_message().size(), 20U) << other.error_message();
  }

  // Whether a request of the method has the field "a" or "a.b".
  static bool Takes(const google::protobuf::MethodDescriptor& method, const std::string& field) {
    const google::protobuf::Descriptor* message = method.input_type();
    for (const std::string& part : std::vector<std::string>(absl::StrSplit(field, '.'))) {
      const auto* found = message == nullptr ? nullptr : message->FindFieldByName(part);
      if (found == nullptr) return false;
      message = found->message_type();
    }
    return true;
  }

  // The fields by which the method's request names what it is about.
  static std::vector<std::string> NamingFieldsOf(const google::protobuf::MethodDescriptor& method) {
    std::vector<std::string> fields;
    for (const char* field : {"name", "parent", "app"}) {
      const auto* found = method.input_type()->FindFieldByName(field);
      if (found != nullptr && found->message_type() == nullptr) fields.push_back(field);
    }
    if (!absl::StartsWith(method.name(), "Update")) return fields;
    for (int i = 0; i < method.input_type()->field_count(); ++i) {
      const std::string field = absl::StrCat(method.input_type()->field(i)->name(), ".name");
      if (Takes(method, field)) fields.push_back(field);
    }
    return fields;
  }

  std::string secret_;
};

TEST_F(BadInputTest, TheDirectorySaysWhichFieldIsBadAndWritesNothing) {
  for (const Row& row : kDirectory) CheckInvalid(row);
}
TEST_F(BadInputTest, AppsSayWhichFieldIsBadAndWriteNothing) {
  for (const Row& row : kApps) CheckInvalid(row);
}
TEST_F(BadInputTest, TokensSayWhichFieldIsBadAndWriteNothing) {
  for (const Row& row : kTokens) CheckInvalid(row);
}
TEST_F(BadInputTest, AuditAndPolicySayWhichFieldIsBadAndWriteNothing) {
  for (const Row& row : kOthers) CheckInvalid(row);
}

TEST_F(BadInputTest, ANameOfNoFormIsToldAsSuchToWhoeverMayActAndIsNoEmptyMessageToOthers) {
  for (const Named& row : kNamed) {
    if (!row.may_be_empty) CheckName(row, "");
    for (const char* name : {"zz", "apps/", "workspaces/acme/nothing/x"}) CheckName(row, name);
  }
}

TEST_F(BadInputTest, EveryNameOfARequestHasItsRows) {
  std::set<std::string> named;
  for (const Named& row : kNamed) named.insert(absl::StrCat(row.method, " ", row.field));
  for (const char* name : {"AdminService", "AppService", "AuditService", "DirectoryService",
                           "PolicyService", "TokenService", "VerifierService"}) {
    const auto* service =
        DescriptorPool::generated_pool()->FindServiceByName(absl::StrCat("latchkey.v1.", name));
    ASSERT_NE(service, nullptr);
    for (int i = 0; i < service->method_count(); ++i) {
      const std::string path = absl::StrCat(name, "/", service->method(i)->name());
      for (const std::string& field : NamingFieldsOf(*service->method(i))) {
        EXPECT_TRUE(named.contains(absl::StrCat(path, " ", field)))
            << path << " takes a name in " << field << " and has no row of kNamed";
      }
    }
  }
}

TEST_F(BadInputTest, WhoeverHasNoRightIsToldSoBeforeTheFormIsJudged) {
  const grpc::Status status =
      CallAs("workspaces/acme/members/max", "DirectoryService/CreateMember",
             "parent: 'workspaces/acme' member_id: 'Up' request_id: 'not-a-uuid'");
  EXPECT_EQ(status.error_code(), StatusCode::PERMISSION_DENIED) << status.error_message();
  EXPECT_FALSE(ErrorInfoOf(status).metadata().at("rule").empty());
}

TEST_F(BadInputTest, BytesThatAreNoMessageAndTextThatIsNoUtf8AreRefused) {
  const std::uint64_t before = newest();
  struct Case {
    std::string method;
    std::string bytes;
    std::string field;
  };
  const std::string bad = "\xc3\x28";
  for (const Case& c : {Case{"DirectoryService/CreateWorkspace", "\xff\xff\xff\xff", "request"},
                        Case{"DirectoryService/CreateWorkspace",
                             "\x0a\x05"
                             "ab",
                             "request"},
                        Case{"DirectoryService/CreateWorkspace", "\x0a\x02" + bad, "workspace_id"},
                        Case{"DirectoryService/CreateWorkspace", "\x12\x04\x12\x02" + bad,
                             "workspace.display_name"},
                        Case{"TokenService/GetToken", "\x0a\x02" + bad, "name"},
                        Case{"VerifierService/Verify", "\x0a\x02" + bad, "secret"},
                        Case{"VerifierService/BatchVerify", "\x0a\x02" + bad, "secrets"}}) {
    const grpc::Status status = Send(kOperator, c.method, c.bytes);
    EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT) << status.error_message();
    EXPECT_NE(status.error_message().find(c.field), std::string::npos) << status.error_message();
    EXPECT_FALSE(ErrorInfoOf(status).reason().empty()) << c.method;
  }
  EXPECT_EQ(newest(), before);
}

TEST_F(BadInputTest, AMessageOverAMebibyteIsRefused) {
  const std::uint64_t before = newest();
  const grpc::Status status =
      CallAs(kOperator, "DirectoryService/CreateWorkspace",
             absl::StrCat("workspace_id: '", std::string((1 << 20) + 1, 'a'), "'"));
  EXPECT_EQ(status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ErrorInfoOf(status).reason(), "TOO_LARGE");
  const grpc::Status huge = CallAs(kOperator, "DirectoryService/CreateWorkspace",
                                   absl::StrCat("workspace_id: '", std::string(5 << 20, 'a'), "'"));
  EXPECT_EQ(huge.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(huge.error_details(), "") << "it is not even read";
  // A tag and a length of three bytes go with the text.
  const std::string longest(std::size_t{(1 << 20) - 4}, 'a');
  const grpc::Status read = CallAs(kOperator, "DirectoryService/CreateWorkspace",
                                   absl::StrCat("workspace_id: '", longest, "'"));
  EXPECT_EQ(read.error_code(), StatusCode::INVALID_ARGUMENT) << "it is read, and judged";
  EXPECT_EQ(newest(), before);
}

TEST_F(BadInputTest, MoreThan4KibibytesOfMetadataAreRefused) {
  const auto context = AsOperator();
  context->AddMetadata("x-much", std::string(5000, 'm'));
  const auto stub = NewStub<v1::TokenService>();
  v1::GetTokenRequest request;
  request.set_name(words_["{token}"]);
  v1::GetTokenResponse response;
  const grpc::Status status = stub->GetToken(context.get(), request, &response);
  EXPECT_EQ(status.error_code(), StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
}

TEST_F(BadInputTest, ARequestIdOfAnotherRequestIsNamed) {
  const auto make = [&](const std::string& member) {
    return CallAs(kOwner, "DirectoryService/CreateMember",
                  absl::StrCat("parent: 'workspaces/acme' member_id: '", member,
                               "' member {} request_id: '3f1c9a52-7d41-4c1e-9a6b-0d5e2f7a8b90'"));
  };
  ASSERT_TRUE(make("one").ok());

  const grpc::Status reused = make("two");
  EXPECT_EQ(reused.error_code(), StatusCode::INVALID_ARGUMENT) << reused.error_message();
  EXPECT_EQ(ErrorInfoOf(reused).reason(), "REQUEST_ID_REUSED");
  EXPECT_TRUE(ViolationsOf(reused).contains("request_id")) << reused.error_message();
}

TEST_F(BadInputTest, ABatchTakesAThousandSecretsAndNamesOneTooMany) {
  v1::BatchVerifyRequest request;
  for (int i = 0; i < 1000; ++i) request.add_secrets(secret_);
  v1::BatchVerifyResponse response;
  const grpc::Status taken =
      Send(kOperator, "VerifierService/BatchVerify", request.SerializeAsString(), &response);
  ASSERT_TRUE(taken.ok()) << taken.error_message();
  ASSERT_EQ(response.verifications_size(), 1000);
  EXPECT_EQ(response.verifications(999).status(), v1::VERIFY_STATUS_ACTIVE);

  request.add_secrets(secret_);
  const grpc::Status refused =
      Send(kOperator, "VerifierService/BatchVerify", request.SerializeAsString());
  EXPECT_EQ(refused.error_code(), StatusCode::INVALID_ARGUMENT) << refused.error_message();
  EXPECT_EQ(ViolationsOf(refused)["secrets"], "takes at most 1000, not 1001");
  EXPECT_FALSE(absl::StrContains(refused.error_details(), secret_)) << "a secret came back";
}

TEST_F(BadInputTest, ASecretThatIsTooLongIsAnsweredAsMalformed) {
  // It begins with a good one.
  v1::BatchVerifyRequest request;
  request.add_secrets(secret_ + std::string(1025 - secret_.size(), 'x'));
  request.add_secrets(secret_);
  v1::BatchVerifyResponse batch;
  ASSERT_TRUE(
      Send(kOperator, "VerifierService/BatchVerify", request.SerializeAsString(), &batch).ok());
  EXPECT_EQ(batch.verifications(0).inactive_reason(), v1::INACTIVE_REASON_MALFORMED);
  EXPECT_EQ(batch.verifications(1).status(), v1::VERIFY_STATUS_ACTIVE);

  v1::VerifyRequest one;
  one.set_secret(request.secrets(0));
  v1::VerifyResponse response;
  ASSERT_TRUE(Send(kOperator, "VerifierService/Verify", one.SerializeAsString(), &response).ok());
  EXPECT_EQ(response.verification().inactive_reason(), v1::INACTIVE_REASON_MALFORMED);
}

TEST_F(BadInputTest, APageHasAThousandAtMostWhateverSizeIsAskedFor) {
  v1::UpdateWorkspaceRequest change;
  change.mutable_workspace()->set_name("workspaces/acme");
  change.mutable_update_mask()->add_paths("display_name");
  while (newest() <= 1001) {
    change.mutable_workspace()->set_display_name(absl::StrCat(newest()));
    ASSERT_TRUE(authority_.Call(TestAuthority::Operator(), change).ok());
  }
  for (const int size : {1000, 1001, std::numeric_limits<std::int32_t>::max()}) {
    const auto page = Make<v1::ListEventsResponse>(kOperator, "AuditService/ListEvents",
                                                   absl::StrCat("page_size: ", size));
    EXPECT_EQ(page.events_size(), 1000);
    EXPECT_FALSE(page.next_page_token().empty());
  }
}

TEST_F(BadInputTest, ASecretInTheWrongFieldIsNotToldBack) {
  for (const char* row : {"GetToken", "RegenerateToken", "RevokeToken"}) {
    const grpc::Status status =
        CallAs(kOwner, absl::StrCat("TokenService/", row), "name: '{secret}'");
    EXPECT_FALSE(status.ok()) << row;
    EXPECT_FALSE(absl::StrContains(status.error_message(), secret_)) << row;
    EXPECT_FALSE(absl::StrContains(status.error_details(), secret_)) << row;
  }
}

}  // namespace
}  // namespace latchkey::testing
