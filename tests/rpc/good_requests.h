#ifndef LATCHKEY_TESTS_RPC_GOOD_REQUESTS_H_
#define LATCHKEY_TESTS_RPC_GOOD_REQUESTS_H_

#include "tests/rpc/bad_input_fixture.h"

namespace latchkey::testing {

// Good requests, which together set every field that a method takes. Those of one method are good
// one after the other.
struct GoodRequest {
  const char* method;
  const char* caller;  // kOwner where a member may call, so that there are other tenants
  const char* request;
  const char* required = "";  // the fields without which it is bad
};

inline constexpr GoodRequest kGoodDirectory[] = {
    {"DirectoryService/CreateWorkspace", kOperator,
     "workspace_id: 'new' workspace { display_name: 'New' plan: PLAN_ENTERPRISE_GRID "
     "organization: 'organizations/ours' settings { access_token_life { seconds: 3600 } "
     "idle_limits { kind: TOKEN_KIND_BOT limit { seconds: 5184000 } } "
     "expiry_warnings { seconds: 3600 } } } primary_owner_id: 'pia' request_id: '{uuid}'",
     "workspace_id workspace"},
    {"DirectoryService/GetWorkspace", kOwner, "name: 'workspaces/acme'", "name"},
    {"DirectoryService/ListWorkspaces", kOwner, "page_size: 10"},
    {"DirectoryService/UpdateWorkspace", kOwner,
     "workspace { name: 'workspaces/acme' display_name: 'Acme' plan: PLAN_ENTERPRISE_GRID "
     "state: WORKSPACE_STATE_ACTIVE settings { access_token_life { seconds: 3600 } "
     "idle_limits { kind: TOKEN_KIND_BOT limit { seconds: 5184000 } } "
     "expiry_warnings { seconds: 3600 } } } "
     "update_mask { paths: ['display_name', 'plan', 'state', 'settings'] } "
     "expected_revision: {workspace_revision} request_id: '{uuid}'",
     "workspace workspace.name workspace.plan workspace.state update_mask"},
    {"DirectoryService/UpdateWorkspace", kOperator,
     "workspace { name: 'workspaces/acme' organization: 'organizations/ours' } "
     "update_mask { paths: 'organization' }",
     "workspace workspace.name update_mask"},
    {"DirectoryService/CreateMember", kOwner,
     "parent: 'workspaces/acme' member_id: 'new' member { display_name: 'New' role: ROLE_MEMBER } "
     "request_id: '{uuid}'",
     "parent member_id member"},
    {"DirectoryService/GetMember", kOwner, "name: 'workspaces/acme/members/max'", "name"},
    {"DirectoryService/ListMembers", kOwner, "parent: 'workspaces/acme' page_size: 10", "parent"},
    {"DirectoryService/UpdateMember", kOwner,
     "member { name: 'workspaces/acme/members/max' display_name: 'Max' role: ROLE_ADMIN "
     "state: MEMBER_STATE_ACTIVE } update_mask { paths: ['display_name', 'role', 'state'] } "
     "expected_revision: {member_revision} request_id: '{uuid}'",
     "member member.name member.role member.state update_mask"},
    {"DirectoryService/DeactivateMember", kOwner,
     "name: 'workspaces/acme/members/max' reason: 'left' request_id: '{uuid}'", "name"},
    {"DirectoryService/CreateService", kOperator,
     "service_id: 'new' service { display_name: 'New' roles: SERVICE_ROLE_VERIFIER "
     "uri_sans: 'spiffe://example.org/new' } request_id: '{uuid}'",
     "service_id service service.roles"},
    {"DirectoryService/ListServices", kOperator, "page_size: 10"},
    {"DirectoryService/DeleteService", kOperator, "name: 'services/spare' request_id: '{uuid}'",
     "name"},
    {"DirectoryService/CreateOrganization", kOperator,
     "organization_id: 'new' organization { display_name: 'New' "
     "owners: 'workspaces/acme/members/ann' admins: 'workspaces/acme/members/max' } "
     "request_id: '{uuid}'",
     "organization_id organization"},
    {"DirectoryService/GetOrganization", kOwner, "name: 'organizations/ours'", "name"},
    {"DirectoryService/ListOrganizations", kOwner, "page_size: 10"},
    {"DirectoryService/UpdateOrganization", kOwner,
     "organization { name: 'organizations/ours' display_name: 'Ours' "
     "owners: 'workspaces/acme/members/ann' admins: 'workspaces/acme/members/max' } "
     "update_mask { paths: ['display_name', 'owners', 'admins', 'settings'] } "
     "expected_revision: {organization_revision} request_id: '{uuid}'",
     "organization organization.name update_mask"},
};

inline constexpr GoodRequest kGoodApps[] = {
    {"AppService/CreateApp", kOwner,
     "app_id: 'new' app { display_name: 'New' kind: APP_KIND_INTERNAL "
     "home_workspace: 'workspaces/acme' bot_scopes: 'chat:write' user_scopes: 'chat:read' "
     "reuse_policy: REUSE_POLICY_ALERT_ONLY } request_id: '{uuid}'",
     "app_id app app.kind app.home_workspace"},
    {"AppService/GetApp", kOwner, "name: 'apps/tool'", "name"},
    {"AppService/ListApps", kOwner, "parent: 'workspaces/acme' page_size: 10", "parent"},
    {"AppService/UpdateApp", kOwner,
     "app { name: 'apps/tool' display_name: 'Tool' bot_scopes: 'chat:write' "
     "user_scopes: 'chat:read' reuse_policy: REUSE_POLICY_ALERT_ONLY } "
     "update_mask { paths: ['display_name', 'bot_scopes', 'user_scopes', 'reuse_policy'] } "
     "expected_revision: {app_revision} request_id: '{uuid}'",
     "app app.name update_mask"},
    {"AppService/DeleteApp", kOwner, "name: 'apps/tool' request_id: '{uuid}'", "name"},
    {"AppService/AddCollaborator", kOwner,
     "app: 'apps/tool' member: 'workspaces/acme/members/max' request_id: '{uuid}'", "app member"},
    {"AppService/RemoveCollaborator", kOwner,
     "app: 'apps/tool' member: 'workspaces/acme/members/ann' request_id: '{uuid}'", "app member"},
    {"AppService/InstallApp", kOwner,
     "parent: 'workspaces/acme' app: 'apps/tool' reason: 'why' request_id: '{uuid}'", "parent app"},
    {"AppService/ReinstallApp", kOwner,
     "name: 'workspaces/acme/installations/installed' reason: 'why' request_id: '{uuid}'", "name"},
    {"AppService/UninstallApp", kOwner,
     "name: 'workspaces/acme/installations/installed' reason: 'why' request_id: '{uuid}'", "name"},
    {"AppService/ListInstallations", kOwner, "parent: 'workspaces/acme' page_size: 10", "parent"},
    {"AppService/ListInstallations", kOwner, "parent: 'organizations/ours' page_size: 10",
     "parent"},
    {"AppService/ApproveApp", kOwner,
     "parent: 'workspaces/acme' app: 'apps/tool' scopes: 'chat:write' request_id: '{uuid}'",
     "parent app"},
    {"AppService/ApproveApp", kOwner,
     "parent: 'organizations/ours' app: 'apps/tool' scopes: 'chat:write' request_id: '{uuid2}'",
     "parent app"},
    {"AppService/RestrictApp", kOwner,
     "parent: 'workspaces/acme' app: 'apps/tool' reason: 'why' request_id: '{uuid}'", "parent app"},
    {"AppService/RestrictApp", kOwner,
     "parent: 'organizations/ours' app: 'apps/tool' reason: 'why' request_id: '{uuid2}'",
     "parent app"},
    {"AppService/ListApprovalRequests", kOwner,
     "parent: 'workspaces/acme' state: APPROVAL_REQUEST_STATE_PENDING page_size: 10", "parent"},
    {"AppService/ResolveApprovalRequest", kOwner,
     "name: '{request}' resolution: RESOLUTION_APPROVE reason: 'why' request_id: '{uuid}'",
     "name resolution"},
};

inline constexpr GoodRequest kGoodTokens[] = {
    {"TokenService/IssueToken", kOwner,
     "parent: 'workspaces/acme' kind: TOKEN_KIND_CUSTOM_BOT app: 'apps/bot' scopes: 'chat:write' "
     "label: 'ci' expire_time { seconds: 1924992000 } reason: 'why' request_id: '{uuid}'",
     "parent kind app"},
    {"TokenService/IssueToken", kOwner,
     "parent: 'workspaces/acme' kind: TOKEN_KIND_TEST member: 'workspaces/acme/members/ann'",
     "parent kind"},
    {"TokenService/IssueToken", kOperator, "parent: 'services/front' kind: TOKEN_KIND_SERVICE",
     "parent kind"},
    {"TokenService/GetToken", kOwner, "name: '{token}'", "name"},
    {"TokenService/ListTokens", kOwner,
     "parent: 'workspaces/acme' app: 'apps/bot' member: 'workspaces/acme/members/ann' "
     "state: TOKEN_STATE_ACTIVE kind: TOKEN_KIND_CUSTOM_BOT page_size: 10",
     "parent"},
    {"TokenService/ListTokens", kOperator, "parent: 'services/front'", "parent"},
    {"TokenService/RegenerateToken", kOwner,
     "name: '{token}' grace { seconds: 60 } reason: 'why' request_id: '{uuid}' "
     "token { scopes: 'chat:write' label: 'ci' expire_time { seconds: 1924992000 } } "
     "update_mask { paths: ['scopes', 'label', 'expire_time'] }",
     "name"},
    {"TokenService/RotateToken", kOwner, "refresh_secret: '{refresh_secret}' request_id: '{uuid}'",
     "refresh_secret request_id"},
    {"TokenService/RevokeToken", kOwner, "name: '{token}' reason: 'why' request_id: '{uuid}'",
     "name"},
    {"TokenService/RevokeToken", kOwner, "secret: '{secret}' reason: 'why'"},
    {"TokenService/RevokeToken", kOwner, "secrets { secrets: '{secret}' } reason: 'why'",
     "secrets.secrets"},
    {"TokenService/BulkRevokeTokens", kOwner,
     "parent: 'workspaces/acme' app: 'apps/bot' member: 'workspaces/acme/members/ann' "
     "kind: TOKEN_KIND_CUSTOM_BOT label: 'ci' issued_before { seconds: 1893542400 } "
     "reason: 'why' preview: true",
     "parent"},
    {"TokenService/BulkRevokeTokens", kOwner,
     "parent: 'workspaces/acme' label: 'ci' confirmation: '{confirmation}' reason: 'why' "
     "request_id: '{uuid}'",
     "parent confirmation"},
    {"TokenService/GetBulkRevocation", kOwner, "name: '{bulk}'", "name"},
    {"TokenService/ListBulkRevocations", kOwner,
     "parent: 'workspaces/acme' state: BULK_REVOCATION_STATE_RUNNING page_size: 10", "parent"},
    {"TokenService/CancelBulkRevocation", kOwner,
     "name: '{bulk}' reason: 'why' request_id: '{uuid}'", "name"},
};

// Every field of an EventFilter.
#define LATCHKEY_GOOD_FILTER_                                                          \
  "filter { workspace: 'workspaces/acme' app: 'apps/bot' actions: ACTION_TOKEN_ISSUE " \
  "actor: 'workspaces/acme/members/ann' resource: 'workspaces/acme/members/max' "      \
  "organization: 'organizations/ours' token: '{token}' action_prefixes: 'token.' "     \
  "outcomes: OUTCOME_ALLOWED } "

inline constexpr GoodRequest kGoodOthers[] = {
    {"AuditService/Subscribe", kOwner,
     LATCHKEY_GOOD_FILTER_
     "after_revision: 1 heartbeat_interval { seconds: 1 } max_delay { nanos: 1000000 } "
     "max_bytes: 4096"},
    {"AuditService/Subscribe", kOwner,
     "filter { workspace: 'workspaces/acme' } start_time { seconds: 1893456000 }"},
    {"AuditService/Subscribe", kOwner, "consumer: 'consumers/ours'"},
    {"AuditService/ListEvents", kOwner, LATCHKEY_GOOD_FILTER_ "after_revision: 1 page_size: 10"},
    {"AuditService/GetEvent", kOwner, "sequence: 1", "sequence"},
    {"AuditService/CreateConsumer", kOwner,
     "consumer_id: 'new' consumer { " LATCHKEY_GOOD_FILTER_
     "acknowledged_revision: 1 } request_id: '{uuid}'",
     "consumer_id consumer"},
    {"AuditService/CreateConsumer", kOperator,
     "consumer_id: 'held' consumer { holds_retention: true max_held_bytes: 1048576 }",
     "consumer_id"},
    {"AuditService/GetConsumer", kOwner, "name: 'consumers/ours'", "name"},
    {"AuditService/ListConsumers", kOwner, "workspace: 'workspaces/acme' page_size: 10",
     "workspace"},
    {"AuditService/DeleteConsumer", kOwner, "name: 'consumers/ours' request_id: '{uuid}'", "name"},
    {"AuditService/Acknowledge", kOwner, "name: 'consumers/ours' revision: 1", "name"},
    {"AuditService/GetCheckpoint", kOwner,
     "workspace: 'workspaces/acme' organization: 'organizations/ours'"},
    {"AuditService/GetInclusionProof", kOwner,
     "sequence: 1 tree_size: 2 workspace: 'workspaces/acme' organization: 'organizations/ours'",
     "sequence"},
    {"AuditService/GetConsistencyProof", kOwner,
     "first_tree_size: 1 second_tree_size: 2 workspace: 'workspaces/acme' "
     "organization: 'organizations/ours'",
     "first_tree_size"},
    {"PolicyService/CheckPermission", kOwner,
     "principal: 'workspaces/acme/members/max' action: ACTION_TOKEN_ISSUE resource: 'apps/bot' "
     "workspace: 'workspaces/acme' token_kind: TOKEN_KIND_CUSTOM_BOT scopes: 'chat:write'",
     "action resource token_kind"},
    {"PolicyService/CheckPermission", kOwner,
     "action: ACTION_TOKEN_ISSUE resource: 'workspaces/acme' token_kind: TOKEN_KIND_TEST "
     "member: 'workspaces/acme/members/ann'",
     "action resource token_kind"},
    {"PolicyService/CheckPermission", kOwner,
     "action: ACTION_MEMBER_UPDATE resource: 'workspaces/acme/members/max' role: ROLE_ADMIN",
     "action resource"},
    {"PolicyService/ListRules", kOwner, ""},
    {"PolicyService/ListPlans", kOwner, ""},
    {"AdminService/GetStatus", kOperator, ""},
    {"VerifierService/Verify", kOperator, "secret: '{secret}' min_revision: 1"},
    {"VerifierService/BatchVerify", kOperator, "secrets: '{secret}' min_revision: 1"},
};
#undef LATCHKEY_GOOD_FILTER_

// Fields of requests that their methods do not read, which the contract says: what is output only,
// and what a resource keeps for ever.
struct Unread {
  const char* method;
  const char* field;
  const char* fields;  // of it
};

inline constexpr Unread kUnread[] = {
    {"DirectoryService/CreateWorkspace", "workspace", "name state create_time revision"},
    {"DirectoryService/UpdateWorkspace", "workspace", "create_time revision"},
    {"DirectoryService/CreateMember", "member", "name state create_time revision"},
    {"DirectoryService/UpdateMember", "member", "create_time revision"},
    {"DirectoryService/CreateService", "service", "name create_time revision"},
    {"DirectoryService/CreateOrganization", "organization", "name create_time revision"},
    {"DirectoryService/UpdateOrganization", "organization", "create_time revision"},
    {"AppService/CreateApp", "app", "name creator collaborators create_time revision delete_time"},
    {"AppService/UpdateApp", "app",
     "kind home_workspace creator collaborators create_time revision delete_time"},
    {"TokenService/RegenerateToken", "token",
     "name kind state app member service create_time creator regenerate_time revocation revision "
     "previous_secret_expire_time refresh_token rotation_count last_use_time"},
    {"AuditService/CreateConsumer", "consumer", "name active_time creator create_time lag"},
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_RPC_GOOD_REQUESTS_H_
