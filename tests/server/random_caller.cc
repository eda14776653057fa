#include "tests/server/random_caller.h"

namespace latchkey::testing {

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

std::string RandomCaller::Token() {
  if (secrets_.empty() || Rarely()) return Workspace() + "/tokens/none";
  return secrets_[static_cast<std::size_t>(Below(static_cast<int>(secrets_.size())))].first;
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

v1::App RandomCaller::ShownApp() {
  v1::GetAppRequest get;
  get.set_name(App());
  const auto app = authority_->Read(TestAuthority::Operator(), get);
  return app.ok() ? app->app() : v1::App();
}

void RandomCaller::CallOnce() {
  if (!secrets_.empty()) {
    // So that the verifier remembers what the calls then end.
    authority_.IsActive(
        secrets_[static_cast<std::size_t>(Below(static_cast<int>(secrets_.size())))].second);
  }
  switch (Below(16)) {
    case 15:
      return CallBulk();
    case 14:
      return CallOrganizations();
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
    case 9:
      return CallApprovals();
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
    case 2: {
      v1::UpdateWorkspaceRequest request;
      request.mutable_workspace()->set_name(Workspace());
      request.mutable_workspace()->set_state(Below(30) == 0 ? v1::WORKSPACE_STATE_SUSPENDED
                                                            : v1::WORKSPACE_STATE_ACTIVE);
      request.mutable_workspace()->mutable_settings()->set_app_approval_required(Below(2) == 0);
      request.mutable_workspace()->mutable_settings()->set_guests_may_use_apps(Below(2) == 0);
      request.mutable_workspace()->set_plan(Rarely() ? v1::PLAN_PLUS : v1::PLAN_ENTERPRISE_GRID);
      request.mutable_workspace()->set_organization(Rarely() ? "" : Organization());
      constexpr const char* kPaths[] = {"state", "settings", "plan", "organization"};
      request.mutable_update_mask()->add_paths(kPaths[Below(4)]);
      if (Rarely()) request.set_expected_revision(static_cast<std::uint64_t>(Below(50)));
      CallAs(TestAuthority::Operator(), request).IgnoreError();
      return;
    }
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

void RandomCaller::CallApps() {
  switch (Below(6)) {
    case 0:
    case 1: {
      v1::CreateAppRequest request;
      request.set_app_id(AppId());
      request.mutable_app()->set_home_workspace(Workspace());
      request.mutable_app()->set_kind(static_cast<v1::AppKind>(1 + Below(4)));
      if (Below(2) == 0) request.mutable_app()->set_kind(v1::APP_KIND_EXTERNAL);
      request.mutable_app()->add_bot_scopes("chat:write");
      if (Below(2) == 0) request.mutable_app()->add_user_scopes("latchkey");
      Call(request).IgnoreError();
      return;
    }
    case 2: {
      v1::UpdateAppRequest request;
      request.mutable_app()->set_name(App());
      request.mutable_app()->add_bot_scopes(absl::StrCat("scope:", Below(4)));
      request.mutable_update_mask()->add_paths("bot_scopes");
      Call(request).IgnoreError();
      return;
    }
    case 3: {
      if (!Rarely()) return;
      const v1::App app = ShownApp();
      v1::DeleteAppRequest request;
      request.set_name(app.name());
      CallAs(TestAuthority::Member(app.creator()), request).IgnoreError();
      return;
    }
    case 4: {
      const v1::App app = ShownApp();
      v1::AddCollaboratorRequest request;
      request.set_app(app.name());
      request.set_member(absl::StrCat(app.home_workspace(), "/members/", MemberId()));
      CallAs(TestAuthority::Member(app.creator()), request).IgnoreError();
      return;
    }
    default: {
      const v1::App app = ShownApp();
      v1::RemoveCollaboratorRequest request;
      request.set_app(app.name());
      request.set_member(app.collaborators().empty() ? Member() : app.collaborators(0));
      CallAs(TestAuthority::Member(Below(2) == 0 ? app.creator() : request.member()), request)
          .IgnoreError();
      return;
    }
  }
}

void RandomCaller::CallInstallations() {
  switch (Below(4)) {
    case 0: {
      v1::InstallAppRequest request;
      request.set_parent(Workspace());
      request.set_app(App());
      if (const auto answer = Call(request); answer.ok()) {
        Keep(answer->bot_token());
        Keep(answer->user_token());
      }
      return;
    }
    case 1:
    case 2: {
      v1::ReinstallAppRequest request;
      request.set_name(Installation());
      if (const auto answer = Call(request); answer.ok()) {
        Keep(answer->bot_token());
        Keep(answer->user_token());
      }
      return;
    }
    default: {
      v1::UninstallAppRequest request;
      request.set_name(Installation());
      Call(request).IgnoreError();
      return;
    }
  }
}

void RandomCaller::CallApprovals() {
  switch (Below(6)) {
    case 0: {
      v1::ApproveAppRequest request;
      request.set_parent(Workspace());
      request.set_app(App());
      Call(request).IgnoreError();
      return;
    }
    case 1: {
      v1::RestrictAppRequest request;
      request.set_parent(Workspace());
      request.set_app(App());
      Call(request).IgnoreError();
      return;
    }
    default: {
      v1::ResolveApprovalRequestRequest request;
      request.set_name(PendingRequest());
      request.set_resolution(
          static_cast<v1::ResolveApprovalRequestRequest::Resolution>(1 + Below(3)));
      Call(request).IgnoreError();
      return;
    }
  }
}

void RandomCaller::CallTokens() {
  switch (Below(6)) {
    case 0:
    case 1:
    case 2: {
      v1::IssueTokenRequest request;
      const auto kind = static_cast<v1::TokenKind>(1 + Below(8));
      request.set_kind(kind);
      request.set_parent(kind == v1::TOKEN_KIND_SERVICE ? "services/" + ServiceId() : Workspace());
      if (kind != v1::TOKEN_KIND_SERVICE && kind != v1::TOKEN_KIND_TEST) request.set_app(App());
      if (kind == v1::TOKEN_KIND_TEST) request.add_scopes(absl::StrCat("scope:", Below(4)));
      const auto answer = kind == v1::TOKEN_KIND_SERVICE
                              ? CallAs(TestAuthority::Operator(), request)
                              : Call(request);
      if (answer.ok()) Keep(answer->issued_token());
      return;
    }
    case 3:
    case 4: {
      v1::RegenerateTokenRequest request;
      request.set_name(Token());
      if (const auto answer = Call(request); answer.ok()) Keep(answer->issued_token());
      return;
    }
    default: {
      v1::RevokeTokenRequest request;
      request.set_name(Token());
      Call(request).IgnoreError();
      return;
    }
  }
}

void RandomCaller::CallBulk() {
  if (Below(4) == 0) {
    v1::CancelBulkRevocationRequest request;
    request.set_name(RunningBulk());
    Call(request).IgnoreError();
    return;
  }
  v1::BulkRevokeTokensRequest request;
  request.set_parent(Workspace());
  if (Below(3) != 0) request.set_app(App());
  if (Below(3) == 0) request.set_member(absl::StrCat(request.parent(), "/members/", MemberId()));
  if (Below(2) == 0) request.set_kind(static_cast<v1::TokenKind>(Below(9)));
  request.set_all(request.app().empty() && request.member().empty() &&
                  request.kind() == v1::TOKEN_KIND_UNSPECIFIED);
  const Caller caller = Below(2) == 0 ? TestAuthority::Operator() : AnyCaller();
  const auto preview = authority_->PreviewBulkRevoke(caller, request);
  if (preview.ok()) request.set_confirmation(preview->confirmation());
  const auto started = CallAs(caller, request);
  if (!started.ok() || !started->has_bulk_revocation() || Below(3) != 0) return;
  v1::CancelBulkRevocationRequest cancel;
  cancel.set_name(started->bulk_revocation().name());
  CallAs(caller, cancel).IgnoreError();
}

}  // namespace latchkey::testing
