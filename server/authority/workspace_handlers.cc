#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/authority/common.h"
#include "server/authority/handlers.h"
#include "server/authority/names.h"
#include "server/authority/organizations.h"
#include "server/authority/validate.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

using storage::v1::MemberRecord;
using storage::v1::WorkspaceRecord;

void CheckOrganizationForm(const v1::Workspace& workspace, Validator& validator) {
  const std::string& name = workspace.organization();
  validator.Name("workspace.organization", name,
                 name.empty() || ParseOrganization(name).has_value(), kOrganizationForm);
}

absl::Status CheckNewWorkspace(const v1::CreateWorkspaceRequest& request) {
  Validator validator;
  validator.Check(request.has_workspace(), "workspace", "is missing");
  validator.Text("workspace.display_name", request.workspace().display_name());
  validator.Enum("workspace.plan", request.workspace().plan(), /*or_none=*/true);
  CheckSettings(request.workspace().settings(), validator);
  CheckOrganizationForm(request.workspace(), validator);
  if (!request.primary_owner_id().empty()) {
    validator.Id("primary_owner_id", request.primary_owner_id());
  }
  validator.RequestId(request.request_id());
  return validator.status();
}

}  // namespace

absl::StatusOr<v1::CreateWorkspaceResponse> Handle(Mutation& m,
                                                   const v1::CreateWorkspaceRequest& request) {
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, m.Gather(policy::Action::kWorkspaceCreate));
  const bool named = IsId(request.workspace_id());
  LATCHKEY_RETURN_IF_ERROR(
      m.Authorize(sheet, {"", named ? WorkspaceName(request.workspace_id()) : "workspaces", ""}));
  Validator validator;
  validator.Id("workspace_id", request.workspace_id());
  LATCHKEY_RETURN_IF_ERROR(validator.status());
  LATCHKEY_RETURN_IF_ERROR(CheckNewWorkspace(request));
  LATCHKEY_RETURN_IF_ERROR(sheet.AboutWorkspace(request.workspace_id()));
  const std::string name = WorkspaceName(request.workspace_id());
  if (sheet.workspace().has_value()) return ResourceExistsError(name);

  WorkspaceRecord record;
  v1::Workspace& workspace = *record.mutable_workspace();
  workspace.set_name(name);
  workspace.set_display_name(request.workspace().display_name());
  workspace.set_plan(request.workspace().plan() == v1::PLAN_UNSPECIFIED
                         ? v1::PLAN_FREE
                         : request.workspace().plan());
  workspace.set_state(v1::WORKSPACE_STATE_ACTIVE);
  *workspace.mutable_settings() = request.workspace().settings();
  workspace.set_organization(request.workspace().organization());
  *workspace.mutable_create_time() = ToProto(m.now());
  LATCHKEY_RETURN_IF_ERROR(CheckBelonging(m, workspace));
  record.set_generation(kFirstGeneration);
  record.set_primary_owner(request.primary_owner_id());

  LATCHKEY_RETURN_IF_ERROR(CheckSettingsFit(workspace, {}));
  v1::CreateWorkspaceResponse response;
  // The event belongs to the workspace that it makes.
  LATCHKEY_RETURN_IF_ERROR(
      m.Authorize(sheet, {request.workspace_id(), name, "", workspace.organization()}));
  MoveWorkspace(m, request.workspace_id(), "", workspace.organization());
  response.set_revision(
      m.Write<WorkspaceRecord>(storage::WorkspaceKey(request.workspace_id()), nullptr, record));
  *response.mutable_workspace() = record.workspace();
  if (!request.primary_owner_id().empty()) {
    MemberRecord owner;
    response.set_revision(WriteNewMember(m, request.workspace_id(), request.primary_owner_id(), {},
                                         v1::ROLE_PRIMARY_OWNER, owner));
  }
  return response;
}

