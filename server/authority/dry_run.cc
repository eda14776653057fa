// What a dry run is about, and whether that is there.
#include "server/authority/dry_run.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "server/authority/actions.h"
#include "server/authority/audit_filter.h"
#include "server/authority/common.h"
#include "server/authority/consumers.h"
#include "server/authority/errors.h"
#include "server/authority/names.h"
#include "server/authority/refusal.h"
#include "server/authority/validate.h"
#include "server/base/status_macros.h"
#include "storage/keys.h"

namespace latchkey {
namespace {

using policy::Action;

absl::Status BadResource(absl::string_view takes) {
  return InvalidFieldError("resource", absl::StrCat("does not fit the action; it takes ", takes));
}

absl::Status AboutNewToken(FactSheet& sheet, const v1::CheckPermissionRequest& request,
                           Target& target) {
  // The resource is the parent; an app's token names the app, and the workspace beside it.
  const auto app = ParseApp(request.resource());
  const auto owner = ParseTokenOwner(app.has_value() ? request.workspace() : request.resource());
  if (!owner.has_value()) {
    return BadResource("workspaces/{id} or services/{id}, or apps/{id} with workspace set");
  }
  target.resource = app.has_value() ? request.workspace() : request.resource();
  if (app.has_value()) target.app = request.resource();
  return sheet.AboutNewToken(*owner, ToPolicy(request.token_kind()), app.value_or(""),
                             request.member(), request.scopes());
}

absl::Status AboutInstallation(FactSheet& sheet, const v1::CheckPermissionRequest& request,
                               Target& target) {
  const Action action = sheet.facts().action;
  if (action == Action::kAppApprove || action == Action::kAppRestrict) {
    if (const auto id = ParseOrganizationInstallation(request.resource())) {
      target.app = AppName(id->id);
      return sheet.AboutOrganizationApp(id->organization, id->id);
    }
  }
  if (const auto id = ParseInstallation(request.resource())) {
    target.app = AppName(id->id);
    return sheet.AboutInstallation(id->workspace, id->id);
  }
  const auto app = ParseApp(request.resource());
  const auto workspace = ParseWorkspace(request.workspace());
  if (app.has_value() && workspace.has_value()) {
    target.resource = InstallationName(*workspace, *app);
    target.app = request.resource();
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
  if (request.moves_workspace()) sheet.MovesWorkspace();
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
  if (const auto id = ParseBulkRevocation(request.resource())) {
    return sheet.AboutEvents(id->workspace, request.resource());
  }
  return BadResource("workspaces/{id}, organizations/{id} or workspaces/{id}/bulkRevocations/{id}");
}

absl::Status AboutConsumer(const storage::Reader& reader, const Caller& caller, FactSheet& sheet,
                           const v1::CheckPermissionRequest& request) {
  const auto id = ParseConsumer(request.resource());
  // Else of any consumer of a workspace or an organization.
  if (!id.has_value()) return AboutEvents(sheet, request);
  LATCHKEY_ASSIGN_OR_RETURN(const auto consumer, ReadConsumer(reader, *id));
  return AboutEventsOf(caller, consumer.has_value() ? consumer->filter() : v1::EventFilter(),
                       sheet);
}

absl::Status AboutApp(FactSheet& sheet, const v1::CheckPermissionRequest& request) {
  if (const auto id = ParseApp(request.resource())) return sheet.AboutApp(*id);
  if (sheet.facts().action == Action::kAppRead) return AboutWorkspace(sheet, request);
  return BadResource("apps/{id}");
}

absl::Status AboutToken(FactSheet& sheet, const v1::CheckPermissionRequest& request) {
  if (request.presents_secret()) {
    sheet.PresentsSecret();
    return absl::OkStatus();
  }
  if (const auto id = ParseToken(request.resource())) {
    return sheet.AboutToken(*id, request.scopes().empty() ? nullptr : &request.scopes());
  }
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

}  // namespace

absl::Status CheckAsked(const v1::CheckPermissionRequest& request) {
  if (!policy::IsAction(request.action())) {
    return InvalidFieldError("action", "is no action that can be asked for; see ListRules");
  }
  const v1::Action action = request.action();
  Validator validator;
  validator.Enum("token_kind", request.token_kind(), /*or_none=*/action != v1::ACTION_TOKEN_ISSUE);
  validator.Enum("role", request.role(), /*or_none=*/true);
  validator.Name("workspace", request.workspace(),
                 request.workspace().empty() || ParseWorkspace(request.workspace()).has_value(),
                 kWorkspaceForm);
  validator.Name("member", request.member(),
                 request.member().empty() || ParseMember(request.member()).has_value(),
                 kMemberForm);
  validator.Scopes("scopes", request.scopes());
  validator.Check(request.scopes().empty() || action == v1::ACTION_TOKEN_ISSUE ||
                      action == v1::ACTION_TOKEN_REGENERATE,
                  "scopes", "are for token.issue and token.regenerate; leave them out");
  validator.Check(!request.presents_secret() || action == v1::ACTION_TOKEN_REVOKE ||
                      action == v1::ACTION_TOKEN_ROTATE,
                  "presents_secret", "is for token.revoke and token.rotate; leave it out");
  validator.Check(!request.presents_secret() || request.resource().empty(), "resource",
                  "is set, and so is presents_secret; who presents a secret names no token");
  validator.Check(!request.moves_workspace() || action == v1::ACTION_WORKSPACE_UPDATE,
                  "moves_workspace", "is for workspace.update; leave it out");
  return validator.status();
}

std::optional<Action> ReadingOfAsked(const v1::CheckPermissionRequest& request) {
  const std::string& resource = request.resource();
  // As DeleteConsumer tells it.
  if (request.action() == v1::ACTION_CONSUMER_DELETE && ParseConsumer(resource)) {
    return Action::kAuditRead;
  }
  if (!ParseToken(resource) && !ParseApprovalRequest(resource)) return std::nullopt;
  return ReadingOf(static_cast<Action>(static_cast<int>(request.action())));
}

absl::Status AboutAsked(const storage::Reader& reader, const Caller& caller, FactSheet& sheet,
                        const v1::CheckPermissionRequest& request, Target& target) {
  target.resource = request.resource();
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
      return AboutEvents(sheet, request);
    case Action::kConsumerDelete:
      return AboutConsumer(reader, caller, sheet, request);
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
      return AboutInstallation(sheet, request, target);
    case Action::kRequestRead:
    case Action::kRequestResolve:
    case Action::kRequestWithdraw:
      if (const auto id = ParseApprovalRequest(request.resource())) return sheet.AboutRequest(*id);
      return AboutWorkspace(sheet, request);
    case Action::kTokenIssue:
      return AboutNewToken(sheet, request, target);
    case Action::kTokenRead:
    case Action::kTokenRegenerate:
    case Action::kTokenRevoke:
    case Action::kTokenBulkRevoke:
      return AboutToken(sheet, request);
    case Action::kTokenBulkCancel:
      return AboutBulkRevocation(sheet, request);
    case Action::kTokenRotate:
      if (request.presents_secret()) sheet.PresentsSecret();
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

namespace {

absl::Status There(bool there, absl::string_view name) {
  return there ? absl::OkStatus() : ResourceNotFoundError(name);
}

bool IsAlive(const FactSheet& sheet) {
  return sheet.app().has_value() && !sheet.app()->app().has_delete_time();
}

absl::Status CheckInstallation(const FactSheet& sheet, const Target& target) {
  const Action action = sheet.facts().action;
  if (const auto id = ParseOrganizationInstallation(target.resource)) {
    LATCHKEY_RETURN_IF_ERROR(
        There(sheet.organization().has_value(), OrganizationName(id->organization)));
    return There(IsAlive(sheet), target.app);
  }
  if (action == Action::kAppUninstall) {
    return There(sheet.installation().has_value(), target.resource);
  }
  LATCHKEY_RETURN_IF_ERROR(
      There(sheet.workspace().has_value(), WorkspaceName(WorkspaceIdOf(target.resource))));
  LATCHKEY_RETURN_IF_ERROR(There(IsAlive(sheet), target.app));
  if (action != Action::kAppReinstall) return absl::OkStatus();
  return There(sheet.installation().has_value(), target.resource);
}

absl::Status CheckNewToken(const storage::Reader& reader, const FactSheet& sheet,
                           const v1::CheckPermissionRequest& request, const Target& target) {
  const bool of_service = ParseService(target.resource).has_value();
  LATCHKEY_RETURN_IF_ERROR(There(
      of_service ? sheet.service().has_value() : sheet.workspace().has_value(), target.resource));
  if (!target.app.empty()) {
    const bool at_home = IsAlive(sheet) && sheet.app()->app().home_workspace() == target.resource;
    return There(at_home, target.app);
  }
  const auto member = ParseMember(request.member());
  if (request.token_kind() != v1::TOKEN_KIND_TEST || !member.has_value()) return absl::OkStatus();
  LATCHKEY_ASSIGN_OR_RETURN(const auto record,
                            reader.Get(storage::MemberKey(member->workspace, member->id)));
  return There(record.has_value(), request.member());
}

// By the form of the resource, which is one that the action takes.
absl::Status CheckNamed(const storage::Reader& reader, const Caller& caller, const FactSheet& sheet,
                        const std::string& name) {
  if (ParseWorkspace(name)) return There(sheet.workspace().has_value(), name);
  if (ParseOrganization(name)) return There(sheet.organization().has_value(), name);
  if (ParseApprovalRequest(name)) return There(sheet.request().has_value(), name);
  if (ParseToken(name)) return There(sheet.token().has_value(), name);
  if (ParseApp(name)) {
    // One that was deleted can still be looked at.
    const bool reads = sheet.facts().action == Action::kAppRead;
    return There(reads ? sheet.app().has_value() : IsAlive(sheet), name);
  }
  if (ParseMember(name)) return There(sheet.member().has_value(), name);
  if (ParseService(name) && sheet.facts().action == Action::kServiceDelete) {
    return There(sheet.service().has_value(), name);
  }
  if (const auto id = ParseConsumer(name)) {
    LATCHKEY_ASSIGN_OR_RETURN(const auto consumer, ReadConsumer(reader, *id));
    return There(consumer.has_value() && IsOpenTo(caller, *consumer), name);
  }
  if (const auto id = ParseBulkRevocation(name)) {
    LATCHKEY_ASSIGN_OR_RETURN(const auto record,
                              reader.Get(storage::BulkRevocationKey(id->workspace, id->id)));
    return There(record.has_value(), name);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckThere(const storage::Reader& reader, const Caller& caller, const FactSheet& sheet,
                        const v1::CheckPermissionRequest& request, const Target& target) {
  switch (sheet.facts().action) {
    case Action::kAppInstall:
    case Action::kAppReinstall:
    case Action::kAppUninstall:
    case Action::kAppApprove:
    case Action::kAppRestrict:
      return CheckInstallation(sheet, target);
    case Action::kTokenIssue:
      return CheckNewToken(reader, sheet, request, target);
    case Action::kMemberCreate:
      return There(sheet.workspace().has_value(), WorkspaceName(WorkspaceIdOf(target.resource)));
    // What is asked about makes no difference to these.
    case Action::kWorkspaceCreate:
    case Action::kOrganizationCreate:
    case Action::kServiceCreate:
    case Action::kPolicyCheck:
    case Action::kPolicyRead:
    case Action::kAdminRead:
    case Action::kAdminBackup:
    case Action::kTokenVerify:
    case Action::kTokenRotate:
    // Of what never was there are no events, which is an answer.
    case Action::kAuditRead:
    case Action::kConsumerCreate:
      return absl::OkStatus();
    case Action::kConsumerDelete:
      if (!ParseConsumer(target.resource)) return absl::OkStatus();
      return CheckNamed(reader, caller, sheet, target.resource);
    case Action::kWorkspaceRead:
    case Action::kWorkspaceUpdate:
    case Action::kMemberRead:
    case Action::kMemberUpdate:
    case Action::kMemberDeactivate:
    case Action::kServiceRead:
    case Action::kServiceDelete:
    case Action::kAppCreate:
    case Action::kAppRead:
    case Action::kAppUpdate:
    case Action::kAppDelete:
    case Action::kAppAddCollaborator:
    case Action::kAppRemoveCollaborator:
    case Action::kInstallationRead:
    case Action::kRequestRead:
    case Action::kRequestResolve:
    case Action::kRequestWithdraw:
    case Action::kTokenRead:
    case Action::kTokenRegenerate:
    case Action::kTokenRevoke:
    case Action::kTokenBulkRevoke:
    case Action::kTokenBulkCancel:
    case Action::kOrganizationRead:
    case Action::kOrganizationUpdate:
      return CheckNamed(reader, caller, sheet, target.resource);
  }
  return absl::OkStatus();
}

}  // namespace latchkey
