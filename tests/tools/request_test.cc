#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "tests/tools/cli_harness.h"

namespace latchkey::cli {
namespace {

using testing::CliHarness;
using testing::FakeServer;

// What each command line sends.
class RequestTest : public ::testing::Test {
 protected:
  // Runs the command, and expects one call with `text` and, for a mutation, a request id.
  template <typename Request>
  void Expect(const std::vector<std::string>& args, const std::string& text) {
    FakeServer server;
    server.Answer<Request>({});
    const auto result = cli_.Run(server, args);
    EXPECT_EQ(result.code, ExitCode::kOk) << args[0] << " " << args[1] << ": " << result.err;
    Request sent = server.Last<Request>();
    if constexpr (requires { sent.mutable_request_id(); }) {
      EXPECT_EQ(sent.request_id().size(), 36u) << args[0] << " " << args[1];
      sent.clear_request_id();
    }
    if constexpr (requires { sent.set_page_size(0); }) sent.clear_page_size();
    Request expected;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &expected)) << text;
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(sent, expected))
        << args[0] << " " << args[1] << " sent\n"
        << sent.DebugString() << "and not\n"
        << expected.DebugString();
  }

  CliHarness cli_;
};

TEST_F(RequestTest, OfWorkspaces) {
  Expect<v1::CreateWorkspaceRequest>(
      {"workspace", "create", "acme", "--plan", "free", "--display-name", "Acme Inc",
       "--primary-owner", "ann"},
      "workspace_id: 'acme' primary_owner_id: 'ann' workspace { display_name: 'Acme Inc' "
      "plan: PLAN_FREE settings {} }");
  Expect<v1::UpdateWorkspaceRequest>(
      {"workspace", "update", "acme", "--app-approval", "on", "--guest-apps", "off",
       "--expected-revision", "9"},
      "workspace { name: 'workspaces/acme' settings { app_approval_required: true } } "
      "update_mask { paths: 'settings.app_approval_required' "
      "paths: 'settings.guests_may_use_apps' } expected_revision: 9");
  Expect<v1::UpdateWorkspaceRequest>(
      {"workspace", "update", "acme", "--state", "suspended", "--display-name", ""},
      "workspace { name: 'workspaces/acme' state: WORKSPACE_STATE_SUSPENDED } "
      "update_mask { paths: 'display_name' paths: 'state' }");
  Expect<v1::ListWorkspacesRequest>({"workspace", "list"}, "");
  Expect<v1::CreateWorkspaceRequest>(
      {"workspace", "create", "acme", "--plan", "enterprise-grid", "--organization", "corp"},
      "workspace_id: 'acme' workspace { plan: PLAN_ENTERPRISE_GRID settings {} "
      "organization: 'organizations/corp' }");
  Expect<v1::UpdateWorkspaceRequest>(
      {"workspace", "update", "acme", "--organization", "corp"},
      "workspace { name: 'workspaces/acme' organization: 'organizations/corp' } "
      "update_mask { paths: 'organization' }");
  Expect<v1::UpdateWorkspaceRequest>(
      {"workspace", "update", "acme", "--organization", ""},
      "workspace { name: 'workspaces/acme' } update_mask { paths: 'organization' }");
}

TEST_F(RequestTest, OfOrganizations) {
  Expect<v1::CreateOrganizationRequest>(
      {"organization", "create", "corp", "--display-name", "Corp", "--owners", "acme/ann",
       "--admins", "acme/bo,workspaces/beta/members/cy", "--guest-apps", "on"},
      "organization_id: 'corp' organization { display_name: 'Corp' "
      "owners: 'workspaces/acme/members/ann' admins: 'workspaces/acme/members/bo' "
      "admins: 'workspaces/beta/members/cy' settings { guests_may_use_apps: true } }");
  Expect<v1::GetOrganizationRequest>({"organization", "get", "corp"}, "name: 'organizations/corp'");
  Expect<v1::ListOrganizationsRequest>({"organization", "list"}, "");
  Expect<v1::UpdateOrganizationRequest>(
      {"organization", "update", "corp", "--owners", "", "--app-approval", "on",
       "--expected-revision", "9"},
      "organization { name: 'organizations/corp' settings { app_approval_required: true } } "
      "update_mask { paths: 'owners' paths: 'settings.app_approval_required' } "
      "expected_revision: 9");
  Expect<v1::ApproveAppRequest>(
      {"app", "approve", "corp", "ci-bot", "--organization", "--scopes", "chat:write"},
      "parent: 'organizations/corp' app: 'apps/ci-bot' scopes: 'chat:write'");
  Expect<v1::RestrictAppRequest>(
      {"app", "restrict", "corp", "ci-bot", "--organization", "--reason", "leaks"},
      "parent: 'organizations/corp' app: 'apps/ci-bot' reason: 'leaks'");
  Expect<v1::ListInstallationsRequest>({"installation", "list", "organizations/corp"},
                                       "parent: 'organizations/corp'");
}