namespace {

bool Names(const v1::UpdateWorkspaceRequest& request, absl::string_view path) {
  const auto& paths = request.update_mask().paths();
  return std::find(paths.begin(), paths.end(), path) != paths.end();
}

absl::Status CheckWorkspaceUpdate(const v1::UpdateWorkspaceRequest& request) {
  Validator validator;
  CheckMask(request.update_mask(),
            {"display_name", "plan", "state", "organization", "settings",
             "settings.app_approval_required", "settings.guests_may_use_apps",
             "settings.access_token_life", "settings.idle_limits", "settings.expiry_warnings"},
            validator);
  if (Names(request, "organization")) CheckOrganizationForm(request.workspace(), validator);
  validator.Text("workspace.display_name", request.workspace().display_name());
  CheckSettings(request.workspace().settings(), validator);
  for (const std::string& path : request.update_mask().paths()) {
    if (path == "plan") {
      validator.Enum("workspace.plan", request.workspace().plan());
    } else if (path == "state") {
      validator.Enum("workspace.state", request.workspace().state());
    }
  }
  validator.RequestId(request.request_id());
  return validator.status();
}

void CopyMasked(const v1::UpdateWorkspaceRequest& request, v1::Workspace& to) {
  const v1::Workspace& from = request.workspace();
  for (const std::string& path : request.update_mask().paths()) {
    if (path == "display_name") to.set_display_name(from.display_name());
    if (path == "plan") to.set_plan(from.plan());
    if (path == "state") to.set_state(from.state());
    if (path == "organization") to.set_organization(from.organization());
    if (path == "settings") *to.mutable_settings() = from.settings();
    if (path == "settings.app_approval_required") {
      to.mutable_settings()->set_app_approval_required(from.settings().app_approval_required());
    }
    if (path == "settings.guests_may_use_apps") {
      to.mutable_settings()->set_guests_may_use_apps(from.settings().guests_may_use_apps());
    }
    if (path == "settings.idle_limits") {
      *to.mutable_settings()->mutable_idle_limits() = from.settings().idle_limits();
    }
    if (path == "settings.expiry_warnings") {
      *to.mutable_settings()->mutable_expiry_warnings() = from.settings().expiry_warnings();
    }
    if (path == "settings.access_token_life") {
      to.mutable_settings()->clear_access_token_life();
      if (from.settings().has_access_token_life()) {
        *to.mutable_settings()->mutable_access_token_life() = from.settings().access_token_life();
      }
    }
  }
}

// Writes a workspace, and what its going from one organization to another changes beside it.
absl::Status WriteMoved(Mutation& m, const std::string& id, const WorkspaceRecord& before,
                        WorkspaceRecord& after) {
  const std::string& from = before.workspace().organization();
  const std::string& to = after.workspace().organization();
  MoveWorkspace(m, id, from, to);
  if (from != to) {
    LATCHKEY_RETURN_IF_ERROR(m.AimAt({id, after.workspace().name(), "", to.empty() ? from : to}));
  }
  m.Write<WorkspaceRecord>(storage::WorkspaceKey(id), &before, after);
  return from == to || to.empty() ? absl::OkStatus() : EndTokensOfRestricted(m, id, LastId(to));
}

}  // namespace

absl::StatusOr<v1::UpdateWorkspaceResponse> Handle(Mutation& m,
                                                   const v1::UpdateWorkspaceRequest& request) {
  const auto id = ParseWorkspace(request.workspace().name());
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, m.Gather(policy::Action::kWorkspaceUpdate));
  LATCHKEY_RETURN_IF_ERROR(sheet.AboutWorkspace(id.value_or("")));
  if (Names(request, "organization")) sheet.MovesWorkspace();
  LATCHKEY_RETURN_IF_ERROR(m.Authorize(sheet, {id.value_or(""), request.workspace().name(), ""}));
  if (!id.has_value())
    return InvalidNameError("workspace.name", request.workspace().name(), kWorkspaceForm);
  LATCHKEY_RETURN_IF_ERROR(CheckWorkspaceUpdate(request));
  if (!sheet.workspace().has_value()) return ResourceNotFoundError(request.workspace().name());
  const WorkspaceRecord& before = *sheet.workspace();
  LATCHKEY_RETURN_IF_ERROR(CheckRevision(request.workspace().name(), request.expected_revision(),
                                         before.workspace().revision()));

  WorkspaceRecord after = before;
  CopyMasked(request, *after.mutable_workspace());
  LATCHKEY_RETURN_IF_ERROR(CheckBelonging(m, after.workspace()));
  LATCHKEY_RETURN_IF_ERROR(CheckNotLoosened(m, after.workspace(), [&](absl::string_view setting) {
    return Names(request, "settings") || Names(request, absl::StrCat("settings.", setting));
  }));
  const auto& paths = request.update_mask().paths();
  const bool sets = std::any_of(paths.begin(), paths.end(), [](const std::string& path) {
    return absl::StartsWith(path, "settings");
  });
  if (sets)
    LATCHKEY_RETURN_IF_ERROR(CheckSettingsFit(after.workspace(), before.workspace().settings()));
  const bool sets_plan = std::find(paths.begin(), paths.end(), "plan") != paths.end();
  if (sets || sets_plan) m.txn().Put(storage::RescheduleKey(*id), storage::v1::NameRecord());
  const bool suspends = before.workspace().state() == v1::WORKSPACE_STATE_ACTIVE &&
                        after.workspace().state() == v1::WORKSPACE_STATE_SUSPENDED;
  const storage::Key<WorkspaceRecord> key = storage::WorkspaceKey(*id);
  if (suspends) {
    m.EndGeneration(key.bytes, before.generation(), v1::ACTION_WORKSPACE_UPDATE,
                    "The workspace was suspended.");
    after.set_generation(before.generation() + 1);
  }
  LATCHKEY_RETURN_IF_ERROR(WriteMoved(m, *id, before, after));
  v1::UpdateWorkspaceResponse response;
  response.set_revision(m.txn().next_sequence() - 1);
  *response.mutable_workspace() = after.workspace();
  LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t consumers,
                            CountConsumers(m.txn(), after.workspace().name()));
  AppendPlanExcesses(after, consumers, *response.mutable_plan_excesses());
  return response;
}

}  // namespace latchkey
