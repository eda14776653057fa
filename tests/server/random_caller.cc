#include "tests/server/random_caller.h"

#include "absl/strings/escaping.h"

namespace latchkey::testing {
namespace {

// Beyond it the log would lose its beginning, from which its events are replayed.
constexpr absl::Duration kLongestRun = absl::Hours(24 * 300);

}  // namespace

std::string RandomCaller::Uuid() {
  std::string bytes(16, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random_());
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  const std::string hex = absl::BytesToHexString(bytes);
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-", hex.substr(12, 4), "-",
                      hex.substr(16, 4), "-", hex.substr(20));
}

Caller RandomCaller::AnyCaller() {
  switch (Below(12)) {
    case 0:
      return TestAuthority::Operator();
    case 1:
      return TestAuthority::Service("services/" + ServiceId());
    case 2:
      return Caller();
    default:
      return TestAuthority::Member(Member());
  }
}

std::optional<ShownSecret> RandomCaller::Secret() {
  const std::vector<ShownSecret> last = secrets_.Last(Rarely() ? 4000 : 40);
  if (last.empty()) return std::nullopt;
  return last[static_cast<std::size_t>(Below(static_cast<int>(last.size())))];
}

std::string RandomCaller::Token() {
  const std::optional<ShownSecret> secret = Secret();
  return secret.has_value() && !Rarely() ? secret->token : Workspace() + "/tokens/none";
}

std::string RandomCaller::PendingRequest() {
  v1::ListApprovalRequestsRequest list;
  list.set_parent(Workspace());
  list.set_state(v1::APPROVAL_REQUEST_STATE_PENDING);
  const auto found = authority_->Read(TestAuthority::Operator(), list);
  if (!found.ok() || found->approval_requests().empty()) return Workspace() + "/approvalRequests/x";
  return found->approval_requests(Below(found->approval_requests_size())).name();
}

std::string RandomCaller::RunningBulk() {
  v1::ListBulkRevocationsRequest list;
  list.set_parent(Workspace());
  list.set_state(v1::BULK_REVOCATION_STATE_RUNNING);
  const auto found = authority_->Read(TestAuthority::Operator(), list);
  if (!found.ok() || found->bulk_revocations().empty()) return Workspace() + "/bulkRevocations/x";
  return found->bulk_revocations(Below(found->bulk_revocations_size())).name();
}

v1::App RandomCaller::ShownApp(const std::string& name) {
  v1::GetAppRequest get;
  get.set_name(name);
  const auto app = authority_->Read(TestAuthority::Operator(), get);
  return app.ok() ? app->app() : v1::App();
}

Caller RandomCaller::OwnerOf(const v1::App& app) {
  return Below(3) == 0 ? AnyCaller() : TestAuthority::Member(app.creator());
}

Caller RandomCaller::OwnerOfToken(const std::string& token) {
  v1::GetTokenRequest get;
  get.set_name(token);
  const auto shown = authority_->Read(TestAuthority::Operator(), get);
  if (!shown.ok() || !shown->token().service().empty()) return TestAuthority::Operator();
  if (!shown->token().member().empty()) return TestAuthority::Member(shown->token().member());
  return OwnerOf(ShownApp(shown->token().app()));
}

void RandomCaller::PassTime() {
  absl::Duration by = absl::Milliseconds(Below(700));
  if (Below(50) == 0) {
    const int kind = Below(16);
    absl::Duration leap = absl::Seconds(Below(240));
    if (kind < 9) leap = absl::Minutes(Below(240));
    if (kind < 6) leap = absl::Hours(Below(48));
    if (kind < 3) leap = absl::Hours(Below(24 * 8));
    if (kind < 1) leap = absl::Hours(24 * 33);
    if (authority_.clock().Now() + leap < begin_ + kLongestRun) by += leap;
  }
  authority_.clock().Advance(by);
}

void RandomCaller::CallOnce() {
  PassTime();
  here_ = Below(2);
  // So that the verifier remembers what the calls then end.
  if (const auto secret = Secret(); secret.has_value()) witness_.Present(*secret);
  switch (Below(18)) {
    case 0:
      return CallDirectory();
    case 1:
    case 2:
      return CallMembers();
    case 3:
    case 4:
    case 5:
      return CallApps();
    case 6:
    case 7:
      return CallInstallations();
    case 8:
      return CallApprovals();
    case 9:
      return CallConsumers();
    case 10:
      return CallOrganizations();
    case 11:
      return Below(3) == 0 ? CallBulk() : CallInstallations();
    default:
      return CallTokens();
  }
}

void RandomCaller::CallDirectory() {
  switch (Below(5)) {
    case 0: {
      v1::CreateWorkspaceRequest request;
      request.set_workspace_id(Rarely() ? "Not An Id" : WorkspaceId());
      request.mutable_workspace()->set_plan(static_cast<v1::Plan>(Below(6)));
      if (Below(2) == 0) request.set_primary_owner_id(MemberId());
      CallAs(TestAuthority::Operator(), request).IgnoreError();
      return;
    }
    case 1:
    case 2:
      return UpdateWorkspace();
    case 3: {
      v1::CreateServiceRequest request;
      request.set_service_id(ServiceId());
      request.mutable_service()->add_roles(static_cast<v1::ServiceRole>(1 + Below(6)));
      if (Below(2) == 0) request.mutable_service()->add_uri_sans("spiffe://x/" + ServiceId());
      CallAs(TestAuthority::Operator(), request).IgnoreError();
      return;
    }
    default: {
      v1::DeleteServiceRequest request;
      request.set_name("services/" + ServiceId());
      Call(request).IgnoreError();
      return;
    }
  }
}