TEST_F(RequestTest, OfMembersAndServices) {
  Expect<v1::CreateMemberRequest>(
      {"member", "create", "acme/ann", "--role", "multi-channel-guest", "--can-manage-apps"},
      "parent: 'workspaces/acme' member_id: 'ann' "
      "member { role: ROLE_MULTI_CHANNEL_GUEST can_manage_apps: true }");
  Expect<v1::UpdateMemberRequest>(
      {"member", "update", "acme/ann", "--role", "owner", "--can-manage-apps", "off"},
      "member { name: 'workspaces/acme/members/ann' role: ROLE_OWNER } "
      "update_mask { paths: 'role' paths: 'can_manage_apps' }");
  Expect<v1::DeactivateMemberRequest>({"member", "deactivate", "acme/ann", "--reason", "left"},
                                      "name: 'workspaces/acme/members/ann' reason: 'left'");
  Expect<v1::UpdateMemberRequest>(
      {"member", "reactivate", "acme/ann"},
      "member { name: 'workspaces/acme/members/ann' state: MEMBER_STATE_ACTIVE } "
      "update_mask { paths: 'state' }");
  Expect<v1::ListMembersRequest>({"member", "list", "acme"}, "parent: 'workspaces/acme'");
  Expect<v1::CreateServiceRequest>(
      {"service", "create", "ci", "--roles", "delegate,verifier", "--roles", "auditor",
       "--uri-sans", "spiffe://example.org/ci"},
      "service_id: 'ci' service { roles: [SERVICE_ROLE_DELEGATE, SERVICE_ROLE_VERIFIER, "
      "SERVICE_ROLE_AUDITOR] uri_sans: 'spiffe://example.org/ci' }");
  Expect<v1::DeleteServiceRequest>({"service", "delete", "ci"}, "name: 'services/ci'");
}

TEST_F(RequestTest, OfApps) {
  Expect<v1::CreateAppRequest>(
      {"app", "create", "ci-bot", "--workspace", "acme", "--kind", "internal", "--bot-scopes",
       "chat:write,files:read"},
      "app_id: 'ci-bot' app { kind: APP_KIND_INTERNAL home_workspace: 'workspaces/acme' "
      "bot_scopes: ['chat:write', 'files:read'] }");
  Expect<v1::CreateAppRequest>(
      {"app", "create", "ci-bot", "--workspace", "acme", "--kind", "internal", "--token-rotation",
       "on", "--reuse-policy", "alert_only"},
      "app_id: 'ci-bot' app { kind: APP_KIND_INTERNAL home_workspace: 'workspaces/acme' "
      "token_rotation: true reuse_policy: REUSE_POLICY_ALERT_ONLY }");
  Expect<v1::UpdateAppRequest>({"app", "update", "ci-bot", "--bot-scopes", "a", "--user-scopes="},
                               "app { name: 'apps/ci-bot' bot_scopes: 'a' } "
                               "update_mask { paths: 'bot_scopes' paths: 'user_scopes' }");
  Expect<v1::ListAppsRequest>({"app", "list", "acme", "--deleted"},
                              "parent: 'workspaces/acme' show_deleted: true");
  Expect<v1::RemoveCollaboratorRequest>({"app", "remove-collaborator", "apps/ci-bot", "acme/ann"},
                                        "app: 'apps/ci-bot' member: 'workspaces/acme/members/ann'");
  Expect<v1::InstallAppRequest>({"app", "install", "acme", "ci-bot", "--reason", "builds"},
                                "parent: 'workspaces/acme' app: 'apps/ci-bot' reason: 'builds'");
  Expect<v1::ReinstallAppRequest>({"app", "reinstall", "acme", "ci-bot"},
                                  "name: 'workspaces/acme/installations/ci-bot'");
  Expect<v1::UninstallAppRequest>({"app", "uninstall", "workspaces/acme", "apps/ci-bot"},
                                  "name: 'workspaces/acme/installations/ci-bot'");
  Expect<v1::ApproveAppRequest>({"app", "approve", "acme", "ci-bot", "--scopes", "a,b"},
                                "parent: 'workspaces/acme' app: 'apps/ci-bot' scopes: ['a', 'b']");
  Expect<v1::RestrictAppRequest>({"app", "restrict", "acme", "ci-bot", "--reason", "leaks"},
                                 "parent: 'workspaces/acme' app: 'apps/ci-bot' reason: 'leaks'");
  Expect<v1::ListInstallationsRequest>({"installation", "list", "acme"},
                                       "parent: 'workspaces/acme'");
}

