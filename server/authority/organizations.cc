#include "server/authority/organizations.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/authority/common.h"
#include "server/authority/names.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

using storage::v1::OrganizationRecord;

bool Lists(const google::protobuf::RepeatedPtrField<std::string>& names, absl::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

absl::Status LoosenedError(const v1::Workspace& workspace, absl::string_view what) {
  return StateConflictError(
      workspace.organization(), "forces a setting",
      absl::StrCat(workspace.organization(), " forces that ", what, " in all its workspaces, ",
                   workspace.name(), " among them; ask an owner of the organization to lift that"));
}

}  // namespace

absl::StatusOr<storage::Found<OrganizationRecord>> OrganizationOf(const storage::Reader& reader,
                                                                  const v1::Workspace& workspace) {
  if (workspace.organization().empty()) return storage::Found<OrganizationRecord>();
  return reader.Get(storage::OrganizationKey(LastId(workspace.organization())));
}

v1::WorkspaceSettings Tightened(const v1::WorkspaceSettings& own,
                                const v1::OrganizationSettings& forced) {
  v1::WorkspaceSettings settings = own;
  if (forced.app_approval_required()) settings.set_app_approval_required(true);
  if (!forced.guests_may_use_apps()) settings.set_guests_may_use_apps(false);
  return settings;
}

absl::StatusOr<v1::WorkspaceSettings> EffectiveSettings(const storage::Reader& reader,
                                                        const v1::Workspace& workspace) {
  LATCHKEY_ASSIGN_OR_RETURN(const auto organization, OrganizationOf(reader, workspace));
  if (!organization.has_value()) return workspace.settings();
  return Tightened(workspace.settings(), organization->organization().settings());
}

policy::OrgRole ListedAs(const v1::Organization& organization, absl::string_view member) {
  if (Lists(organization.owners(), member)) return policy::OrgRole::kOwner;
  return Lists(organization.admins(), member) ? policy::OrgRole::kAdmin : policy::OrgRole::kNone;
}

absl::Status CheckBelonging(const Mutation& m, const v1::Workspace& workspace) {
  if (workspace.organization().empty()) return absl::OkStatus();
  LATCHKEY_ASSIGN_OR_RETURN(const auto organization, OrganizationOf(m.txn(), workspace));
  if (!organization.has_value()) return ResourceNotFoundError(workspace.organization());
  const policy::PlanLimits& limits = policy::LimitsOf(ToPolicy(workspace.plan()));
  if (limits.organizations) return absl::OkStatus();
  return PlanLimitError(
      workspace.name(), limits.name, "organizations", 0, 1,
      absl::StrCat("the plan ", limits.name, " takes no organization, and ", workspace.name(),
                   " would be in ", workspace.organization(),
                   "; take it out of the organization, or leave it on ENTERPRISE_GRID"));
}

absl::Status CheckNotLoosened(const Mutation& m, const v1::Workspace& workspace,
                              absl::FunctionRef<bool(absl::string_view)> changed) {
  LATCHKEY_ASSIGN_OR_RETURN(const auto organization, OrganizationOf(m.txn(), workspace));
  if (!organization.has_value()) return absl::OkStatus();
  const v1::OrganizationSettings& forced = organization->organization().settings();
  const v1::WorkspaceSettings& own = workspace.settings();
  if (forced.app_approval_required() && !own.app_approval_required() &&
      changed("app_approval_required")) {
    return LoosenedError(workspace, "apps must be approved");
  }
  if (!forced.guests_may_use_apps() && own.guests_may_use_apps() &&
      changed("guests_may_use_apps")) {
    return LoosenedError(workspace, "guests may not use apps");
  }
  return absl::OkStatus();
}

void MoveWorkspace(Mutation& m, absl::string_view workspace, absl::string_view from,
                   absl::string_view to) {
  if (from == to) return;
  if (!from.empty()) m.txn().Delete(storage::OrganizationWorkspaceKey(LastId(from), workspace));
  if (!to.empty()) m.txn().Put(storage::OrganizationWorkspaceKey(LastId(to), workspace));
}

}  // namespace latchkey
