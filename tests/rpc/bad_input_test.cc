// What each method says to bad input: INVALID_ARGUMENT that names the field, or NOT_FOUND where
// existence must not leak; and nothing is written. The tables are text, one row a call.
#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/text_format.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/support/proto_buffer_reader.h"
#include "gtest/gtest.h"
#include "latchkey/v1/app_service.grpc.pb.h"
#include "latchkey/v1/token_service.grpc.pb.h"
#include "tests/rpc/bad_input_rows.h"
#include "tests/rpc/bad_name_rows.h"
#include "tests/rpc/server_fixture.h"

namespace latchkey::testing {
namespace {

using google::protobuf::DescriptorPool;
using grpc::StatusCode;

class BadInputTest : public ServerTest {
 protected:
  void SetUp() override {
    StartServer();
    MakeWorkspace("acme");
    MakeWorkspace("other");
    MakeMember("acme", "ann", v1::ROLE_OWNER);
    MakeMember("acme", "max", v1::ROLE_MEMBER);
    MakeMember("other", "bob", v1::ROLE_OWNER);
    const grpc::Status made = CallAs("", "DirectoryService/CreateOrganization",
                                     "organization_id: 'theirs' organization { owners: "
                                     "'workspaces/other/members/bob' }");
    ASSERT_TRUE(made.ok()) << made.error_message();
    MakeService("front", v1::SERVICE_ROLE_DELEGATE);
    delegate_ = IssueServiceToken("front");
    MakeApp("workspaces/acme", "ann", "tool", "INTERNAL");
    MakeApp("workspaces/acme", "ann", "bot", "CUSTOM_INTEGRATION");
    MakeApp("workspaces/other", "bob", "theirs", "INTERNAL");
    MakeApp("workspaces/other", "bob", "their-bot", "CUSTOM_INTEGRATION");
    token_ = Issue("workspaces/acme", "ann", "apps/bot");
    their_token_ = Issue("workspaces/other", "bob", "apps/their-bot");
  }

  void MakeApp(const std::string& workspace, const std::string& maker, const std::string& id,
               const std::string& kind) {
    const grpc::Status made =
        CallAs(absl::StrCat(workspace, "/members/", maker), "AppService/CreateApp",
               absl::StrCat("app_id: '", id, "' app { home_workspace: '", workspace,
                            "' kind: APP_KIND_", kind, " bot_scopes: 'chat:write' }"));
    ASSERT_TRUE(made.ok()) << made.error_message();
  }

  std::string Issue(const std::string& workspace, const std::string& member,
                    const std::string& app) {
    v1::IssueTokenResponse issued;
    const grpc::Status status = CallAs(
        absl::StrCat(workspace, "/members/", member), "TokenService/IssueToken",
        absl::StrCat("parent: '", workspace, "' kind: TOKEN_KIND_CUSTOM_BOT app: '", app, "'"),
        &issued);
    EXPECT_TRUE(status.ok()) << status.error_message();
    secret_ = issued.issued_token().secret();
    return issued.issued_token().token().name();
  }

  // Calls "Service/Method" with a request in text, on behalf of a member ("": as the operator).
  grpc::Status CallAs(const std::string& member, const std::string& path,
                      const std::string& request,
                      google::protobuf::Message* response = nullptr) const {
    const auto* method = DescriptorPool::generated_pool()->FindMethodByName(
        "latchkey.v1." + absl::StrReplaceAll(path, {{"/", "."}}));
    if (method == nullptr) {
      ADD_FAILURE() << "no method " << path;
      return {};
    }
    const std::unique_ptr<google::protobuf::Message> message(
        google::protobuf::MessageFactory::generated_factory()
            ->GetPrototype(method->input_type())
            ->New());
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(Expand(request), message.get()))
        << path << ": " << request;
    return Send(member, path, message->SerializeAsString(), response);
  }

