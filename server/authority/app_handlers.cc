#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/authority/common.h"
#include "server/authority/handlers.h"
#include "server/authority/names.h"
#include "server/authority/validate.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

using storage::v1::AppRecord;

constexpr int kMaxCollaborators = 100;

// Gathers and asks about an action on the app itself, named by `field`. Leaves the sheet with the
// living app.
absl::StatusOr<FactSheet> AuthorizeOnApp(Mutation& m, policy::Action action,
                                         absl::string_view field, const std::string& name) {
  const auto id = ParseApp(name);
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, m.Gather(action));
  LATCHKEY_RETURN_IF_ERROR(sheet.AboutApp(id.value_or("")));
  const std::string home(
      sheet.app().has_value() ? WorkspaceIdOf(sheet.app()->app().home_workspace()) : "");
  const absl::Status named =
      id.has_value() ? absl::OkStatus() : InvalidNameError(field, name, kAppForm);
  LATCHKEY_RETURN_IF_ERROR(m.Authorize(sheet, {home, name, id.has_value() ? name : "", "", named}));
  LATCHKEY_RETURN_IF_ERROR(named);
  if (!sheet.app().has_value() || sheet.app()->app().has_delete_time())
    return ResourceNotFoundError(name);
  return sheet;
}

// Counts an app more or less at home in a workspace, so that a plan's limit costs no walk.
void CountApps(Mutation& m, const storage::v1::WorkspaceRecord& workspace, int change) {
  if (change < 0 && workspace.living_apps() == 0) return;
  storage::v1::WorkspaceRecord counted = workspace;
  counted.set_living_apps(counted.living_apps() + static_cast<std::uint64_t>(change));
  m.txn().Put(storage::WorkspaceKey(LastId(workspace.workspace().name())), counted);
}

absl::Status CheckNewApp(const v1::CreateAppRequest& request, bool has_home) {
  Validator validator;
  validator.Id("app_id", request.app_id());
  validator.Check(request.has_app(), "app", "is missing");
  validator.Text("app.display_name", request.app().display_name());
  validator.Name("app.home_workspace", request.app().home_workspace(), has_home, kWorkspaceForm);
  validator.Enum("app.kind", request.app().kind());
  validator.Scopes("app.bot_scopes", request.app().bot_scopes());
  validator.Scopes("app.user_scopes", request.app().user_scopes());
  validator.Enum("app.reuse_policy", request.app().reuse_policy(), /*or_none=*/true);
  validator.RequestId(request.request_id());
  return validator.status();
}

}  // namespace

absl::StatusOr<v1::CreateAppResponse> Handle(Mutation& m, const v1::CreateAppRequest& request) {
  const auto home = ParseWorkspace(request.app().home_workspace());
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, m.Gather(policy::Action::kAppCreate));
  LATCHKEY_RETURN_IF_ERROR(sheet.AboutWorkspace(home.value_or("")));
  const absl::Status named =
      home.has_value()
          ? absl::OkStatus()
          : InvalidNameError("app.home_workspace", request.app().home_workspace(), kWorkspaceForm);
  LATCHKEY_RETURN_IF_ERROR(
      m.Authorize(sheet, {home.value_or(""), request.app().home_workspace(), "", "", named}));
  LATCHKEY_RETURN_IF_ERROR(CheckNewApp(request, home.has_value()));
  if (!sheet.workspace().has_value()) return ResourceNotFoundError(request.app().home_workspace());
  const storage::Key<AppRecord> key = storage::AppKey(request.app_id());
  LATCHKEY_ASSIGN_OR_RETURN(const storage::Found<AppRecord> old, m.txn().Get(key));
  if (old.has_value()) return ResourceExistsError(AppName(request.app_id()));
  LATCHKEY_RETURN_IF_ERROR(CheckRoomForApp(*sheet.workspace()));

  AppRecord record;
  v1::App& app = *record.mutable_app();
  app.set_name(AppName(request.app_id()));
  app.set_display_name(request.app().display_name());
  app.set_kind(request.app().kind());
  app.set_home_workspace(request.app().home_workspace());
  app.set_creator(m.caller().principal);
  app.add_collaborators(m.caller().principal);
  *app.mutable_bot_scopes() = request.app().bot_scopes();
  *app.mutable_user_scopes() = request.app().user_scopes();
  Normalize(*app.mutable_bot_scopes());
  Normalize(*app.mutable_user_scopes());
  app.set_token_rotation(request.app().token_rotation());
  app.set_reuse_policy(request.app().reuse_policy());
  *app.mutable_create_time() = ToProto(m.now());
  record.set_generation(kFirstGeneration);
  m.txn().Put(storage::HomeAppKey(*home, request.app_id()));
  CountApps(m, *sheet.workspace(), 1);
  LATCHKEY_RETURN_IF_ERROR(m.Authorize(sheet, {*home, app.name(), app.name()}));
  v1::CreateAppResponse response;
  response.set_revision(m.Write<AppRecord>(key, nullptr, record));
  *response.mutable_app() = record.app();
  return response;
}

