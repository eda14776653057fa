#include "tests/rpc/bad_field_fixture.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "latchkey/v1/app_service.pb.h"
#include "latchkey/v1/audit_service.pb.h"
#include "latchkey/v1/directory_service.pb.h"
#include "latchkey/v1/token_service.pb.h"

namespace latchkey::testing {
namespace {

using grpc::StatusCode;

constexpr char kBob[] = "workspaces/other/members/bob";

}  // namespace

void BadFieldFixture::SetUp() {
  ASSERT_NO_FATAL_FAILURE(BadInputFixture::SetUp());
  words_["{uuid}"] = "3f1c9a52-7d41-4c1e-9a6b-0d5e2f7a8b90";
  words_["{uuid2}"] = "3f1c9a52-7d41-4c1e-9a6b-0d5e2f7a8b91";
  MakeOrganizations();
  MakeInstalled();
  LeaveRequests();
  StartBulkRevocations();
  MakeConsumers();
  MakeServiceToDelete();
  ReadRevisions();
  ListNames();
}

void BadFieldFixture::MakeOrganizations() {
  Make<v1::CreateOrganizationResponse>(
      kOperator, "DirectoryService/CreateOrganization",
      absl::StrCat("organization_id: 'ours' organization { owners: '", kOwner, "' }"));
  for (const auto& [workspace, organization] : {std::pair("acme", "ours"), {"other", "theirs"}}) {
    Make<v1::UpdateWorkspaceResponse>(
        kOperator, "DirectoryService/UpdateWorkspace",
        absl::StrCat("workspace { name: 'workspaces/", workspace,
                     "' plan: PLAN_ENTERPRISE_GRID organization: 'organizations/", organization,
                     "' } update_mask { paths: ['plan', 'organization'] }"));
  }
}

void BadFieldFixture::MakeInstalled() {
  MakeApp(kOwner, "installed", "INTERNAL");
  MakeApp(kOwner, "rotating", "CUSTOM_INTEGRATION", "token_rotation: true");
  Make<v1::InstallAppResponse>(kOwner, "AppService/InstallApp",
                               "parent: 'workspaces/acme' app: 'apps/installed'");
  Make<v1::InstallAppResponse>(kBob, "AppService/InstallApp",
                               "parent: 'workspaces/other' app: 'apps/theirs'");
  const auto issued = Make<v1::IssueTokenResponse>(
      kOwner, "TokenService/IssueToken",
      "parent: 'workspaces/acme' kind: TOKEN_KIND_CUSTOM_BOT app: 'apps/rotating'");
  words_["{refresh_secret}"] = issued.refresh_token().secret();
}

void BadFieldFixture::LeaveRequests() {
  MakeMember("other", "max", v1::ROLE_MEMBER);
  for (const std::string workspace : {"acme", "other"}) {
    const auto require = [&](const char* whether) {
      Make<v1::UpdateWorkspaceResponse>(
          kOperator, "DirectoryService/UpdateWorkspace",
          absl::StrCat("workspace { name: 'workspaces/", workspace,
                       "' settings { app_approval_required: ", whether,
                       " } } update_mask { paths: 'settings' }"));
    };
    require("true");
    const grpc::Status waits =
        CallAs(absl::StrCat("workspaces/", workspace, "/members/max"), "TokenService/IssueToken",
               absl::StrCat("parent: 'workspaces/", workspace, "' kind: TOKEN_KIND_TEST"));
    require("false");
    EXPECT_EQ(waits.error_code(), StatusCode::FAILED_PRECONDITION) << waits.error_message();
    words_[workspace == "acme" ? "{request}" : "{their_request}"] =
        ErrorInfoOf(waits).metadata().at("request");
  }
}

void BadFieldFixture::StartBulkRevocations() {
  for (const std::string workspace : {"acme", "other"}) {
    const std::string owner = workspace == "acme" ? kOwner : kBob;
    // Of no token, so that none of those that the rows are about ends.
    const auto preview = [&](const std::string& label) {
      return Make<v1::BulkRevokeTokensResponse>(
                 owner, "TokenService/BulkRevokeTokens",
                 absl::StrCat("parent: 'workspaces/", workspace, "' label: '", label,
                              "' preview: true"))
          .confirmation();
    };
    const auto started = Make<v1::BulkRevokeTokensResponse>(
        owner, "TokenService/BulkRevokeTokens",
        absl::StrCat("parent: 'workspaces/", workspace, "' label: 'none' confirmation: '",
                     preview("none"), "'"));
    words_[workspace == "acme" ? "{bulk}" : "{their_bulk}"] = started.bulk_revocation().name();
    if (workspace == "acme") words_["{confirmation}"] = preview("ci");
  }
}

void BadFieldFixture::MakeConsumers() {
  Make<v1::CreateConsumerResponse>(
      kOwner, "AuditService/CreateConsumer",
      "consumer_id: 'ours' consumer { filter { workspace: 'workspaces/acme' } }");
  Make<v1::CreateConsumerResponse>(
      kBob, "AuditService/CreateConsumer",
      "consumer_id: 'theirs' consumer { filter { workspace: 'workspaces/other' } }");
}

void BadFieldFixture::MakeServiceToDelete() {
  MakeService("spare", v1::SERVICE_ROLE_VERIFIER);
  words_["{service_token}"] =
      Make<v1::ListTokensResponse>(kOperator, "TokenService/ListTokens", "parent: 'services/front'")
          .tokens(0)
          .name();
}

void BadFieldFixture::ReadRevisions() {
  words_["{workspace_revision}"] =
      absl::StrCat(Make<v1::GetWorkspaceResponse>(kOwner, "DirectoryService/GetWorkspace",
                                                  "name: 'workspaces/acme'")
                       .workspace()
                       .revision());
  words_["{member_revision}"] =
      absl::StrCat(Make<v1::GetMemberResponse>(kOwner, "DirectoryService/GetMember",
                                               "name: 'workspaces/acme/members/max'")
                       .member()
                       .revision());
  words_["{organization_revision}"] =
      absl::StrCat(Make<v1::GetOrganizationResponse>(kOwner, "DirectoryService/GetOrganization",
                                                     "name: 'organizations/ours'")
                       .organization()
                       .revision());
  words_["{app_revision}"] = absl::StrCat(
      Make<v1::GetAppResponse>(kOwner, "AppService/GetApp", "name: 'apps/tool'").app().revision());
}

void BadFieldFixture::ListNames() {
  for (const Names& names : std::vector<Names>{
           {"workspaces/acme", "workspaces/other", "workspaces/nowhere"},
           {kOwner, kBob, "workspaces/other/members/nobody"},
           {"workspaces/acme/installations/installed", "workspaces/other/installations/theirs",
            "workspaces/other/installations/none"},
           {words_["{request}"], words_["{their_request}"],
            "workspaces/other/approvalRequests/none"},
           {words_["{token}"], words_["{their_token}"], "workspaces/other/tokens/none"},
           {words_["{bulk}"], words_["{their_bulk}"], "workspaces/other/bulkRevocations/none"},
           {"apps/tool", "apps/theirs", "apps/none"},
           {"organizations/ours", "organizations/theirs", "organizations/none"},
           {"consumers/ours", "consumers/theirs", "consumers/none"},
           {"services/front", "", ""},
           {words_["{service_token}"], "", ""}}) {
    names_[FormOf(names.ours)] = names;
  }
}

}  // namespace latchkey::testing
