#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/authority/common.h"
#include "server/authority/handlers.h"
#include "server/authority/names.h"
#include "server/authority/organizations.h"
#include "server/base/status_macros.h"

namespace latchkey {

using storage::v1::InstallationRecord;
using storage::v1::TokenRecord;

InstallationRecord InstallationOrNew(const FactSheet& sheet, absl::string_view workspace,
                                     absl::string_view app) {
  return sheet.installation().has_value() ? *sheet.installation() : NewInstallation(workspace, app);
}

InstallationRecord NewInstallation(absl::string_view workspace, absl::string_view app) {
  InstallationRecord record;
  v1::Installation& installation = *record.mutable_installation();
  installation.set_name(InstallationName(workspace, app));
  installation.set_app(AppName(app));
  installation.set_state(v1::INSTALLATION_STATE_NOT_INSTALLED);
  installation.set_approval(v1::APP_APPROVAL_NONE);
  installation.set_generation(kFirstGeneration);
  return record;
}

void SetApproved(const v1::ApproveAppRequest& request, const v1::App& app,
                 v1::Installation& installation) {
  installation.set_approval(v1::APP_APPROVAL_APPROVED);
  *installation.mutable_approved_scopes() =
      request.scopes().empty() ? ScopesAsked(app) : request.scopes();
  Normalize(*installation.mutable_approved_scopes());
}

namespace {

constexpr char kInstallationForm[] = "workspaces/{id}/installations/{id}";

// A USER token speaks for a member of the workspace, which who acts there by a role in the
// organization is not.
absl::Status CheckInstaller(const v1::App& app, absl::string_view workspace,
                            absl::string_view installer) {
  if (app.user_scopes().empty() || WorkspaceIdOf(installer) == workspace) return absl::OkStatus();
  return StateConflictError(
      app.name(), "asks for user scopes",
      absl::StrCat(app.name(), " asks for user scopes, for a token that speaks for a member of ",
                   WorkspaceName(workspace), ", and you are none; let a member install it"));
}

void CheckNames(const std::string& parent, const std::string& app, Validator& validator) {
  validator.Name("parent", parent, ParseWorkspace(parent).has_value(), kWorkspaceForm);
  validator.Name("app", app, ParseApp(app).has_value(), kAppForm);
}

// Whether `app` may be in `workspace` at all; apps but EXTERNAL ones stay at home.
bool MayBeIn(const v1::App& app, absl::string_view workspace) {
  return app.kind() == v1::APP_KIND_EXTERNAL || app.home_workspace() == WorkspaceName(workspace);
}

// Gathers and asks about an action on an app in a workspace. Leaves the sheet with both. `names` is
// not OK where the request names none.
absl::StatusOr<FactSheet> AuthorizeOnInstallation(Mutation& m, policy::Action action,
                                                  const std::string& workspace,
                                                  const std::string& app,
                                                  const std::string& resource,
                                                  const absl::Status& names) {
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, m.Gather(action));
  LATCHKEY_RETURN_IF_ERROR(sheet.AboutInstallation(workspace, app));
  const absl::Status allowed =
      m.Authorize(sheet, {workspace, resource, app.empty() ? "" : AppName(app), "", names});
  if (!allowed.ok() && !m.needs_approval()) return allowed;
  return sheet;
}

// What must be so of app and workspace whatever is done.
absl::Status CheckPresent(const FactSheet& sheet, const std::string& workspace,
                          const std::string& app) {
  if (!sheet.workspace().has_value()) return ResourceNotFoundError(WorkspaceName(workspace));
  const bool there = sheet.app().has_value() && !sheet.app()->app().has_delete_time() &&
                     MayBeIn(sheet.app()->app(), workspace);
  if (!there) return ResourceNotFoundError(AppName(app));
  return absl::OkStatus();
}

absl::Status CheckInstallable(const v1::App& app) {
  if (app.kind() == v1::APP_KIND_INTERNAL || app.kind() == v1::APP_KIND_EXTERNAL) {
    return absl::OkStatus();
  }
  return StateConflictError(
      app.name(), "not installable",
      absl::StrCat(app.name(), " is a bot that is not installed; use IssueToken"));
}

struct Installed {
  v1::Installation installation;
  IssuedPair bot;
  std::optional<IssuedPair> user;
  std::uint64_t revision = 0;
};

// Makes one token of a fresh installation.
absl::StatusOr<IssuedPair> WriteInstalledToken(Mutation& m, const FactSheet& sheet,
                                               const InstallationRecord& installation,
                                               const std::string& workspace, v1::TokenKind kind) {
  TokenRecord record;
  v1::Token& token = *record.mutable_token();
  token.set_name(TokenName({workspace, ""}, m.NewId()));
  token.set_kind(kind);
  token.set_app(sheet.app()->app().name());
  record.set_workspace_generation(sheet.workspace()->generation());
  record.set_app_generation(sheet.app()->generation());
  record.set_installation_generation(installation.installation().generation());
  if (kind == v1::TOKEN_KIND_USER) {
    const std::string member(LastId(m.caller().principal));
    LATCHKEY_ASSIGN_OR_RETURN(const auto speaks_for,
                              m.txn().Get(storage::MemberKey(workspace, member)));
    if (!speaks_for.has_value()) return ResourceNotFoundError(m.caller().principal);
    token.set_member(m.caller().principal);
    record.set_member_generation(speaks_for->generation());
    *token.mutable_scopes() = installation.installation().user_scopes();
  } else {
    *token.mutable_scopes() = installation.installation().bot_scopes();
  }
  return WriteNewTokens(m, sheet, std::move(record));
}

// Writes the installation and its tokens. Ends the tokens of the one before it.
absl::StatusOr<Installed> WriteInstallation(Mutation& m, const FactSheet& sheet,
                                            const std::string& workspace, const std::string& app) {
  InstallationRecord record = InstallationOrNew(sheet, workspace, app);
  v1::Installation& installation = *record.mutable_installation();
  const auto key = storage::InstallationKey(workspace, app);
  if (m.action() == policy::Action::kAppReinstall) {
    m.EndGeneration(key.bytes, installation.generation(), v1::ACTION_APP_REINSTALL,
                    "The app was reinstalled.");
    installation.set_generation(installation.generation() + 1);
  }
  const v1::App& wanted = sheet.app()->app();
  installation.set_state(v1::INSTALLATION_STATE_INSTALLED);
  installation.set_installer(m.caller().principal);
  *installation.mutable_bot_scopes() = wanted.bot_scopes();
  *installation.mutable_user_scopes() = wanted.user_scopes();
  *installation.mutable_install_time() = ToProto(m.now());
  if (m.decision().rule == "request.approved" && sheet.grant().has_value()) {
    // What was approved once need not be asked for again.
    installation.mutable_approved_scopes()->MergeFrom(sheet.grant()->approval_request().scopes());
    Normalize(*installation.mutable_approved_scopes());
  }
  Installed result;
  m.Write<InstallationRecord>(key, sheet.installation().get(), record);
  result.installation = record.installation();
  LATCHKEY_ASSIGN_OR_RETURN(result.bot,
                            WriteInstalledToken(m, sheet, record, workspace, v1::TOKEN_KIND_BOT));
  if (!wanted.user_scopes().empty()) {
    LATCHKEY_ASSIGN_OR_RETURN(
        result.user, WriteInstalledToken(m, sheet, record, workspace, v1::TOKEN_KIND_USER));
  }
  result.revision = m.txn().next_sequence() - 1;
  return result;
}

template <typename Response>
Response ToResponse(Installed&& installed) {
  Response response;
  *response.mutable_installation() = std::move(installed.installation);
  IssuedPair& bot = installed.bot;
  *response.mutable_bot_token() = std::move(bot.token);
  if (bot.refresh.has_value()) *response.mutable_bot_refresh_token() = *std::move(bot.refresh);
  if (installed.user.has_value()) {
    IssuedPair& user = *installed.user;
    *response.mutable_user_token() = std::move(user.token);
    if (user.refresh.has_value()) *response.mutable_user_refresh_token() = *std::move(user.refresh);
  }
  response.set_revision(installed.revision);
  return response;
}

bool IsInstalled(const FactSheet& sheet) {
  return sheet.installation().has_value() &&
         sheet.installation()->installation().state() == v1::INSTALLATION_STATE_INSTALLED;
}

// What InstallApp and ReinstallApp share once their names are taken apart.
absl::StatusOr<Installed> Install(Mutation& m, policy::Action action, const std::string& workspace,
                                  const std::string& app, const std::string& resource,
                                  const absl::Status& form, absl::string_view reason) {
  const bool named = !workspace.empty() && !app.empty();
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet,
                            AuthorizeOnInstallation(m, action, workspace, app, resource,
                                                    named ? absl::OkStatus() : form));
  LATCHKEY_RETURN_IF_ERROR(form);
  LATCHKEY_RETURN_IF_ERROR(CheckPresent(sheet, workspace, app));
  LATCHKEY_RETURN_IF_ERROR(CheckInstallable(sheet.app()->app()));
  LATCHKEY_RETURN_IF_ERROR(CheckInstaller(sheet.app()->app(), workspace, m.caller().principal));
  const std::string name = InstallationName(workspace, app);
  if (action == policy::Action::kAppInstall && IsInstalled(sheet)) {
    return StateConflictError(name, "installed",
                              absl::StrCat(name, " is installed already; reinstall it"));
  }
  if (action == policy::Action::kAppReinstall && !IsInstalled(sheet)) {
    if (!sheet.installation().has_value()) return ResourceNotFoundError(name);
    return StateConflictError(name, "not installed",
                              absl::StrCat(name, " is not installed; install it"));
  }
  if (m.needs_approval()) {
    return LeaveRequest(m, sheet, v1::TOKEN_KIND_UNSPECIFIED, ScopesAsked(sheet.app()->app()),
                        reason);
  }
  return WriteInstallation(m, sheet, workspace, app);
}