absl::StatusOr<v1::UpdateAppResponse> Handle(Mutation& m, const v1::UpdateAppRequest& request) {
  const std::string& name = request.app().name();
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet,
                            AuthorizeOnApp(m, policy::Action::kAppUpdate, "app.name", name));
  Validator validator;
  CheckMask(request.update_mask(),
            {"display_name", "bot_scopes", "user_scopes", "token_rotation", "reuse_policy"},
            validator);
  validator.Text("app.display_name", request.app().display_name());
  validator.Scopes("app.bot_scopes", request.app().bot_scopes());
  validator.Scopes("app.user_scopes", request.app().user_scopes());
  validator.Enum("app.reuse_policy", request.app().reuse_policy(), /*or_none=*/true);
  validator.RequestId(request.request_id());
  LATCHKEY_RETURN_IF_ERROR(validator.status());
  const AppRecord& before = *sheet.app();
  LATCHKEY_RETURN_IF_ERROR(
      CheckRevision(name, request.expected_revision(), before.app().revision()));

  AppRecord after = before;
  v1::App& app = *after.mutable_app();
  for (const std::string& path : request.update_mask().paths()) {
    if (path == "display_name") app.set_display_name(request.app().display_name());
    if (path == "bot_scopes") *app.mutable_bot_scopes() = request.app().bot_scopes();
    if (path == "user_scopes") *app.mutable_user_scopes() = request.app().user_scopes();
    if (path == "token_rotation") app.set_token_rotation(request.app().token_rotation());
    if (path == "reuse_policy") app.set_reuse_policy(request.app().reuse_policy());
  }
  Normalize(*app.mutable_bot_scopes());
  Normalize(*app.mutable_user_scopes());
  v1::UpdateAppResponse response;
  response.set_revision(m.Write<AppRecord>(storage::AppKey(LastId(name)), &before, after));
  *response.mutable_app() = after.app();
  return response;
}

absl::StatusOr<v1::DeleteAppResponse> Handle(Mutation& m, const v1::DeleteAppRequest& request) {
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet,
                            AuthorizeOnApp(m, policy::Action::kAppDelete, "name", request.name()));
  Validator validator;
  validator.RequestId(request.request_id());
  LATCHKEY_RETURN_IF_ERROR(validator.status());
  const AppRecord& before = *sheet.app();
  const storage::Key<AppRecord> key = storage::AppKey(LastId(request.name()));
  AppRecord after = before;
  *after.mutable_app()->mutable_delete_time() = ToProto(m.now());
  after.set_generation(before.generation() + 1);
  if (sheet.workspace().has_value()) CountApps(m, *sheet.workspace(), -1);
  m.EndGeneration(key.bytes, before.generation(), v1::ACTION_APP_DELETE, "The app was deleted.");
  v1::DeleteAppResponse response;
  response.set_revision(m.Write<AppRecord>(key, &before, after));
  return response;
}

absl::StatusOr<v1::AddCollaboratorResponse> Handle(Mutation& m,
                                                   const v1::AddCollaboratorRequest& request) {
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, AuthorizeOnApp(m, policy::Action::kAppAddCollaborator,
                                                            "app", request.app()));
  const AppRecord& before = *sheet.app();
  const auto member = ParseMember(request.member());
  Validator validator;
  validator.Name(
      "member", request.member(),
      member.has_value() && WorkspaceName(member->workspace) == before.app().home_workspace(),
      absl::StrCat(before.app().home_workspace(), "/members/{id}, a member of the app's home"));
  validator.RequestId(request.request_id());
  LATCHKEY_RETURN_IF_ERROR(validator.status());
  LATCHKEY_ASSIGN_OR_RETURN(const auto record,
                            m.txn().Get(storage::MemberKey(member->workspace, member->id)));
  if (!record.has_value()) return ResourceNotFoundError(request.member());
  if (record->member().state() != v1::MEMBER_STATE_ACTIVE) {
    return StateConflictError(request.member(), "deactivated",
                              absl::StrCat(request.member(), " is deactivated"));
  }
  v1::AddCollaboratorResponse response;
  const auto& list = before.app().collaborators();
  if (std::find(list.begin(), list.end(), request.member()) != list.end()) {
    *response.mutable_app() = before.app();
    response.set_revision(before.app().revision());
    return response;
  }
  if (list.size() >= kMaxCollaborators) {
    return StateConflictError(request.app(), "full",
                              absl::StrCat(request.app(), " has ", kMaxCollaborators,
                                           " collaborators, the most there can be"));
  }
  AppRecord after = before;
  after.mutable_app()->add_collaborators(request.member());
  response.set_revision(m.Write<AppRecord>(storage::AppKey(LastId(request.app())), &before, after));
  *response.mutable_app() = after.app();
  return response;
}

absl::StatusOr<v1::RemoveCollaboratorResponse> Handle(
    Mutation& m, const v1::RemoveCollaboratorRequest& request) {
  LATCHKEY_ASSIGN_OR_RETURN(
      FactSheet sheet,
      AuthorizeOnApp(m, policy::Action::kAppRemoveCollaborator, "app", request.app()));
  Validator validator;
  validator.Name("member", request.member(), ParseMember(request.member()).has_value(),
                 kMemberForm);
  validator.RequestId(request.request_id());
  LATCHKEY_RETURN_IF_ERROR(validator.status());
  const AppRecord& before = *sheet.app();
  AppRecord after = before;
  auto& list = *after.mutable_app()->mutable_collaborators();
  const auto it = std::find(list.begin(), list.end(), request.member());
  if (it == list.end())
    return ResourceNotFoundError(absl::StrCat(request.member(), " as a collaborator"));
  list.erase(it);
  v1::RemoveCollaboratorResponse response;
  response.set_revision(m.Write<AppRecord>(storage::AppKey(LastId(request.app())), &before, after));
  *response.mutable_app() = after.app();
  return response;
}

}  // namespace latchkey
