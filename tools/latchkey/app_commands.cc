#include "absl/strings/str_cat.h"
#include "google/protobuf/field_mask.pb.h"
#include "tools/latchkey/commands.h"
#include "tools/latchkey/output.h"

namespace latchkey::cli {
namespace {

struct CreateArgs {
  std::string id;
  std::string workspace;
  v1::AppKind kind = v1::APP_KIND_UNSPECIFIED;
  std::string display_name;
  std::vector<std::string> bot_scopes;
  std::vector<std::string> user_scopes;
  std::optional<bool> token_rotation;
  v1::ReusePolicy reuse_policy = v1::REUSE_POLICY_UNSPECIFIED;
};

void DeclareCreate(Syntax& syntax, CreateArgs& args) {
  syntax.Text("ID", "ID", args.id, "Its id: 1 to 63 of [a-z0-9-]");
  syntax.Name("--workspace", NameKind::kWorkspace, args.workspace, "Its home workspace",
              /*required=*/true);
  syntax.Enum("--kind", args.kind, "Where it comes from", /*required=*/true);
  syntax.Text("--display-name", "TEXT", args.display_name, "For people");
  syntax.List("--bot-scopes", "SCOPE,...", args.bot_scopes, "What its bot asks for");
  syntax.List("--user-scopes", "SCOPE,...", args.user_scopes,
              "What it asks of the installing member");
  syntax.Switch("--token-rotation", args.token_rotation,
                "Whether its tokens come as pairs that rotate [off]");
  syntax.Enum("--reuse-policy", args.reuse_policy,
              "When a spent refresh secret comes back [revoke_family]");
}

absl::StatusOr<ExitCode> Create(Session& session, const CreateArgs& args) {
  v1::CreateAppRequest request;
  request.set_app_id(args.id);
  v1::App& app = *request.mutable_app();
  app.set_display_name(args.display_name);
  app.set_kind(args.kind);
  app.set_home_workspace(args.workspace);
  for (const std::string& scope : args.bot_scopes) app.add_bot_scopes(scope);
  for (const std::string& scope : args.user_scopes) app.add_user_scopes(scope);
  app.set_token_rotation(args.token_rotation.value_or(false));
  app.set_reuse_policy(args.reuse_policy);
  return CallAndShow(session, std::move(request));
}

absl::StatusOr<ExitCode> Get(Session& session, const NameArgs& args) {
  v1::GetAppRequest request;
  request.set_name(args.name);
  return CallAndShow(session, std::move(request));
}

struct ListAppsArgs {
  ListArgs list;
  bool deleted = false;
};

void DeclareList(Syntax& syntax, ListAppsArgs& args) {
  DeclareWorkspaceList(syntax, args.list);
  syntax.Flag("--deleted", args.deleted, "Deleted apps too");
}

absl::StatusOr<ExitCode> List(Session& session, const ListAppsArgs& args) {
  v1::ListAppsRequest request;
  request.set_parent(args.list.parent);
  request.set_show_deleted(args.deleted);
  return CallAndList(session, std::move(request), args.list.paging,
                     {{"NAME", "name"},
                      {"DISPLAY NAME", "display_name"},
                      {"KIND", "kind"},
                      {"CREATOR", "creator"},
                      {"BOT SCOPES", "bot_scopes"},
                      {"USER SCOPES", "user_scopes"},
                      {"DELETED", "delete_time"}});
}

struct UpdateArgs {
  std::string name;
  std::optional<std::string> display_name;
  std::optional<std::vector<std::string>> bot_scopes;
  std::optional<std::vector<std::string>> user_scopes;
  std::optional<bool> token_rotation;
  v1::ReusePolicy reuse_policy = v1::REUSE_POLICY_UNSPECIFIED;
  std::uint64_t expected_revision = 0;
};

void DeclareUpdate(Syntax& syntax, UpdateArgs& args) {
  syntax.Name("NAME", NameKind::kApp, args.name, "Which app");
  syntax.Text("--display-name", "TEXT", args.display_name, "For people");
  syntax.List("--bot-scopes", "SCOPE,...", args.bot_scopes, "All that its bot asks for");
  syntax.List("--user-scopes", "SCOPE,...", args.user_scopes,
              "All that it asks of the installing member");
  syntax.Switch("--token-rotation", args.token_rotation,
                "Whether its tokens come as pairs that rotate, from now on");
  syntax.Enum("--reuse-policy", args.reuse_policy,
              "When a spent refresh secret comes back: revoke_family or alert_only");
  syntax.Number("--expected-revision", args.expected_revision, "Only if it is at this revision");
}

absl::StatusOr<ExitCode> Update(Session& session, const UpdateArgs& args) {
  v1::UpdateAppRequest request;
  request.set_expected_revision(args.expected_revision);
  v1::App& app = *request.mutable_app();
  google::protobuf::FieldMask& mask = *request.mutable_update_mask();
  app.set_name(args.name);
  if (args.display_name.has_value()) {
    app.set_display_name(*args.display_name);
    mask.add_paths("display_name");
  }
  if (args.bot_scopes.has_value()) {
    for (const std::string& scope : *args.bot_scopes) app.add_bot_scopes(scope);
    mask.add_paths("bot_scopes");
  }
  if (args.user_scopes.has_value()) {
    for (const std::string& scope : *args.user_scopes) app.add_user_scopes(scope);
    mask.add_paths("user_scopes");
  }
  if (args.token_rotation.has_value()) {
    app.set_token_rotation(*args.token_rotation);
    mask.add_paths("token_rotation");
  }
  if (args.reuse_policy != v1::REUSE_POLICY_UNSPECIFIED) {
    app.set_reuse_policy(args.reuse_policy);
    mask.add_paths("reuse_policy");
  }
  if (mask.paths().empty()) return NothingToUpdate();
  return CallAndShow(session, std::move(request));
}

absl::StatusOr<ExitCode> Delete(Session& session, const NameArgs& args) {
  v1::DeleteAppRequest request;
  request.set_name(args.name);
  LATCHKEY_ASSIGN_OR_RETURN(const auto response, session.Call(std::move(request)));
  return ShowSentence(session, response,
                      absl::StrCat("Deleted ", args.name, " at revision ", response.revision()));
}

struct CollaboratorArgs {
  std::string app;
  std::string member;
};

void DeclareCollaborator(Syntax& syntax, CollaboratorArgs& args) {
  syntax.Name("APP", NameKind::kApp, args.app, "Which app");
  syntax.Name("MEMBER", NameKind::kMember, args.member, "Who, such as acme/ann");
}

template <typename Request>
absl::StatusOr<ExitCode> ChangeCollaborator(Session& session, const CollaboratorArgs& args) {
  Request request;
  request.set_app(args.app);
  request.set_member(args.member);
  return CallAndShow(session, std::move(request));
}

}  // namespace

std::vector<Command> AppCommands() {
  constexpr NameKind kKind = NameKind::kApp;
  return {
      MakeChange("app", "create", "Make an app", DeclareCreate, Create),
      MakeCommand("app", "get", "Show an app", DeclareName<kKind>, Get),
      MakeCommand("app", "list", "List a workspace's apps", DeclareList, List),
      MakeChange("app", "update", "Change an app", DeclareUpdate, Update),
      MakeChange("app", "delete", "Delete an app, and revoke its tokens everywhere",
                 DeclareName<kKind>, Delete),
      MakeChange("app", "add-collaborator", "Add a collaborator", DeclareCollaborator,
                 ChangeCollaborator<v1::AddCollaboratorRequest>),
      MakeChange("app", "remove-collaborator", "Remove a collaborator", DeclareCollaborator,
                 ChangeCollaborator<v1::RemoveCollaboratorRequest>),
  };
}

}  // namespace latchkey::cli