absl::Status CheckForm(const std::string& name, absl::string_view reason,
                       absl::string_view request_id) {
  Validator validator;
  validator.Name("name", name, ParseInstallation(name).has_value(), kInstallationForm);
  validator.Text("reason", reason);
  validator.RequestId(request_id);
  return validator.status();
}

}  // namespace

absl::StatusOr<v1::InstallAppResponse> Handle(Mutation& m, const v1::InstallAppRequest& request) {
  const auto workspace = ParseWorkspace(request.parent());
  const auto app = ParseApp(request.app());
  Validator validator;
  CheckNames(request.parent(), request.app(), validator);
  validator.Text("reason", request.reason());
  validator.RequestId(request.request_id());
  LATCHKEY_ASSIGN_OR_RETURN(
      Installed installed,
      Install(m, policy::Action::kAppInstall, workspace.value_or(""), app.value_or(""),
              workspace.has_value() && app.has_value() ? InstallationName(*workspace, *app)
                                                       : request.parent(),
              validator.status(), request.reason()));
  return ToResponse<v1::InstallAppResponse>(std::move(installed));
}

absl::StatusOr<v1::ReinstallAppResponse> Handle(Mutation& m,
                                                const v1::ReinstallAppRequest& request) {
  const auto id = ParseInstallation(request.name());
  const InWorkspace where = id.value_or(InWorkspace{});
  LATCHKEY_ASSIGN_OR_RETURN(
      Installed installed,
      Install(m, policy::Action::kAppReinstall, where.workspace, where.id, request.name(),
              CheckForm(request.name(), request.reason(), request.request_id()), request.reason()));
  return ToResponse<v1::ReinstallAppResponse>(std::move(installed));
}

