#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/authority/authority.h"
#include "server/authority/common.h"
#include "server/authority/names.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

using policy::Action;

absl::Status BadResource(absl::string_view takes) {
  return InvalidFieldError("resource", absl::StrCat("does not fit the action; it takes ", takes));
}

// Whom a dry run is about.
absl::StatusOr<Caller> PrincipalOf(const Caller& caller, const std::string& name) {
  if (name.empty() || name == caller.principal) return caller;
  Caller principal;
  principal.principal = name;
  if (name == kOperatorPrincipal) {
    principal.kind = policy::CallerKind::kOperator;
  } else if (ParseMember(name).has_value()) {
    principal.kind = policy::CallerKind::kMember;
  } else if (ParseService(name).has_value()) {
    principal.kind = policy::CallerKind::kService;
  } else {
    return InvalidFieldError("principal",
                             "takes workspaces/{id}/members/{id}, services/{id} or operator");
  }
  return principal;
}

absl::Status AboutNewToken(FactSheet& sheet, const v1::CheckPermissionRequest& request) {
  // The resource is the parent; an app's token names the app, and the workspace beside it.
  const auto app = ParseApp(request.resource());
  const auto owner = ParseTokenOwner(app.has_value() ? request.workspace() : request.resource());
  if (!owner.has_value()) {
    return BadResource("workspaces/{id} or services/{id}, or apps/{id} with workspace set");
  }
  // A grant counts whatever it covers: the request does not say which scopes are wanted.
  return sheet.AboutNewToken(*owner, ToPolicy(request.token_kind()), app.value_or(""),
                             request.member(), {});
}

absl::Status AboutInstallation(FactSheet& sheet, const v1::CheckPermissionRequest& request) {
  const Action action = sheet.facts().action;
  if (action == Action::kAppApprove || action == Action::kAppRestrict) {
    if (const auto id = ParseOrganizationInstallation(request.resource())) {
      return sheet.AboutOrganizationApp(id->organization, id->id);
    }
  }
  if (const auto id = ParseInstallation(request.resource())) {
    return sheet.AboutInstallation(id->workspace, id->id);
  }
  const auto app = ParseApp(request.resource());
  const auto workspace = ParseWorkspace(request.workspace());
  if (app.has_value() && workspace.has_value()) {
    return sheet.AboutInstallation(*workspace, *app);
  }
  return BadResource("workspaces/{id}/installations/{id}, or apps/{id} with workspace set");
}

absl::Status AboutMember(FactSheet& sheet, const v1::CheckPermissionRequest& request) {
  const policy::Role role = ToPolicy(request.role());
  if (const auto id = ParseMember(request.resource())) return sheet.AboutMember(*id, role);
  if (const auto workspace = ParseWorkspace(request.resource())) {
    return sheet.AboutMember({*workspace, ""}, role);
  }
  return BadResource("workspaces/{id}/members/{id} or workspaces/{id}");
}

absl::Status AboutWorkspace(FactSheet& sheet, const v1::CheckPermissionRequest& request) {
  if (request.resource().empty()) return absl::OkStatus();
  if (const auto id = ParseWorkspace(request.resource())) return sheet.AboutWorkspace(*id);
  return BadResource("workspaces/{id}");
}

absl::Status AboutEvents(FactSheet& sheet, const v1::CheckPermissionRequest& request) {
  if (const auto id = ParseOrganization(request.resource())) {
    return sheet.AboutEventsOfOrganization(*id);
  }
  if (request.resource().empty() || ParseWorkspace(request.resource()).has_value()) {
    return AboutWorkspace(sheet, request);
  }
  return BadResource("workspaces/{id} or organizations/{id}");
}

absl::Status AboutApp(FactSheet& sheet, const v1::CheckPermissionRequest& request) {
  if (const auto id = ParseApp(request.resource())) return sheet.AboutApp(*id);
  if (sheet.facts().action == Action::kAppRead) return AboutWorkspace(sheet, request);
  return BadResource("apps/{id}");
}

absl::Status AboutToken(FactSheet& sheet, const v1::CheckPermissionRequest& request) {
  if (const auto id = ParseToken(request.resource())) return sheet.AboutToken(*id);
  const Action action = sheet.facts().action;
  if (action == Action::kTokenRead || action == Action::kTokenBulkRevoke) {
    return AboutWorkspace(sheet, request);
  }
  return BadResource("workspaces/{id}/tokens/{id} or services/{id}/tokens/{id}");
}

absl::Status AboutBulkRevocation(FactSheet& sheet, const v1::CheckPermissionRequest& request) {
  if (const auto id = ParseBulkRevocation(request.resource())) {
    return sheet.AboutWorkspace(id->workspace);
  }
  return BadResource("workspaces/{id}/bulkRevocations/{id}");
}

absl::Status AboutOrganization(FactSheet& sheet, const v1::CheckPermissionRequest& request) {
  if (const auto id = ParseOrganization(request.resource())) return sheet.AboutOrganization(*id);
  return BadResource("organizations/{id}");
}