TEST_F(RequestTest, OfApprovalRequests) {
  Expect<v1::ListApprovalRequestsRequest>(
      {"request", "list", "acme", "--state", "pending"},
      "parent: 'workspaces/acme' state: APPROVAL_REQUEST_STATE_PENDING");
  Expect<v1::ResolveApprovalRequestRequest>(
      {"request", "approve", "acme/r1", "--reason", "fine"},
      "name: 'workspaces/acme/approvalRequests/r1' resolution: RESOLUTION_APPROVE reason: 'fine'");
  Expect<v1::ResolveApprovalRequestRequest>(
      {"request", "deny", "acme/r1"},
      "name: 'workspaces/acme/approvalRequests/r1' resolution: RESOLUTION_DENY");
  Expect<v1::ResolveApprovalRequestRequest>(
      {"request", "withdraw", "acme/r1"},
      "name: 'workspaces/acme/approvalRequests/r1' resolution: RESOLUTION_WITHDRAW");
}

TEST_F(RequestTest, OfTokens) {
  Expect<v1::IssueTokenRequest>(
      {"token", "issue", "acme", "--kind", "legacy_bot", "--app", "hubot", "--label", "chat",
       "--expires", "2d", "--scopes", "a"},
      "parent: 'workspaces/acme' kind: TOKEN_KIND_LEGACY_BOT app: 'apps/hubot' label: 'chat' "
      "scopes: 'a' expire_time { seconds: 1893628800 }");
  Expect<v1::IssueTokenRequest>(
      {"token", "issue", "acme", "--kind", "test", "--member", "acme/ann", "--expires",
       "2031-01-01T00:00:00Z"},
      "parent: 'workspaces/acme' kind: TOKEN_KIND_TEST member: 'workspaces/acme/members/ann' "
      "expire_time { seconds: 1924992000 }");
  Expect<v1::IssueTokenRequest>({"token", "issue", "services/ci"},
                                "parent: 'services/ci' kind: TOKEN_KIND_SERVICE");
  Expect<v1::ListTokensRequest>(
      {"token", "list", "acme", "--app", "ci-bot", "--state", "active", "--kind", "bot"},
      "parent: 'workspaces/acme' app: 'apps/ci-bot' state: TOKEN_STATE_ACTIVE "
      "kind: TOKEN_KIND_BOT");
  Expect<v1::RegenerateTokenRequest>({"token", "regenerate", "acme/t1", "--reason", "leaked"},
                                     "name: 'workspaces/acme/tokens/t1' reason: 'leaked'");
  Expect<v1::RevokeTokenRequest>({"token", "revoke", "services/ci/tokens/t1"},
                                 "name: 'services/ci/tokens/t1'");
}

TEST_F(RequestTest, OfBulkRevocations) {
  Expect<v1::BulkRevokeTokensRequest>(
      {"token", "bulk-revoke", "acme", "--app", "ci-bot", "--member", "acme/ann", "--kind", "user",
       "--label", "nightly", "--issued-before", "2029-01-01T00:00:00.5Z", "--confirm", "1.2.ab",
       "--reason", "leaked"},
      "parent: 'workspaces/acme' app: 'apps/ci-bot' member: 'workspaces/acme/members/ann' "
      "kind: TOKEN_KIND_USER label: 'nightly' issued_before { seconds: 1861920000 nanos: 500000000 "
      "} confirmation: '1.2.ab' reason: 'leaked'");
  Expect<v1::GetBulkRevocationRequest>({"token", "bulk-status", "acme/b1"},
                                       "name: 'workspaces/acme/bulkRevocations/b1'");
  Expect<v1::ListBulkRevocationsRequest>(
      {"token", "bulk-list", "acme", "--state", "running"},
      "parent: 'workspaces/acme' state: BULK_REVOCATION_STATE_RUNNING");
  Expect<v1::CancelBulkRevocationRequest>(
      {"token", "bulk-cancel", "acme/b1", "--reason", "enough"},
      "name: 'workspaces/acme/bulkRevocations/b1' reason: 'enough'");
}

