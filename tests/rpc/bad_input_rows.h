#ifndef LATCHKEY_TESTS_RPC_BAD_INPUT_ROWS_H_
#define LATCHKEY_TESTS_RPC_BAD_INPUT_ROWS_H_

namespace latchkey::testing {

// One bad call by the owner of the workspace acme, where more than one field is the reason: good by
// themselves and not together, missing in one case and not in another, or secret. What is wrong
// with a field by itself, bad_field_test derives.
struct Row {
  const char* method;
  const char* request;
  const char* field;  // that a violation must name; kNotFound: the answer is NOT_FOUND
};

inline constexpr char kNotFound[] = "NOT_FOUND";

inline constexpr Row kDirectory[] = {
    {"DirectoryService/CreateWorkspace",
     "workspace_id: 'new' workspace { organization: 'organizations/none' "
     "plan: PLAN_ENTERPRISE_GRID }",
     kNotFound},
    {"DirectoryService/DeactivateMember", "name: 'workspaces/acme/members/max' reason: '{secret}'",
     "reason"},
    {"DirectoryService/CreateService",
     "service_id: 'x' service { roles: SERVICE_ROLE_VERIFIER uri_sans: 'spiffe://x/{secret}' }",
     "service.uri_sans"},
    {"DirectoryService/CreateOrganization",
     "organization_id: 'new' organization { owners: 'workspaces/acme/members/nobody' }", kNotFound},
};

inline constexpr Row kApps[] = {
    {"AppService/CreateApp",
     "app_id: 'new' app { home_workspace: 'workspaces/acme' kind: APP_KIND_INTERNAL "
     "bot_scopes: '{secret}' }",
     "app.bot_scopes[0]"},
    {"AppService/UpdateApp", "app { name: 'apps/tool' } update_mask { paths: 'kind' }",
     "update_mask"},
};

inline constexpr Row kTokens[] = {
    {"TokenService/IssueToken",
     "parent: 'workspaces/acme' kind: TOKEN_KIND_CUSTOM_BOT app: 'apps/bot' scopes: 'admin:all'",
     "scopes"},
    {"TokenService/IssueToken", "parent: 'workspaces/acme' kind: TOKEN_KIND_TEST app: 'apps/bot'",
     "app"},
    {"TokenService/IssueToken",
     "parent: 'workspaces/acme' kind: TOKEN_KIND_TEST scopes: 'bad scope'", "scopes[0]"},
    {"TokenService/RegenerateToken", "name: '{token}' reason: 'leaked: {secret}!'", "reason"},
    {"TokenService/RegenerateToken", "name: '{token}' update_mask { paths: 'kind' }",
     "update_mask"},
    {"TokenService/RevokeToken", "secrets { secrets: '{secret}' secrets: '{bytes1025}' }",
     "secrets.secrets[1]"},
    {"TokenService/BulkRevokeTokens", "parent: 'workspaces/acme' app: 'apps/none' preview: true",
     kNotFound},
    {"TokenService/BulkRevokeTokens", "parent: 'workspaces/acme' preview: true", "all"},
    {"TokenService/BulkRevokeTokens", "parent: 'workspaces/acme' all: true label: 'ci'", "all"},
    {"TokenService/BulkRevokeTokens", "parent: 'workspaces/acme' all: true", "confirmation"},
    {"TokenService/BulkRevokeTokens",
     "parent: 'workspaces/acme' all: true confirmation: '{secret}'", "confirmation"},
    {"TokenService/GetBulkRevocation", "name: 'workspaces/acme/bulkRevocations/none'", kNotFound},
    {"TokenService/CancelBulkRevocation", "name: 'workspaces/acme/bulkRevocations/none'",
     kNotFound},
};

inline constexpr Row kOthers[] = {
    {"AuditService/GetCheckpoint", "", "workspace"},
    {"AuditService/GetInclusionProof", "sequence: 1", "workspace"},
    {"AuditService/GetInclusionProof", "workspace: 'workspaces/acme' sequence: 3 tree_size: 2",
     "tree_size"},
    {"AuditService/GetConsistencyProof", "first_tree_size: 1", "workspace"},
    {"AuditService/GetConsistencyProof",
     "workspace: 'workspaces/acme' first_tree_size: 3 second_tree_size: 2", "second_tree_size"},
    {"AuditService/CreateConsumer", "consumer_id: 'x' consumer {}", "consumer.filter.workspace"},
    {"AuditService/CreateConsumer",
     "consumer_id: 'x' from_now: true "
     "consumer { filter { workspace: 'workspaces/acme' } acknowledged_revision: 1 }",
     "consumer.acknowledged_revision"},
    {"AuditService/CreateConsumer",
     "consumer_id: 'x' consumer { filter { workspace: 'workspaces/acme' } holds_retention: true }",
     "consumer.holds_retention"},
    {"AuditService/CreateConsumer",
     "consumer_id: 'x' consumer { filter { workspace: 'workspaces/acme' } "
     "max_held_bytes: 1048576 }",
     "consumer.max_held_bytes"},
    {"AuditService/GetConsumer", "name: 'consumers/none'", kNotFound},
    {"AuditService/DeleteConsumer", "name: 'consumers/none'", kNotFound},
    {"AuditService/Acknowledge", "name: 'consumers/none'", kNotFound},
    {"AuditService/Subscribe",
     "filter { workspace: 'workspaces/acme' } after_revision: 1 from_now: true", "after_revision"},
    {"PolicyService/CheckPermission", "action: ACTION_MEMBER_UPDATE scopes: 'chat:write'",
     "scopes"},
    {"PolicyService/CheckPermission",
     "action: ACTION_TOKEN_REVOKE resource: '{token}' presents_secret: true", "resource"},
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_RPC_BAD_INPUT_ROWS_H_
