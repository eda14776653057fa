// Apps, their installations, and approvals.
#include "tests/server/random_caller.h"

namespace latchkey::testing {

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
      request.mutable_app()->set_token_rotation(Below(3) == 0);
      request.mutable_app()->set_reuse_policy(static_cast<v1::ReusePolicy>(Below(3)));
      Call(request).IgnoreError();
      return;
    }
    case 2:
      return UpdateApp();
    case 3: {
      if (Below(20) != 0) return;  // its id is not used again
      const v1::App app = ShownApp(App());
      v1::DeleteAppRequest request;
      request.set_name(app.name());
      CallAs(TestAuthority::Member(app.creator()), request).IgnoreError();
      return;
    }
    case 4: {
      const v1::App app = ShownApp(App());
      v1::AddCollaboratorRequest request;
      request.set_app(app.name());
      request.set_member(absl::StrCat(app.home_workspace(), "/members/", MemberId()));
      CallAs(TestAuthority::Member(app.creator()), request).IgnoreError();
      return;
    }
    default: {
      const v1::App app = ShownApp(App());
      v1::RemoveCollaboratorRequest request;
      request.set_app(app.name());
      request.set_member(app.collaborators().empty() ? Member() : app.collaborators(0));
      CallAs(TestAuthority::Member(Below(2) == 0 ? app.creator() : request.member()), request)
          .IgnoreError();
      return;
    }
  }
}

void RandomCaller::UpdateApp() {
  v1::UpdateAppRequest request;
  v1::App& app = *request.mutable_app();
  app.set_name(App());
  app.add_bot_scopes(absl::StrCat("scope:", Below(4)));
  app.set_token_rotation(Below(3) == 0);
  app.set_reuse_policy(static_cast<v1::ReusePolicy>(Below(3)));
  constexpr const char* kPaths[] = {"bot_scopes", "token_rotation", "reuse_policy"};
  request.mutable_update_mask()->add_paths(kPaths[Below(3)]);
  CallAs(OwnerOf(ShownApp(app.name())), request).IgnoreError();
}

void RandomCaller::CallInstallations() {
  const std::string id = AppId();
  const v1::App app = ShownApp("apps/" + id);
  const Caller caller = OwnerOf(app);
  const std::string workspace = Below(3) == 0 ? Workspace() : app.home_workspace();
  const std::string name = absl::StrCat(workspace, "/installations/", id);
  switch (Below(6)) {
    case 0:
    case 1: {
      v1::InstallAppRequest request;
      request.set_parent(workspace);
      request.set_app("apps/" + id);
      CallAs(caller, request).IgnoreError();
      return;
    }
    case 2:
    case 3:
    case 4: {
      v1::ReinstallAppRequest request;
      request.set_name(name);
      CallAs(caller, request).IgnoreError();
      return;
    }
    default: {
      v1::UninstallAppRequest request;
      request.set_name(name);
      CallAs(caller, request).IgnoreError();
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
      if (Below(2) != 0) return;
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

}  // namespace latchkey::testing
