#ifndef LATCHKEY_TESTS_RPC_BAD_NAME_ROWS_H_
#define LATCHKEY_TESTS_RPC_BAD_NAME_ROWS_H_

#include "tests/rpc/bad_input_fixture.h"

namespace latchkey::testing {

// What names something, in a call that whoever it is for could otherwise make: {name} stands for
// nothing, and for what is of no form.
struct Named {
  const char* method;
  const char* request;
  const char* field;
  const char* caller;  // kOwner, or kOperator
  bool may_be_empty = false;
};

inline constexpr Named kNamed[] = {
    {"DirectoryService/GetWorkspace", "name: '{name}'", "name", kOperator},
    {"DirectoryService/UpdateWorkspace",
     "workspace { name: '{name}' } update_mask { paths: 'display_name' }", "workspace.name",
     kOperator},
    {"DirectoryService/CreateMember", "parent: '{name}' member_id: 'new' member {}", "parent",
     kOperator},
    {"DirectoryService/GetMember", "name: '{name}'", "name", kOperator},
    {"DirectoryService/ListMembers", "parent: '{name}'", "parent", kOperator},
    {"DirectoryService/UpdateMember",
     "member { name: '{name}' } update_mask { paths: 'display_name' }", "member.name", kOperator},
    {"DirectoryService/DeactivateMember", "name: '{name}'", "name", kOperator},
    {"DirectoryService/DeleteService", "name: '{name}'", "name", kOperator},
    {"DirectoryService/GetOrganization", "name: '{name}'", "name", kOperator},
    {"DirectoryService/UpdateOrganization",
     "organization { name: '{name}' } update_mask { paths: 'display_name' }", "organization.name",
     kOperator},
    {"AppService/CreateApp",
     "app_id: 'new' app { home_workspace: '{name}' kind: APP_KIND_INTERNAL }", "app.home_workspace",
     kOperator},
    {"AppService/GetApp", "name: '{name}'", "name", kOperator},
    {"AppService/ListApps", "parent: '{name}'", "parent", kOperator},
    {"AppService/UpdateApp", "app { name: '{name}' } update_mask { paths: 'display_name' }",
     "app.name", kOperator},
    {"AppService/DeleteApp", "name: '{name}'", "name", kOperator},
    {"AppService/AddCollaborator", "app: '{name}' member: 'workspaces/acme/members/max'", "app",
     kOperator},
    {"AppService/AddCollaborator", "app: 'apps/tool' member: '{name}'", "member", kOwner},
    {"AppService/RemoveCollaborator", "app: '{name}' member: 'workspaces/acme/members/max'", "app",
     kOperator},
    {"AppService/RemoveCollaborator", "app: 'apps/tool' member: '{name}'", "member", kOwner},
    {"AppService/InstallApp", "parent: '{name}' app: 'apps/tool'", "parent", kOperator},
    {"AppService/InstallApp", "parent: 'workspaces/acme' app: '{name}'", "app", kOwner},
    {"AppService/ReinstallApp", "name: '{name}'", "name", kOperator},
    {"AppService/UninstallApp", "name: '{name}'", "name", kOperator},
    {"AppService/ListInstallations", "parent: '{name}'", "parent", kOperator},
    {"AppService/ApproveApp", "parent: '{name}' app: 'apps/tool'", "parent", kOperator},
    {"AppService/ApproveApp", "parent: 'workspaces/acme' app: '{name}'", "app", kOwner},
    {"AppService/RestrictApp", "parent: '{name}' app: 'apps/tool'", "parent", kOperator},
    {"AppService/RestrictApp", "parent: 'workspaces/acme' app: '{name}'", "app", kOwner},
    {"AppService/ListApprovalRequests", "parent: '{name}'", "parent", kOperator},
    {"AppService/ResolveApprovalRequest", "name: '{name}' resolution: RESOLUTION_DENY", "name",
     kOperator},
    {"TokenService/IssueToken", "parent: '{name}' kind: TOKEN_KIND_SERVICE", "parent", kOperator},
    {"TokenService/IssueToken",
     "parent: 'workspaces/acme' kind: TOKEN_KIND_CUSTOM_BOT app: '{name}'", "app", kOwner},
    {"TokenService/IssueToken",
     "parent: 'workspaces/acme' kind: TOKEN_KIND_LEGACY_BOT app: '{name}'", "app", kOwner},
    {"TokenService/GetToken", "name: '{name}'", "name", kOperator},
    {"TokenService/ListTokens", "parent: '{name}'", "parent", kOperator},
    {"TokenService/ListTokens", "parent: 'workspaces/acme' app: '{name}'", "app", kOwner, true},
    {"TokenService/RegenerateToken", "name: '{name}'", "name", kOperator},
    {"TokenService/RevokeToken", "name: '{name}'", "name", kOperator},
    {"TokenService/BulkRevokeTokens", "parent: '{name}' all: true", "parent", kOperator},
    {"TokenService/BulkRevokeTokens", "parent: 'workspaces/acme' app: '{name}' label: 'x'", "app",
     kOwner, true},
    {"TokenService/GetBulkRevocation", "name: '{name}'", "name", kOperator},
    {"TokenService/ListBulkRevocations", "parent: '{name}'", "parent", kOperator},
    {"TokenService/CancelBulkRevocation", "name: '{name}'", "name", kOperator},
    {"AuditService/GetConsumer", "name: '{name}'", "name", kOperator},
    {"AuditService/DeleteConsumer", "name: '{name}'", "name", kOperator},
    {"AuditService/Acknowledge", "name: '{name}'", "name", kOperator},
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_RPC_BAD_NAME_ROWS_H_