  grpc::Status Send(const std::string& member, const std::string& path, const std::string& bytes,
                    google::protobuf::Message* response = nullptr) const {
    const auto context = member.empty() ? AsOperator() : As(delegate_);
    if (!member.empty()) context->AddMetadata("latchkey-on-behalf-of", member);
    grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer> stub(NewChannel());
    grpc::CompletionQueue queue;
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer request(&slice, 1);
    const auto call = stub.PrepareUnaryCall(context.get(), "/latchkey.v1." + path, request, &queue);
    call->StartCall();
    grpc::ByteBuffer answer;
    grpc::Status status;
    call->Finish(&answer, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    EXPECT_TRUE(queue.Next(&tag, &ok));
    if (status.ok() && response != nullptr) {
      grpc::ProtoBufferReader reader(&answer);
      EXPECT_TRUE(response->ParseFromZeroCopyStream(&reader));
    }
    return status;
  }

  std::string Expand(const std::string& request) const {
    std::string secrets;
    for (int i = 0; i < 1001; ++i) absl::StrAppend(&secrets, "secrets: '", secret_, "' ");
    return absl::StrReplaceAll(request, {{"{id64}", std::string(64, 'a')},
                                         {"{bytes1025}", std::string(1025, 'x')},
                                         {"{secrets1001}", secrets},
                                         {"{text257}", std::string(257, 'x')},
                                         {"{scope129}", std::string(129, 's')},
                                         {"{uuid}", kBadUuid},
                                         {"{control}", "line\\nbreak"},
                                         {"{token}", token_},
                                         {"{secret}", secret_}});
  }

  std::uint64_t newest() const { return (*authority_).events().newest(); }

  void CheckInvalid(const Row& row) const {
    SCOPED_TRACE(absl::StrCat(row.method, " { ", row.request, " }"));
    // What makes or manages workspaces and services is the operator's.
    static const std::set<std::string> kOperators = {
        "DirectoryService/CreateWorkspace",   "DirectoryService/CreateService",
        "DirectoryService/DeleteService",     "DirectoryService/ListServices",
        "DirectoryService/ListWorkspaces",    "DirectoryService/CreateOrganization",
        "DirectoryService/ListOrganizations", "DirectoryService/UpdateOrganization"};
    const bool by_operator = kOperators.contains(row.method);
    const std::uint64_t before = newest();
    const grpc::Status status =
        CallAs(by_operator ? "" : "workspaces/acme/members/ann", row.method, row.request);
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

  // What is wrong with a request, by field.
  static std::map<std::string, std::string> ViolationsOf(const grpc::Status& status) {
    std::map<std::string, std::string> violations;
    const google::rpc::Status details = DetailsOf(status);
    for (const auto& any : details.details()) {
      google::rpc::BadRequest bad;
      if (!any.UnpackTo(&bad)) continue;
      for (const auto& violation : bad.field_violations()) {
        violations.emplace(violation.field(), violation.description());
        EXPECT_FALSE(violation.description().empty());
      }
    }
    return violations;
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

  std::string delegate_;
  std::string token_;
  std::string their_token_;
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

TEST_F(BadInputTest, WhatIsAnotherTenantsIsNotFoundWordForWordAsIfItDidNotExist) {
  for (const Foreign& row : kForeign) {
    SCOPED_TRACE(absl::StrCat(row.method, " ", row.request));
    const std::string theirs = absl::StrReplaceAll(row.theirs, {{"{their_token}", their_token_}});
    const auto call = [&](const std::string& name) {
      const grpc::Status status = CallAs("workspaces/acme/members/ann", row.method,
                                         absl::StrReplaceAll(row.request, {{"{their}", name}}));
      EXPECT_EQ(status.error_code(), StatusCode::NOT_FOUND) << status.error_message();
      EXPECT_EQ(ErrorInfoOf(status).reason(), "NOT_FOUND");
      return absl::StrReplaceAll(status.error_message(), {{name, "?"}});
    };
    EXPECT_EQ(call(theirs), call(row.absent));
  }
}

// Methods whose every input is good, or that take none.
const std::set<std::string> kTakeAnything = {"AdminService/GetStatus", "PolicyService/ListPlans",
                                             "PolicyService/ListRules", "VerifierService/Verify",
                                             "VerifierService/BatchVerify"};

TEST_F(BadInputTest, EveryMethodOnOfferHasItsRows) {
  std::set<std::string> covered = kTakeAnything;
  for (const Row& row : kDirectory) covered.insert(row.method);
  for (const Row& row : kApps) covered.insert(row.method);
  for (const Row& row : kTokens) covered.insert(row.method);
  for (const Row& row : kOthers) covered.insert(row.method);
  for (const Foreign& row : kForeign) covered.insert(row.method);
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
      if (covered.contains(path)) continue;
      EXPECT_EQ(Send("", path, "").error_code(), StatusCode::UNIMPLEMENTED)
          << path << " is on offer and has no row";
    }
  }
}

TEST_F(BadInputTest, WhoeverHasNoRightIsToldSoBeforeTheFormIsJudged) {
  const grpc::Status status = CallAs("workspaces/acme/members/max", "DirectoryService/CreateMember",
                                     "parent: 'workspaces/acme' member_id: '{id64}' {uuid}");
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
    const grpc::Status status = Send("", c.method, c.bytes);
    EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT) << status.error_message();
    EXPECT_NE(status.error_message().find(c.field), std::string::npos) << status.error_message();
    EXPECT_FALSE(ErrorInfoOf(status).reason().empty()) << c.method;
  }
  EXPECT_EQ(newest(), before);
}

TEST_F(BadInputTest, AMessageOverAMebibyteIsRefused) {
  const std::uint64_t before = newest();
  const grpc::Status status =
      CallAs("", "DirectoryService/CreateWorkspace",
             absl::StrCat("workspace_id: '", std::string((1 << 20) + 1, 'a'), "'"));
  EXPECT_EQ(status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ErrorInfoOf(status).reason(), "TOO_LARGE");
  const grpc::Status huge = CallAs("", "DirectoryService/CreateWorkspace",
                                   absl::StrCat("workspace_id: '", std::string(5 << 20, 'a'), "'"));
  EXPECT_EQ(huge.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(huge.error_details(), "") << "it is not even read";
  // A tag and a length of three bytes go with the text.
  const std::string longest(std::size_t{(1 << 20) - 4}, 'a');
  const grpc::Status read =
      CallAs("", "DirectoryService/CreateWorkspace", absl::StrCat("workspace_id: '", longest, "'"));
  EXPECT_EQ(read.error_code(), StatusCode::INVALID_ARGUMENT) << "it is read, and judged";
  EXPECT_EQ(newest(), before);
}

TEST_F(BadInputTest, MoreThan4KibibytesOfMetadataAreRefused) {
  const auto context = AsOperator();
  context->AddMetadata("x-much", std::string(5000, 'm'));
  const auto stub = NewStub<v1::TokenService>();
  v1::GetTokenRequest request;
  request.set_name(token_);
  v1::GetTokenResponse response;
  const grpc::Status status = stub->GetToken(context.get(), request, &response);
  EXPECT_EQ(status.error_code(), StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
}

TEST_F(BadInputTest, ARequestIdOfAnotherRequestIsNamed) {
  const auto make = [&](const std::string& member) {
    return CallAs("workspaces/acme/members/ann", "DirectoryService/CreateMember",
                  absl::StrCat("parent: 'workspaces/acme' member_id: '", member,
                               "' member {} request_id: '3f1c9a52-7d41-4c1e-9a6b-0d5e2f7a8b90'"));
  };
  ASSERT_TRUE(make("one").ok());

  const grpc::Status reused = make("two");
  EXPECT_EQ(reused.error_code(), StatusCode::INVALID_ARGUMENT) << reused.error_message();
  EXPECT_EQ(ErrorInfoOf(reused).reason(), "REQUEST_ID_REUSED");
  EXPECT_TRUE(ViolationsOf(reused).contains("request_id")) << reused.error_message();
}

TEST_F(BadInputTest, ASecretInTheWrongFieldIsNotToldBack) {
  for (const char* row : {"GetToken", "RegenerateToken", "RevokeToken"}) {
    const grpc::Status status = CallAs("workspaces/acme/members/ann",
                                       absl::StrCat("TokenService/", row), "name: '{secret}'");
    EXPECT_FALSE(status.ok()) << row;
    EXPECT_FALSE(absl::StrContains(status.error_message(), secret_)) << row;
    EXPECT_FALSE(absl::StrContains(status.error_details(), secret_)) << row;
  }
}

}  // namespace
}  // namespace latchkey::testing