void RandomCaller::UpdateWorkspace() {
  v1::UpdateWorkspaceRequest request;
  v1::Workspace& workspace = *request.mutable_workspace();
  workspace.set_name(Workspace());
  workspace.set_state(Below(30) == 0 ? v1::WORKSPACE_STATE_SUSPENDED : v1::WORKSPACE_STATE_ACTIVE);
  workspace.set_plan(Below(3) == 0 ? static_cast<v1::Plan>(1 + Below(3))
                                   : v1::PLAN_ENTERPRISE_GRID);
  workspace.set_organization(Rarely() ? "" : Organization());
  v1::WorkspaceSettings& settings = *workspace.mutable_settings();
  settings.set_app_approval_required(Below(2) == 0);
  settings.set_guests_may_use_apps(Below(2) == 0);
  v1::IdleLimit& limit = *settings.add_idle_limits();
  limit.set_kind(static_cast<v1::TokenKind>(1 + Below(6)));
  limit.mutable_limit()->set_seconds(86400 * (1 + Below(10)));
  settings.mutable_access_token_life()->set_seconds(300 + Below(43200));
  for (int left = Below(3); left > 0; --left) {
    settings.add_expiry_warnings()->set_seconds(60 + Below(86400));
  }
  constexpr const char* kPaths[] = {"state",
                                    "plan",
                                    "organization",
                                    "settings",
                                    "settings.app_approval_required",
                                    "settings.guests_may_use_apps",
                                    "settings.idle_limits",
                                    "settings.access_token_life",
                                    "settings.expiry_warnings"};
  request.mutable_update_mask()->add_paths(kPaths[Below(9)]);
  if (Rarely()) request.set_expected_revision(static_cast<std::uint64_t>(Below(50)));
  CallAs(TestAuthority::Operator(), request).IgnoreError();
}

void RandomCaller::CallOrganizations() {
  switch (Below(4)) {
    case 0: {
      v1::CreateOrganizationRequest request;
      request.set_organization_id(OrganizationId());
      request.mutable_organization()->mutable_settings()->set_guests_may_use_apps(Below(2) == 0);
      CallAs(TestAuthority::Operator(), request).IgnoreError();
      return;
    }
    case 1: {
      v1::UpdateOrganizationRequest request;
      request.mutable_organization()->set_name(Organization());
      request.mutable_organization()->add_owners(Member());
      request.mutable_organization()->add_admins(Member());
      request.mutable_organization()->mutable_settings()->set_app_approval_required(Rarely());
      request.mutable_organization()->mutable_settings()->set_guests_may_use_apps(true);
      constexpr const char* kPaths[] = {"owners", "admins", "settings"};
      request.mutable_update_mask()->add_paths(kPaths[Below(3)]);
      CallAs(Below(2) == 0 ? TestAuthority::Operator() : AnyCaller(), request).IgnoreError();
      return;
    }
    case 2: {
      v1::ApproveAppRequest request;
      request.set_parent(Organization());
      request.set_app(App());
      Call(request).IgnoreError();
      return;
    }
    default: {
      v1::RestrictAppRequest request;
      request.set_parent(Organization());
      request.set_app(App());
      Call(request).IgnoreError();
      return;
    }
  }
}

void RandomCaller::CallMembers() {
  switch (Below(4)) {
    case 0:
    case 1: {
      v1::CreateMemberRequest request;
      request.set_parent(Workspace());
      request.set_member_id(MemberId());
      request.mutable_member()->set_role(static_cast<v1::Role>(Below(8)));
      request.mutable_member()->set_can_manage_apps(Rarely());
      CallAs(TestAuthority::Operator(), request).IgnoreError();
      return;
    }
    case 2: {
      v1::UpdateMemberRequest request;
      request.mutable_member()->set_name(Member());
      // Mostly those who may do something.
      request.mutable_member()->set_role(static_cast<v1::Role>(1 + Below(Rarely() ? 6 : 4)));
      request.mutable_member()->set_can_manage_apps(Below(2) == 0);
      request.mutable_member()->set_state(v1::MEMBER_STATE_ACTIVE);
      for (const char* path : {"role", "can_manage_apps", "state"}) {
        if (Below(2) == 0) request.mutable_update_mask()->add_paths(path);
      }
      CallAs(Below(2) == 0 ? TestAuthority::Operator() : AnyCaller(), request).IgnoreError();
      return;
    }
    default: {
      if (Below(4) != 0) return;
      v1::DeactivateMemberRequest request;
      request.set_name(Member());
      CallAs(Below(2) == 0 ? TestAuthority::Operator() : AnyCaller(), request).IgnoreError();
      return;
    }
  }
}

}  // namespace latchkey::testing