TEST_F(RequestTest, OfADryRun) {
  const auto sends = [this](std::vector<std::string> args, const std::string& text) {
    args.insert(args.begin(), {"policy", "check"});
    FakeServer server;
    v1::CheckPermissionResponse allowed;
    allowed.mutable_decision()->set_outcome(v1::OUTCOME_ALLOWED);
    server.Answer<v1::CheckPermissionRequest>(allowed);
    EXPECT_EQ(cli_.Run(server, args).code, ExitCode::kOk) << args[2];
    v1::CheckPermissionRequest expected;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &expected)) << text;
    EXPECT_EQ(server.Last<v1::CheckPermissionRequest>().DebugString(), expected.DebugString());
  };
  sends({"token.regenerate", "acme/t1", "--scopes", "a,b"},
        "action: ACTION_TOKEN_REGENERATE resource: 'workspaces/acme/tokens/t1' scopes: 'a' "
        "scopes: 'b'");
  sends({"token.rotate", "--presents-secret"}, "action: ACTION_TOKEN_ROTATE presents_secret: true");
  sends({"workspace.update", "acme", "--moves-workspace"},
        "action: ACTION_WORKSPACE_UPDATE resource: 'workspaces/acme' moves_workspace: true");
}

TEST_F(RequestTest, OfPolicyAndAudit) {
  Expect<v1::ListRulesRequest>({"policy", "rules"}, "");
  Expect<v1::ListPlansRequest>({"policy", "plans"}, "");
  Expect<v1::ListEventsRequest>(
      {"audit", "list", "--workspace", "acme", "--app", "ci-bot", "--action",
       "token.issue,token.revoke", "--actor", "services/ci", "--resource",
       "workspaces/acme/tokens/t1", "--after", "5", "--newest-first"},
      "filter { workspace: 'workspaces/acme' app: 'apps/ci-bot' "
      "actions: [ACTION_TOKEN_ISSUE, ACTION_TOKEN_REVOKE] actor: 'services/ci' "
      "resource: 'workspaces/acme/tokens/t1' } after_revision: 5 descending: true");
  Expect<v1::GetEventRequest>({"audit", "get", "42"}, "sequence: 42");
  Expect<v1::GetCheckpointRequest>({"audit", "checkpoint"}, "");
  Expect<v1::GetCheckpointRequest>({"audit", "verify-key", "--workspace", "acme"},
                                   "workspace: 'workspaces/acme'");
  Expect<v1::GetCheckpointRequest>({"audit", "checkpoint", "--organization", "corp"},
                                   "organization: 'organizations/corp'");
  Expect<v1::GetStatusRequest>({"admin", "status"}, "");
}

TEST_F(RequestTest, AGivenRequestIdIsSent) {
  const std::string id = "3f2a8c1e-9d4b-4c6a-8f10-1234567890ab";
  FakeServer server;
  server.Answer<v1::DeleteAppRequest>({});
  EXPECT_EQ(cli_.Run(server, {"app", "delete", "ci-bot", "--request-id", id}).code, ExitCode::kOk);
  EXPECT_EQ(server.Last<v1::DeleteAppRequest>().request_id(), id);
}

TEST_F(RequestTest, ATokenIsRevokedByItsSecretFromAFile) {
  FakeServer server;
  server.Answer<v1::RevokeTokenRequest>({});
  const auto result =
      cli_.Run(server, {"token", "revoke", "--secret-from", cli_.File("secret", "lkb_private\n")});
  EXPECT_EQ(result.code, ExitCode::kOk);
  EXPECT_EQ(server.Last<v1::RevokeTokenRequest>().secret(), "lkb_private");
  EXPECT_EQ(server.Last<v1::RevokeTokenRequest>().request_id(), "");
  EXPECT_EQ((result.out + result.err).find("private"), std::string::npos);
}

TEST_F(RequestTest, OfConsumers) {
  Expect<v1::CreateConsumerRequest>(
      {"audit", "consumer", "create", "siem", "--workspace", "acme", "--action", "token.issue",
       "--after", "7", "--hold", "--max-held-bytes", "1048576"},
      "consumer_id: 'siem' consumer { filter { workspace: 'workspaces/acme' "
      "actions: ACTION_TOKEN_ISSUE } acknowledged_revision: 7 holds_retention: true "
      "max_held_bytes: 1048576 }");
  Expect<v1::CreateConsumerRequest>({"audit", "consumer", "create", "siem", "--from-now"},
                                    "consumer_id: 'siem' from_now: true consumer { filter {} }");
  Expect<v1::ListConsumersRequest>({"audit", "consumer", "list", "--workspace", "acme"},
                                   "workspace: 'workspaces/acme'");
  Expect<v1::GetConsumerRequest>({"audit", "consumer", "get", "siem"}, "name: 'consumers/siem'");
  Expect<v1::DeleteConsumerRequest>({"audit", "consumer", "delete", "consumers/siem"},
                                    "name: 'consumers/siem'");
  Expect<v1::AcknowledgeRequest>({"audit", "consumer", "ack", "siem", "9"},
                                 "name: 'consumers/siem' revision: 9");
}

}  // namespace
}  // namespace latchkey::cli
