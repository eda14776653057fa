#include "tools/bench/tenant.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "latchkey/v1/app_service.grpc.pb.h"
#include "latchkey/v1/directory_service.grpc.pb.h"
#include "latchkey/v1/token_service.grpc.pb.h"
#include "server/base/status_macros.h"

namespace latchkey::benchmark {
namespace {

constexpr int kApps = 8;

absl::Status MakeWorkspace(v1::DirectoryService::Stub& directory, const Metadata& as_operator,
                           const std::string& id) {
  v1::CreateWorkspaceRequest workspace;
  workspace.set_workspace_id(id);
  workspace.mutable_workspace()->set_display_name("Benchmark");
  workspace.mutable_workspace()->set_plan(v1::PLAN_ENTERPRISE_GRID);
  workspace.set_primary_owner_id("owner");
  LATCHKEY_RETURN_IF_ERROR(
      CallOnce(directory, &v1::DirectoryService::Stub::CreateWorkspace, as_operator, workspace)
          .status());
  v1::CreateMemberRequest member;
  member.set_parent(absl::StrCat("workspaces/", id));
  member.set_member_id("maker");
  member.mutable_member()->set_display_name("Maker of bots");
  member.mutable_member()->set_role(v1::ROLE_MEMBER);
  member.mutable_member()->set_can_manage_apps(true);  // revokes in bulk
  return CallOnce(directory, &v1::DirectoryService::Stub::CreateMember, as_operator, member)
      .status();
}

// Returns the secret of the service's token.
absl::StatusOr<std::string> MakeService(v1::DirectoryService::Stub& directory,
                                        v1::TokenService::Stub& tokens, const Metadata& as_operator,
                                        const std::string& id) {
  v1::CreateServiceRequest service;
  service.set_service_id(id);
  service.mutable_service()->set_display_name("Benchmark");
  for (const v1::ServiceRole role : {v1::SERVICE_ROLE_DELEGATE, v1::SERVICE_ROLE_VERIFIER}) {
    service.mutable_service()->add_roles(role);
  }
  LATCHKEY_RETURN_IF_ERROR(
      CallOnce(directory, &v1::DirectoryService::Stub::CreateService, as_operator, service)
          .status());
  v1::IssueTokenRequest token;
  token.set_parent(absl::StrCat("services/", id));
  token.set_kind(v1::TOKEN_KIND_SERVICE);
  LATCHKEY_ASSIGN_OR_RETURN(
      const v1::IssueTokenResponse issued,
      CallOnce(tokens, &v1::TokenService::Stub::IssueToken, as_operator, token));
  return issued.issued_token().secret();
}

absl::StatusOr<std::vector<std::string>> MakeApps(v1::AppService::Stub& apps,
                                                  const Metadata& as_member,
                                                  const std::string& id) {
  std::vector<std::string> names;
  for (int i = 0; i < kApps; ++i) {
    v1::CreateAppRequest request;
    request.set_app_id(absl::StrCat(id, "-", i));
    request.mutable_app()->set_display_name("Benchmark's bot");
    request.mutable_app()->set_kind(v1::APP_KIND_CUSTOM_INTEGRATION);
    request.mutable_app()->set_home_workspace(absl::StrCat("workspaces/", id));
    for (const char* scope : {"chat:write", "files:read"}) {
      request.mutable_app()->add_bot_scopes(scope);
    }
    LATCHKEY_ASSIGN_OR_RETURN(const v1::CreateAppResponse made,
                              CallOnce(apps, &v1::AppService::Stub::CreateApp, as_member, request));
    names.push_back(made.app().name());
  }
  return names;
}

}  // namespace

absl::StatusOr<Tenant> MakeTenant(const Channels& channels, const Metadata& as_operator) {
  v1::DirectoryService::Stub directory(channels.front());
  v1::TokenService::Stub tokens(channels.front());
  v1::AppService::Stub apps(channels.front());
  const std::string id = absl::StrFormat("bench-%x", absl::ToUnixMicros(absl::Now()));
  LATCHKEY_RETURN_IF_ERROR(MakeWorkspace(directory, as_operator, id));
  LATCHKEY_ASSIGN_OR_RETURN(const std::string secret,
                            MakeService(directory, tokens, as_operator, id));
  Tenant tenant;
  tenant.workspace = absl::StrCat("workspaces/", id);
  tenant.service = absl::StrCat("services/", id);
  tenant.as_service = {secret, ""};
  tenant.on_behalf_of_member = {secret, absl::StrCat(tenant.workspace, "/members/maker")};
  LATCHKEY_ASSIGN_OR_RETURN(tenant.apps, MakeApps(apps, tenant.on_behalf_of_member, id));
  return tenant;
}

absl::Status RetireTenant(const Channels& channels, const Metadata& as_operator,
                          const Tenant& tenant) {
  v1::DirectoryService::Stub directory(channels.front());
  v1::UpdateWorkspaceRequest suspend;
  suspend.mutable_workspace()->set_name(tenant.workspace);
  suspend.mutable_workspace()->set_state(v1::WORKSPACE_STATE_SUSPENDED);
  suspend.mutable_update_mask()->add_paths("state");
  absl::Status status =
      CallOnce(directory, &v1::DirectoryService::Stub::UpdateWorkspace, as_operator, suspend)
          .status();
  v1::DeleteServiceRequest remove;
  remove.set_name(tenant.service);
  status.Update(CallOnce(directory, &v1::DirectoryService::Stub::DeleteService, as_operator, remove)
                    .status());
  return status;
}

}  // namespace latchkey::benchmark