// Fills the sheet as the method of its action would.
absl::Status About(FactSheet& sheet, const v1::CheckPermissionRequest& request) {
  switch (sheet.facts().action) {
    case Action::kWorkspaceCreate:
    case Action::kOrganizationCreate:
    case Action::kAdminRead:
    case Action::kAdminBackup:
    case Action::kPolicyRead:
    case Action::kTokenVerify:
      return absl::OkStatus();
    case Action::kPolicyCheck:
      return sheet.AboutPrincipal(request.resource());
    case Action::kOrganizationRead:
    case Action::kOrganizationUpdate:
      return AboutOrganization(sheet, request);
    case Action::kWorkspaceRead:
    case Action::kWorkspaceUpdate:
    case Action::kAppCreate:
      return AboutWorkspace(sheet, request);
    case Action::kAuditRead:
    case Action::kConsumerCreate:
    case Action::kConsumerDelete:
      return AboutEvents(sheet, request);
    case Action::kMemberCreate:
    case Action::kMemberRead:
    case Action::kMemberUpdate:
    case Action::kMemberDeactivate:
      return AboutMember(sheet, request);
    case Action::kServiceCreate:
    case Action::kServiceRead:
    case Action::kServiceDelete:
      return sheet.AboutService(ParseService(request.resource()).value_or(""));
    case Action::kAppRead:
    case Action::kAppUpdate:
    case Action::kAppDelete:
    case Action::kAppAddCollaborator:
    case Action::kAppRemoveCollaborator:
      return AboutApp(sheet, request);
    case Action::kInstallationRead:
      return AboutWorkspace(sheet, request);
    case Action::kAppInstall:
    case Action::kAppReinstall:
    case Action::kAppUninstall:
    case Action::kAppApprove:
    case Action::kAppRestrict:
      return AboutInstallation(sheet, request);
    case Action::kRequestRead:
    case Action::kRequestResolve:
    case Action::kRequestWithdraw:
      if (const auto id = ParseApprovalRequest(request.resource())) return sheet.AboutRequest(*id);
      return AboutWorkspace(sheet, request);
    case Action::kTokenIssue:
      return AboutNewToken(sheet, request);
    case Action::kTokenRead:
    case Action::kTokenRegenerate:
    case Action::kTokenRevoke:
    case Action::kTokenBulkRevoke:
      return AboutToken(sheet, request);
    case Action::kTokenBulkCancel:
      return AboutBulkRevocation(sheet, request);
    case Action::kTokenRotate:
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

// A dry run tells nobody of a token that they may not read: it is as if there were none.
absl::Status CheckReadable(const storage::View& view, const Caller& caller,
                           const std::string& resource, absl::Time now) {
  const auto id = ParseToken(resource);
  if (!id.has_value()) return absl::OkStatus();
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, FactSheet::For(view, caller, Action::kTokenRead, now));
  LATCHKEY_RETURN_IF_ERROR(sheet.AboutToken(*id));
  const bool readable =
      sheet.token().has_value() && sheet.Decide().outcome == policy::Outcome::kAllow;
  return readable ? absl::OkStatus() : ResourceNotFoundError(resource);
}

}  // namespace

absl::StatusOr<v1::CheckPermissionResponse> Authority::Read(
    const Caller& caller, const v1::CheckPermissionRequest& request) {
  const storage::View view = NewView();
  LATCHKEY_RETURN_IF_ERROR(
      AuthorizeRead(view, caller, Action::kPolicyCheck, request.principal(), [&](FactSheet& sheet) {
        return sheet.AboutPrincipal(request.principal());
      }).status());
  if (!policy::IsAction(request.action())) {
    return InvalidFieldError("action", "is no action that can be asked for; see ListRules");
  }
  if (!v1::TokenKind_IsValid(request.token_kind()) || !v1::Role_IsValid(request.role())) {
    return InvalidFieldError("token_kind", "or role is none of the contract's");
  }
  LATCHKEY_ASSIGN_OR_RETURN(const Caller principal, PrincipalOf(caller, request.principal()));
  absl::StatusOr<FactSheet> sheet =
      FactSheet::For(view, principal, static_cast<Action>(static_cast<int>(request.action())),
                     options_.clock.Now());
  if (absl::IsUnauthenticated(sheet.status()) && !request.principal().empty()) {
    return ResourceNotFoundError(request.principal());
  }
  LATCHKEY_RETURN_IF_ERROR(sheet.status());
  LATCHKEY_RETURN_IF_ERROR(About(*sheet, request));
  if (caller.kind == policy::CallerKind::kMember && principal.principal != caller.principal) {
    // Who asks for another learns nothing of a workspace that only the other may act in.
    LATCHKEY_ASSIGN_OR_RETURN(
        FactSheet own, FactSheet::For(view, caller, sheet->facts().action, options_.clock.Now()));
    LATCHKEY_RETURN_IF_ERROR(About(own, request));
    if (own.Decide().rule == "caller.cross_workspace") {
      return ResourceNotFoundError(request.resource());
    }
  }
  LATCHKEY_RETURN_IF_ERROR(CheckReadable(view, caller, request.resource(), options_.clock.Now()));
  v1::CheckPermissionResponse response;
  *response.mutable_decision() = ToProto(sheet->Decide());
  LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t newest, view.NewestSequence());
  response.set_revision(newest);
  return response;
}

absl::StatusOr<v1::ListRulesResponse> Authority::Read(const Caller& caller,
                                                      const v1::ListRulesRequest&) {
  const storage::View view = NewView();
  LATCHKEY_RETURN_IF_ERROR(
      AuthorizeRead(view, caller, Action::kPolicyRead, "the rules", [](FactSheet&) {
        return absl::OkStatus();
      }).status());
  v1::ListRulesResponse response;
  for (const policy::Rule& row : policy::Rules()) {
    v1::Rule& rule = *response.add_rules();
    rule.set_id(std::string(row.id));
    rule.set_condition(std::string(row.condition));
    rule.set_effect(std::string(row.effect));
    for (const Action action : row.actions) rule.add_actions(ToProto(action));
  }
  return response;
}

}  // namespace latchkey