absl::StatusOr<v1::UninstallAppResponse> Handle(Mutation& m,
                                                const v1::UninstallAppRequest& request) {
  const auto id = ParseInstallation(request.name());
  const InWorkspace where = id.value_or(InWorkspace{});
  const absl::Status form = CheckForm(request.name(), request.reason(), request.request_id());
  LATCHKEY_ASSIGN_OR_RETURN(
      FactSheet sheet,
      AuthorizeOnInstallation(m, policy::Action::kAppUninstall, where.workspace, where.id,
                              request.name(), id.has_value() ? absl::OkStatus() : form));
  LATCHKEY_RETURN_IF_ERROR(form);
  if (!sheet.installation().has_value()) return ResourceNotFoundError(request.name());
  if (!IsInstalled(sheet)) {
    return StateConflictError(request.name(), "not installed",
                              absl::StrCat(request.name(), " is not installed"));
  }
  const auto key = storage::InstallationKey(where.workspace, where.id);
  InstallationRecord after = *sheet.installation();
  v1::Installation& installation = *after.mutable_installation();
  m.EndGeneration(key.bytes, installation.generation(), v1::ACTION_APP_UNINSTALL,
                  request.reason().empty() ? "The app was uninstalled." : request.reason());
  installation.set_generation(installation.generation() + 1);
  installation.set_state(v1::INSTALLATION_STATE_UNINSTALLED);
  v1::UninstallAppResponse response;
  response.set_revision(m.Write<InstallationRecord>(key, sheet.installation().get(), after));
  *response.mutable_installation() = after.installation();
  return response;
}

