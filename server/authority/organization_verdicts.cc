#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/authority/common.h"
#include "server/authority/names.h"
#include "server/authority/organizations.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

using storage::v1::InstallationRecord;

constexpr char kRestrictedReason[] = "The app was restricted.";

// Ends the tokens of an app in one workspace by raising one generation, with its event.
absl::Status EndTokensIn(Mutation& m, const std::string& workspace, const v1::App& app,
                         absl::string_view reason) {
  const std::string id(LastId(app.name()));
  const auto key = storage::InstallationKey(workspace, id);
  LATCHKEY_ASSIGN_OR_RETURN(const auto before, m.txn().Get(key));
  // Where it was never installed it has no tokens but at home, where they are issued singly.
  const bool may_have_tokens =
      before.has_value() || app.home_workspace() == WorkspaceName(workspace);
  if (!may_have_tokens) return absl::OkStatus();
  InstallationRecord after = before.has_value() ? *before : NewInstallation(workspace, id);
  v1::Installation& installation = *after.mutable_installation();
  LATCHKEY_RETURN_IF_ERROR(m.AimAt({workspace, installation.name(), app.name()}));
  m.EndGeneration(key.bytes, installation.generation(), v1::ACTION_APP_RESTRICT, reason);
  installation.set_generation(installation.generation() + 1);
  m.Write<InstallationRecord>(key, before.get(), after, v1::ACTION_APP_RESTRICT);
  return absl::OkStatus();
}

// The last parts of every key that begins with `prefix`.
absl::StatusOr<std::vector<std::string>> IdsUnder(const storage::Transaction& txn,
                                                  const std::string& prefix) {
  std::vector<std::string> ids;
  LATCHKEY_RETURN_IF_ERROR(
      txn.ForEachKey(prefix, [&](absl::string_view key) -> absl::StatusOr<storage::Walk> {
        ids.emplace_back(key.substr(prefix.size()));
        return storage::Walk::kGoOn;
      }));
  return ids;
}

// The record of what `organization` decided about `app`, as it is or a fresh one.
InstallationRecord VerdictOrNew(const FactSheet& sheet, absl::string_view organization,
                                absl::string_view app) {
  if (sheet.installation().has_value()) return *sheet.installation();
  InstallationRecord record;
  v1::Installation& installation = *record.mutable_installation();
  installation.set_name(OrganizationInstallationName(organization, app));
  installation.set_app(AppName(app));
  installation.set_state(v1::INSTALLATION_STATE_NOT_INSTALLED);
  installation.set_approval(v1::APP_APPROVAL_NONE);
  return record;
}

// Gathers, asks and checks what both verdicts share.
absl::StatusOr<FactSheet> BeginVerdict(Mutation& m, policy::Action action,
                                       const std::string& parent, const std::string& app_name,
                                       Validator& validator) {
  const std::string organization = ParseOrganization(parent).value_or("");
  const auto app = ParseApp(app_name);
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, m.Gather(action));
  LATCHKEY_RETURN_IF_ERROR(sheet.AboutOrganizationApp(organization, app.value_or("")));
  LATCHKEY_RETURN_IF_ERROR(m.Authorize(
      sheet, {"", app.has_value() ? OrganizationInstallationName(organization, *app) : parent,
              app.has_value() ? app_name : "", parent}));
  validator.Name("app", app_name, app.has_value(), kAppForm);
  LATCHKEY_RETURN_IF_ERROR(validator.status());
  if (!sheet.organization().has_value()) return ResourceNotFoundError(parent);
  const bool there = sheet.app().has_value() && !sheet.app()->app().has_delete_time();
  if (!there) return ResourceNotFoundError(app_name);
  return sheet;
}

}  // namespace

absl::Status EndTokensOfRestricted(Mutation& m, const std::string& workspace,
                                   absl::string_view organization) {
  LATCHKEY_ASSIGN_OR_RETURN(
      const std::vector<std::string> apps,
      IdsUnder(m.txn(), storage::OrganizationInstallationPrefix(organization)));
  for (const std::string& id : apps) {
    LATCHKEY_ASSIGN_OR_RETURN(const auto verdict,
                              m.txn().Get(storage::OrganizationInstallationKey(organization, id)));
    if (!verdict.has_value() || verdict->installation().approval() != v1::APP_APPROVAL_RESTRICTED) {
      continue;
    }
    LATCHKEY_ASSIGN_OR_RETURN(const auto app, m.txn().Get(storage::AppKey(id)));
    if (!app.has_value() || app->app().has_delete_time()) continue;
    LATCHKEY_RETURN_IF_ERROR(EndTokensIn(m, workspace, app->app(), kRestrictedReason));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::ApproveAppResponse> ApproveInOrganization(Mutation& m,
                                                             const v1::ApproveAppRequest& request) {
  Validator validator;
  validator.Scopes("scopes", request.scopes());
  validator.RequestId(request.request_id());
  LATCHKEY_ASSIGN_OR_RETURN(
      FactSheet sheet,
      BeginVerdict(m, policy::Action::kAppApprove, request.parent(), request.app(), validator));
  const absl::string_view organization = LastId(request.parent());
  const absl::string_view app = LastId(request.app());
  InstallationRecord after = VerdictOrNew(sheet, organization, app);
  SetApproved(request, sheet.app()->app(), *after.mutable_installation());
  v1::ApproveAppResponse response;
  response.set_revision(m.Write<InstallationRecord>(
      storage::OrganizationInstallationKey(organization, app), sheet.installation().get(), after));
  *response.mutable_installation() = after.installation();
  return response;
}

absl::StatusOr<v1::RestrictAppResponse> RestrictInOrganization(
    Mutation& m, const v1::RestrictAppRequest& request) {
  Validator validator;
  validator.Text("reason", request.reason());
  validator.RequestId(request.request_id());
  LATCHKEY_ASSIGN_OR_RETURN(
      FactSheet sheet,
      BeginVerdict(m, policy::Action::kAppRestrict, request.parent(), request.app(), validator));
  const absl::string_view organization = LastId(request.parent());
  const absl::string_view app = LastId(request.app());
  LATCHKEY_ASSIGN_OR_RETURN(const std::vector<std::string> workspaces,
                            IdsUnder(m.txn(), storage::OrganizationWorkspacePrefix(organization)));
  InstallationRecord after = VerdictOrNew(sheet, organization, app);
  v1::Installation& installation = *after.mutable_installation();
  installation.set_approval(v1::APP_APPROVAL_RESTRICTED);
  installation.clear_approved_scopes();
  after.set_restrict_revision(m.txn().next_sequence());
  m.Write<InstallationRecord>(storage::OrganizationInstallationKey(organization, app),
                              sheet.installation().get(), after);
  for (const std::string& workspace : workspaces) {
    LATCHKEY_RETURN_IF_ERROR(
        EndTokensIn(m, workspace, sheet.app()->app(),
                    request.reason().empty() ? kRestrictedReason : request.reason()));
  }
  v1::RestrictAppResponse response;
  response.set_revision(m.txn().next_sequence() - 1);
  *response.mutable_installation() = after.installation();
  return response;
}

}  // namespace latchkey
