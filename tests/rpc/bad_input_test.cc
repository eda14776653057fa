// What each method says to bad input: INVALID_ARGUMENT that names the field, or NOT_FOUND where
// existence must not leak; and nothing is written. The tables are text, one row a call.
#include <array>
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
#include "tests/rpc/server_fixture.h"

namespace latchkey::testing {
namespace {

using google::protobuf::DescriptorPool;
using grpc::StatusCode;

// One bad call by the owner of the workspace acme. In the request, {id64} and the like stand for
// what is too long.
struct Row {
  const char* method;
  const char* request;
  const char* field;  // that a violation must name; kNotFound: the answer is NOT_FOUND
};

// A name of no form is that of nothing, and what is nobody's is told as what is another's.
constexpr char kNotFound[] = "NOT_FOUND";
constexpr char kBadUuid[] = "request_id: 'not-a-uuid'";

class BadInputTest : public ServerTest {
 protected:
  void SetUp() override {
    StartServer();
    MakeWorkspace("acme");
    MakeWorkspace("other");
    MakeMember("acme", "ann", v1::ROLE_OWNER);
    MakeMember("acme", "max", v1::ROLE_MEMBER);
    MakeMember("other", "bob", v1::ROLE_OWNER);
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
    return absl::StrReplaceAll(request, {{"{id64}", std::string(64, 'a')},
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
        "DirectoryService/CreateWorkspace", "DirectoryService/CreateService",
        "DirectoryService/DeleteService", "DirectoryService/ListServices",
        "DirectoryService/ListWorkspaces"};
    const bool by_operator = kOperators.contains(row.method);
    const std::uint64_t before = newest();
    const grpc::Status status =
        CallAs(by_operator ? "" : "workspaces/acme/members/ann", row.method, row.request);
    const bool not_found = absl::string_view(row.field) == kNotFound;
    ASSERT_EQ(status.error_code(), not_found ? StatusCode::NOT_FOUND : StatusCode::INVALID_ARGUMENT)
        << status.error_message();
    EXPECT_EQ(newest(), before) << "something was written";
    EXPECT_FALSE(absl::StrContains(status.error_details(), secret_)) << "a secret came back";
    if (not_found || ErrorInfoOf(status).reason() == "PAGE_TOKEN_INVALID") return;
    std::set<std::string> fields;
    const google::rpc::Status details = DetailsOf(status);
    for (const auto& any : details.details()) {
      google::rpc::BadRequest bad;
      if (!any.UnpackTo(&bad)) continue;
      for (const auto& violation : bad.field_violations()) {
        fields.insert(violation.field());
        EXPECT_FALSE(violation.description().empty());
      }
    }
    EXPECT_TRUE(fields.contains(row.field))
        << "no violation of " << row.field << ": " << status.error_message();
  }

  std::string delegate_;
  std::string token_;
  std::string their_token_;
  std::string secret_;
};

constexpr Row kDirectory[] = {
    {"DirectoryService/CreateWorkspace", "workspace {}", "workspace_id"},
    {"DirectoryService/CreateWorkspace", "workspace_id: '{id64}' workspace {}", "workspace_id"},
    {"DirectoryService/CreateWorkspace", "workspace_id: 'Up' workspace {}", "workspace_id"},
    {"DirectoryService/CreateWorkspace", "workspace_id: 'a/b' workspace {}", "workspace_id"},
    {"DirectoryService/CreateWorkspace", "workspace_id: 'a\\000b' workspace {}", "workspace_id"},
    {"DirectoryService/CreateWorkspace", "workspace_id: 'new'", "workspace"},
    {"DirectoryService/CreateWorkspace",
     "workspace_id: 'new' workspace { display_name: '{text257}' }", "workspace.display_name"},
    {"DirectoryService/CreateWorkspace", "workspace_id: 'new' workspace { plan: 99 }",
     "workspace.plan"},
    {"DirectoryService/CreateWorkspace", "workspace_id: 'new' workspace {} primary_owner_id: 'A'",
     "primary_owner_id"},
    {"DirectoryService/CreateWorkspace", "workspace_id: 'new' workspace {} {uuid}", "request_id"},
    {"DirectoryService/ListWorkspaces", "page_size: -1", "page_size"},
    {"DirectoryService/ListWorkspaces", "page_token: 'bad'", ""},
    {"DirectoryService/UpdateWorkspace", "workspace { name: 'workspaces/acme' }", "update_mask"},
    {"DirectoryService/UpdateWorkspace",
     "workspace { name: 'workspaces/acme' } update_mask { paths: 'name' }", "update_mask"},
    {"DirectoryService/UpdateWorkspace",
     "workspace { name: 'workspaces/acme' } update_mask { paths: 'plan' }", "workspace.plan"},
    {"DirectoryService/UpdateWorkspace",
     "workspace { name: 'workspaces/acme' state: 9 } update_mask { paths: 'state' }",
     "workspace.state"},
    {"DirectoryService/UpdateWorkspace",
     "workspace { name: 'workspaces/acme' display_name: '{control}' } "
     "update_mask { paths: 'display_name' }",
     "workspace.display_name"},
    {"DirectoryService/CreateMember", "parent: 'workspaces/acme' member {}", "member_id"},
    {"DirectoryService/CreateMember", "parent: 'workspaces/acme' member_id: '{id64}' member {}",
     "member_id"},
    {"DirectoryService/CreateMember", "parent: 'workspaces/acme' member_id: 'new'", "member"},
    {"DirectoryService/CreateMember",
     "parent: 'workspaces/acme' member_id: 'new' member { role: 77 }", "member.role"},
    {"DirectoryService/CreateMember",
     "parent: 'workspaces/acme' member_id: 'new' member { display_name: '{text257}' }",
     "member.display_name"},
    {"DirectoryService/CreateMember", "parent: 'workspaces/acme' member_id: 'new' member {} {uuid}",
     "request_id"},
    {"DirectoryService/ListMembers", "parent: 'workspaces/acme' page_size: -5", "page_size"},
    {"DirectoryService/ListMembers", "parent: 'workspaces/acme' page_token: '%%'", ""},
    {"DirectoryService/UpdateMember", "member { name: 'workspaces/acme/members/max' }",
     "update_mask"},
    {"DirectoryService/UpdateMember",
     "member { name: 'workspaces/acme/members/max' } update_mask { paths: 'role' }", "member.role"},
    {"DirectoryService/UpdateMember",
     "member { name: 'workspaces/acme/members/max' state: MEMBER_STATE_DEACTIVATED } "
     "update_mask { paths: 'state' }",
     "member.state"},
    {"DirectoryService/UpdateMember",
     "member { name: 'workspaces/acme/members/max' } update_mask { paths: 'secret' }",
     "update_mask"},
    {"DirectoryService/DeactivateMember", "name: 'workspaces/acme/members/max' reason: '{text257}'",
     "reason"},
    {"DirectoryService/DeactivateMember", "name: 'workspaces/acme/members/max' {uuid}",
     "request_id"},
    {"DirectoryService/CreateService", "service { roles: SERVICE_ROLE_VERIFIER }", "service_id"},
    {"DirectoryService/CreateService", "service_id: 'x'", "service"},
    {"DirectoryService/CreateService", "service_id: 'x' service {}", "service.roles"},
    {"DirectoryService/CreateService", "service_id: 'x' service { roles: 99 }", "service.roles"},
    {"DirectoryService/CreateService",
     "service_id: 'x' service { roles: [SERVICE_ROLE_VERIFIER, SERVICE_ROLE_VERIFIER] }",
     "service.roles"},
    {"DirectoryService/CreateService",
     "service_id: 'x' service { roles: SERVICE_ROLE_VERIFIER uri_sans: 'no uri' }",
     "service.uri_sans"},
    {"DirectoryService/ListServices", "page_size: -1", "page_size"},
    {"DirectoryService/DeleteService", "", "name"},
    {"DirectoryService/DeleteService", "name: 'apps/tool'", "name"},
    {"DirectoryService/DeleteService", "name: 'services/front' {uuid}", "request_id"},
};

constexpr Row kApps[] = {
    {"AppService/CreateApp", "app { home_workspace: 'workspaces/acme' kind: APP_KIND_INTERNAL }",
     "app_id"},
    {"AppService/CreateApp",
     "app_id: '{id64}' app { home_workspace: 'workspaces/acme' kind: APP_KIND_INTERNAL }",
     "app_id"},
    {"AppService/CreateApp", "app_id: 'new' app { home_workspace: 'workspaces/acme' }", "app.kind"},
    {"AppService/CreateApp", "app_id: 'new' app { home_workspace: 'workspaces/acme' kind: 42 }",
     "app.kind"},
    {"AppService/CreateApp",
     "app_id: 'new' app { home_workspace: 'workspaces/acme' kind: APP_KIND_INTERNAL "
     "bot_scopes: 'with space' }",
     "app.bot_scopes[0]"},
    {"AppService/CreateApp",
     "app_id: 'new' app { home_workspace: 'workspaces/acme' kind: APP_KIND_INTERNAL "
     "user_scopes: '{scope129}' }",
     "app.user_scopes[0]"},
    {"AppService/CreateApp",
     "app_id: 'new' app { home_workspace: 'workspaces/acme' kind: APP_KIND_INTERNAL } {uuid}",
     "request_id"},
    {"AppService/ListApps", "parent: 'workspaces/acme' page_size: -1", "page_size"},
    {"AppService/UpdateApp", "app { name: 'apps/tool' }", "update_mask"},
    {"AppService/UpdateApp", "app { name: 'apps/tool' } update_mask { paths: 'kind' }",
     "update_mask"},
    {"AppService/UpdateApp",
     "app { name: 'apps/tool' display_name: '{text257}' } update_mask { paths: 'display_name' }",
     "app.display_name"},
    {"AppService/DeleteApp", "name: 'apps/tool' {uuid}", "request_id"},
    {"AppService/AddCollaborator", "app: 'apps/tool' member: 'max'", "member"},
    {"AppService/AddCollaborator", "app: 'apps/tool' member: 'apps/tool'", "member"},
    {"AppService/RemoveCollaborator", "app: 'apps/tool' member: ''", "member"},
    {"AppService/InstallApp", "parent: 'workspaces/acme' app: 'apps/tool' reason: '{control}'",
     "reason"},
    {"AppService/InstallApp", "parent: 'workspaces/acme' app: 'apps/tool' {uuid}", "request_id"},
    {"AppService/ListInstallations", "parent: 'workspaces/acme' page_token: 'x'", ""},
    {"AppService/ApproveApp", "parent: 'workspaces/acme'", "app"},
    {"AppService/ApproveApp", "parent: 'workspaces/acme' app: 'workspaces/acme'", "app"},
    {"AppService/ApproveApp", "parent: 'workspaces/acme' app: 'apps/tool' scopes: ''", "scopes[0]"},
    {"AppService/RestrictApp", "parent: 'workspaces/acme' app: 'tool'", "app"},
    {"AppService/RestrictApp", "parent: 'workspaces/acme' app: 'apps/tool' reason: '{text257}'",
     "reason"},
    {"AppService/ListApprovalRequests", "parent: 'workspaces/acme' page_size: -1", "page_size"},
    {"AppService/ResolveApprovalRequest", "name: 'workspaces/acme/approvalRequests/x'",
     "resolution"},
    {"AppService/ResolveApprovalRequest",
     "name: 'workspaces/acme/approvalRequests/x' resolution: 9", "resolution"},
};

constexpr Row kTokens[] = {
    {"TokenService/IssueToken",
     "parent: 'workspaces/acme' kind: TOKEN_KIND_CUSTOM_BOT app: 'apps/bot' label: '{text257}'",
     "label"},
    {"TokenService/IssueToken",
     "parent: 'workspaces/acme' kind: TOKEN_KIND_CUSTOM_BOT app: 'apps/bot' scopes: 'admin:all'",
     "scopes"},
    {"TokenService/IssueToken",
     "parent: 'workspaces/acme' kind: TOKEN_KIND_CUSTOM_BOT app: 'apps/bot' "
     "expire_time { seconds: 1 }",
     "expire_time"},
    {"TokenService/IssueToken",
     "parent: 'workspaces/acme' kind: TOKEN_KIND_CUSTOM_BOT app: 'apps/bot' "
     "expire_time { seconds: 1900000000 nanos: -1 }",
     "expire_time"},
    {"TokenService/IssueToken",
     "parent: 'workspaces/acme' kind: TOKEN_KIND_CUSTOM_BOT app: 'apps/bot' "
     "expire_time { seconds: 9223372036854775807 }",
     "expire_time"},
    {"TokenService/IssueToken", "parent: 'workspaces/acme' kind: TOKEN_KIND_TEST app: 'apps/bot'",
     "app"},
    {"TokenService/IssueToken", "parent: 'workspaces/acme' kind: TOKEN_KIND_TEST {uuid}",
     "request_id"},
    {"TokenService/IssueToken",
     "parent: 'workspaces/acme' kind: TOKEN_KIND_TEST scopes: 'bad scope'", "scopes[0]"},
    {"TokenService/GetToken", "name: 'workspaces/acme/tokens/'", kNotFound},
    {"TokenService/ListTokens", "parent: 'workspaces/acme' page_size: -1", "page_size"},
    {"TokenService/ListTokens", "parent: 'workspaces/acme' state: 99", "state"},
    {"TokenService/ListTokens", "parent: 'workspaces/acme' kind: 99", "kind"},
    {"TokenService/RegenerateToken", "name: '{token}' reason: '{text257}'", "reason"},
    {"TokenService/RegenerateToken", "name: '{token}' grace { seconds: -1 }", "grace"},
    {"TokenService/RegenerateToken", "name: '{token}' {uuid}", "request_id"},
    {"TokenService/RevokeToken", "name: '{token}' reason: '{text257}'", "reason"},
    {"TokenService/RevokeToken", "name: '{token}' {uuid}", "request_id"},
    {"TokenService/RevokeToken", "secret: '{secret}' reason: '{text257}'", "reason"},
};

constexpr Row kOthers[] = {
    {"AuditService/ListEvents", "filter { workspace: 'workspaces/acme' } page_size: -1",
     "page_size"},
    {"AuditService/ListEvents", "filter { workspace: 'workspaces/acme' } page_token: 'x'", ""},
    {"AuditService/ListEvents", "filter { workspace: 'workspaces/acme' actions: 999 }",
     "filter.actions"},
    {"AuditService/GetEvent", "", kNotFound},
    {"AuditService/Subscribe",
     "filter { workspace: 'workspaces/acme' } heartbeat_interval { nanos: 1 }",
     "heartbeat_interval"},
    {"AuditService/Subscribe",
     "filter { workspace: 'workspaces/acme' } after_revision: 1 from_now: true", "after_revision"},
    {"PolicyService/CheckPermission", "", "action"},
    {"PolicyService/CheckPermission", "action: 999", "action"},
    {"PolicyService/CheckPermission", "action: ACTION_APP_INSTALL principal: 'nobody at all'",
     kNotFound},
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

// Calls about another tenant; {their} stands for what is theirs, and then for what does not exist.
struct Foreign {
  const char* method;
  const char* request;
  const char* theirs;
  const char* absent;
};

constexpr Foreign kForeign[] = {
    {"DirectoryService/GetWorkspace", "name: '{their}'", "workspaces/other", "workspaces/nowhere"},
    {"DirectoryService/UpdateWorkspace",
     "workspace { name: '{their}' } update_mask { paths: 'display_name' }", "workspaces/other",
     "workspaces/nowhere"},
    {"DirectoryService/CreateMember", "parent: '{their}' member_id: 'x' member {}",
     "workspaces/other", "workspaces/nowhere"},
    {"DirectoryService/GetMember", "name: '{their}'", "workspaces/other/members/bob",
     "workspaces/nowhere/members/bob"},
    {"DirectoryService/GetMember", "name: '{their}'", "workspaces/other/members/bob",
     "workspaces/other/members/nobody"},
    {"DirectoryService/ListMembers", "parent: '{their}'", "workspaces/other", "workspaces/nowhere"},
    {"DirectoryService/UpdateMember",
     "member { name: '{their}' role: ROLE_ADMIN } update_mask { paths: 'role' }",
     "workspaces/other/members/bob", "workspaces/other/members/nobody"},
    {"DirectoryService/DeactivateMember", "name: '{their}'", "workspaces/other/members/bob",
     "workspaces/other/members/nobody"},
    {"AppService/GetApp", "name: '{their}'", "apps/theirs", "apps/nothing"},
    {"AppService/UpdateApp",
     "app { name: '{their}' display_name: 'x' } update_mask { paths: 'display_name' }",
     "apps/theirs", "apps/nothing"},
    {"AppService/DeleteApp", "name: '{their}'", "apps/theirs", "apps/nothing"},
    {"AppService/AddCollaborator", "app: '{their}' member: 'workspaces/acme/members/ann'",
     "apps/theirs", "apps/nothing"},
    {"AppService/RemoveCollaborator", "app: '{their}' member: 'workspaces/other/members/bob'",
     "apps/theirs", "apps/nothing"},
    {"AppService/ListApps", "parent: '{their}'", "workspaces/other", "workspaces/nowhere"},
    {"AppService/InstallApp", "parent: '{their}' app: 'apps/tool'", "workspaces/other",
     "workspaces/nowhere"},
    {"AppService/ReinstallApp", "name: '{their}'", "workspaces/other/installations/theirs",
     "workspaces/nowhere/installations/theirs"},
    {"AppService/UninstallApp", "name: '{their}'", "workspaces/other/installations/theirs",
     "workspaces/nowhere/installations/theirs"},
    {"AppService/ListInstallations", "parent: '{their}'", "workspaces/other", "workspaces/nowhere"},
    {"AppService/ApproveApp", "parent: '{their}' app: 'apps/tool'", "workspaces/other",
     "workspaces/nowhere"},
    {"AppService/RestrictApp", "parent: '{their}' app: 'apps/tool'", "workspaces/other",
     "workspaces/nowhere"},
    {"AppService/ListApprovalRequests", "parent: '{their}'", "workspaces/other",
     "workspaces/nowhere"},
    {"AppService/ResolveApprovalRequest", "name: '{their}' resolution: RESOLUTION_APPROVE",
     "workspaces/other/approvalRequests/x", "workspaces/nowhere/approvalRequests/x"},
    {"TokenService/IssueToken",
     "parent: '{their}' kind: TOKEN_KIND_CUSTOM_BOT app: 'apps/their-bot'", "workspaces/other",
     "workspaces/nowhere"},
    {"TokenService/GetToken", "name: '{their}'", "{their_token}", "workspaces/other/tokens/none"},
    {"TokenService/ListTokens", "parent: '{their}'", "workspaces/other", "workspaces/nowhere"},
    {"TokenService/RegenerateToken", "name: '{their}'", "{their_token}",
     "workspaces/other/tokens/none"},
    {"TokenService/RevokeToken", "name: '{their}'", "{their_token}",
     "workspaces/other/tokens/none"},
};

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
const std::set<std::string> kTakeAnything = {"AdminService/GetStatus", "PolicyService/ListRules",
                                             "VerifierService/Verify",
                                             "VerifierService/BatchVerify"};

TEST_F(BadInputTest, EveryMethodOnOfferHasItsRows) {
  std::set<std::string> covered = kTakeAnything;
  for (const Row& row : kDirectory) covered.insert(row.method);
  for (const Row& row : kApps) covered.insert(row.method);
  for (const Row& row : kTokens) covered.insert(row.method);
  for (const Row& row : kOthers) covered.insert(row.method);
  for (const Foreign& row : kForeign) covered.insert(row.method);
  for (const char* name : {"AdminService", "AppService", "AuditService", "DirectoryService",
                           "PolicyService", "TokenService", "VerifierService"}) {
    const auto* service =
        DescriptorPool::generated_pool()->FindServiceByName(absl::StrCat("latchkey.v1.", name));
    ASSERT_NE(service, nullptr);
    for (int i = 0; i < service->method_count(); ++i) {
      const std::string path = absl::StrCat(name, "/", service->method(i)->name());
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
  for (const std::string& bytes : {std::string("\xff\xff\xff\xff"),
                                   std::string("\x0a\x05"
                                               "ab"),
                                   std::string("\x0a\x02\xc3\x28")}) {
    const grpc::Status status = Send("", "DirectoryService/CreateWorkspace", bytes);
    EXPECT_FALSE(status.ok());
    EXPECT_NE(status.error_code(), StatusCode::UNKNOWN) << status.error_message();
  }
  EXPECT_EQ(newest(), before);
}

TEST_F(BadInputTest, AMessageOverAMebibyteIsRefused) {
  const std::uint64_t before = newest();
  const grpc::Status status =
      CallAs("", "DirectoryService/CreateWorkspace",
             absl::StrCat("workspace_id: '", std::string((1 << 20) + 1, 'a'), "'"));
  EXPECT_EQ(status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
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