namespace {

// Gathers, asks and checks what ApproveApp and RestrictApp share.
absl::StatusOr<FactSheet> BeginVerdict(Mutation& m, policy::Action action,
                                       const std::string& parent, const std::string& app_name,
                                       Validator& validator) {
  const auto workspace = ParseWorkspace(parent);
  const auto app = ParseApp(app_name);
  const bool named = workspace.has_value() && app.has_value();
  CheckNames(parent, app_name, validator);
  LATCHKEY_ASSIGN_OR_RETURN(
      FactSheet sheet, AuthorizeOnInstallation(m, action, workspace.value_or(""), app.value_or(""),
                                               named ? InstallationName(*workspace, *app) : parent,
                                               named ? absl::OkStatus() : validator.status()));
  LATCHKEY_RETURN_IF_ERROR(validator.status());
  LATCHKEY_RETURN_IF_ERROR(CheckPresent(sheet, *workspace, *app));
  return sheet;
}

}  // namespace

absl::StatusOr<v1::ApproveAppResponse> Handle(Mutation& m, const v1::ApproveAppRequest& request) {
  if (ParseOrganization(request.parent()).has_value()) return ApproveInOrganization(m, request);
  Validator validator;
  validator.Scopes("scopes", request.scopes());
  validator.RequestId(request.request_id());
  LATCHKEY_ASSIGN_OR_RETURN(
      FactSheet sheet,
      BeginVerdict(m, policy::Action::kAppApprove, request.parent(), request.app(), validator));
  const std::string workspace(LastId(request.parent()));
  const std::string app(LastId(request.app()));
  InstallationRecord after = InstallationOrNew(sheet, workspace, app);
  SetApproved(request, sheet.app()->app(), *after.mutable_installation());
  v1::ApproveAppResponse response;
  response.set_revision(m.Write<InstallationRecord>(storage::InstallationKey(workspace, app),
                                                    sheet.installation().get(), after));
  *response.mutable_installation() = after.installation();
  return response;
}

absl::StatusOr<v1::RestrictAppResponse> Handle(Mutation& m, const v1::RestrictAppRequest& request) {
  if (ParseOrganization(request.parent()).has_value()) return RestrictInOrganization(m, request);
  Validator validator;
  validator.Text("reason", request.reason());
  validator.RequestId(request.request_id());
  LATCHKEY_ASSIGN_OR_RETURN(
      FactSheet sheet,
      BeginVerdict(m, policy::Action::kAppRestrict, request.parent(), request.app(), validator));
  const std::string workspace(LastId(request.parent()));
  const std::string app(LastId(request.app()));
  const auto key = storage::InstallationKey(workspace, app);
  InstallationRecord after = InstallationOrNew(sheet, workspace, app);
  v1::Installation& installation = *after.mutable_installation();
  m.EndGeneration(key.bytes, installation.generation(), v1::ACTION_APP_RESTRICT,
                  request.reason().empty() ? "The app was restricted." : request.reason());
  installation.set_generation(installation.generation() + 1);
  installation.set_approval(v1::APP_APPROVAL_RESTRICTED);
  installation.clear_approved_scopes();
  after.set_restrict_revision(m.txn().next_sequence());
  v1::RestrictAppResponse response;
  response.set_revision(m.Write<InstallationRecord>(key, sheet.installation().get(), after));
  *response.mutable_installation() = after.installation();
  return response;
}

}  // namespace latchkey
