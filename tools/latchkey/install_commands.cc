#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tools/latchkey/commands.h"
#include "tools/latchkey/output.h"

namespace latchkey::cli {
namespace {

// An app in a workspace.
struct InstallationArgs {
  std::string workspace;
  std::string app;
  std::string reason;

  std::string name() const {
    return absl::StrCat(workspace, "/installations/", absl::StripPrefix(app, "apps/"));
  }
};

void DeclareWhere(Syntax& syntax, InstallationArgs& args) {
  syntax.Name("WORKSPACE", NameKind::kWorkspace, args.workspace, "In which workspace");
  syntax.Name("APP", NameKind::kApp, args.app, "Which app");
}

void DeclareWhereAndWhy(Syntax& syntax, InstallationArgs& args) {
  DeclareWhere(syntax, args);
  syntax.Text("--reason", "TEXT", args.reason, "Why, for the audit log");
}

struct InstallArgs {
  InstallationArgs installation;
  std::string print = "both";
};

void DeclareInstall(Syntax& syntax, InstallArgs& args) {
  DeclareWhere(syntax, args.installation);
  syntax.Text("--reason", "TEXT", args.installation.reason, "Why, for who may have to approve it");
  syntax.Text("--print", "bot|bot-refresh|user|user-refresh|both", args.print,
              "Which secret to print; both is all of them, one a line, the BOT token's first, each "
              "with its refresh secret after it where tokens rotate [both]");
}

// Which of an installation's secrets there are, by what --print calls them, in order.
template <typename Response>
std::vector<std::pair<absl::string_view, const v1::IssuedToken*>> Secrets(
    const Response& response) {
  std::vector<std::pair<absl::string_view, const v1::IssuedToken*>> secrets;
  secrets.emplace_back("bot", &response.bot_token());
  if (response.has_bot_refresh_token()) {
    secrets.emplace_back("bot-refresh", &response.bot_refresh_token());
  }
  if (response.has_user_token()) secrets.emplace_back("user", &response.user_token());
  if (response.has_user_refresh_token()) {
    secrets.emplace_back("user-refresh", &response.user_refresh_token());
  }
  return secrets;
}

// Prints the secrets that were asked for.
template <typename Response>
absl::StatusOr<ExitCode> ShowInstalled(Session& session, const Response& response,
                                       const std::string& print) {
  std::vector<const v1::IssuedToken*> tokens;
  for (const auto& [name, issued] : Secrets(response)) {
    if (print == "both" || print == name) tokens.push_back(issued);
  }
  if (!tokens.empty()) return ShowSecrets(session, response, tokens);
  const absl::string_view why =
      print == "user" ? "asks for no user scopes" : "has no tokens of that kind that rotate";
  return absl::UnknownError(
      absl::StrCat("the app is installed, but ", why, ", so there is no ", print,
                   " secret to print; repeat the command with --print bot and --request-id ",
                   session.sent_request_id(), " within 10 minutes to get the BOT token's secret"));
}

absl::Status CheckPrint(const std::string& print) {
  for (const absl::string_view one : {"bot", "bot-refresh", "user", "user-refresh", "both"}) {
    if (print == one) return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "--print is '", print, "'; it takes bot, bot-refresh, user, user-refresh, both"));
}

absl::StatusOr<ExitCode> Install(Session& session, const InstallArgs& args) {
  LATCHKEY_RETURN_IF_ERROR(CheckPrint(args.print));
  v1::InstallAppRequest request;
  request.set_parent(args.installation.workspace);
  request.set_app(args.installation.app);
  request.set_reason(args.installation.reason);
  LATCHKEY_ASSIGN_OR_RETURN(const auto response, session.Call(std::move(request)));
  return ShowInstalled(session, response, args.print);
}

absl::StatusOr<ExitCode> Reinstall(Session& session, const InstallArgs& args) {
  LATCHKEY_RETURN_IF_ERROR(CheckPrint(args.print));
  v1::ReinstallAppRequest request;
  request.set_name(args.installation.name());
  request.set_reason(args.installation.reason);
  LATCHKEY_ASSIGN_OR_RETURN(const auto response, session.Call(std::move(request)));
  return ShowInstalled(session, response, args.print);
}

absl::StatusOr<ExitCode> Uninstall(Session& session, const InstallationArgs& args) {
  v1::UninstallAppRequest request;
  request.set_name(args.name());
  request.set_reason(args.reason);
  return CallAndShow(session, std::move(request));
}

// An app in a workspace, or in all of an organization.
struct VerdictArgs {
  std::string where;
  bool in_organization = false;
  std::string app;
  std::string reason;

  absl::StatusOr<std::string> parent() const {
    return FullName(in_organization ? NameKind::kOrganization : NameKind::kWorkspace, where);
  }
};

void DeclareVerdict(Syntax& syntax, VerdictArgs& args) {
  syntax.Text("WORKSPACE", "NAME", args.where,
              "In which workspace; with --organization, in which organization");
  syntax.Name("APP", NameKind::kApp, args.app, "Which app");
  syntax.Flag("--organization", args.in_organization, "In all workspaces of an organization");
}

struct ApproveArgs {
  VerdictArgs verdict;
  std::optional<std::vector<std::string>> scopes;
};

void DeclareApprove(Syntax& syntax, ApproveArgs& args) {
  DeclareVerdict(syntax, args.verdict);
  syntax.List("--scopes", "SCOPE,...", args.scopes, "What to approve [what the app asks for now]");
}

absl::StatusOr<ExitCode> Approve(Session& session, const ApproveArgs& args) {
  v1::ApproveAppRequest request;
  LATCHKEY_ASSIGN_OR_RETURN(*request.mutable_parent(), args.verdict.parent());
  request.set_app(args.verdict.app);
  if (args.scopes.has_value() && args.scopes->empty()) {
    return absl::InvalidArgumentError(
        "--scopes is empty, which is all that the app asks for now; name some, or leave it out");
  }
  for (const std::string& scope : args.scopes.value_or(std::vector<std::string>())) {
    request.add_scopes(scope);
  }
  return CallAndShow(session, std::move(request));
}

void DeclareRestrict(Syntax& syntax, VerdictArgs& args) {
  DeclareVerdict(syntax, args);
  syntax.Text("--reason", "TEXT", args.reason, "Why, for the audit log");
}

absl::StatusOr<ExitCode> Restrict(Session& session, const VerdictArgs& args) {
  v1::RestrictAppRequest request;
  LATCHKEY_ASSIGN_OR_RETURN(*request.mutable_parent(), args.parent());
  request.set_app(args.app);
  request.set_reason(args.reason);
  return CallAndShow(session, std::move(request));
}

void DeclareList(Syntax& syntax, ListArgs& args) {
  syntax.Name("WORKSPACE", NameKind::kDecider, args.parent,
              "Of which workspace, or organizations/ID: what that decided");
  DeclarePaging(syntax, args.paging);
}

absl::StatusOr<ExitCode> List(Session& session, const ListArgs& args) {
  v1::ListInstallationsRequest request;
  request.set_parent(args.parent);
  return CallAndList(session, std::move(request), args.paging,
                     {{"APP", "app"},
                      {"STATE", "state"},
                      {"INSTALLER", "installer"},
                      {"BOT SCOPES", "bot_scopes"},
                      {"USER SCOPES", "user_scopes"},
                      {"GENERATION", "generation"},
                      {"APPROVAL", "approval"},
                      {"APPROVED SCOPES", "approved_scopes"}});
}

}  // namespace

std::vector<Command> InstallCommands() {
  return {
      MakeChange("app", "install", "Install an app, and print its new secrets", DeclareInstall,
                 Install),
      MakeChange("app", "reinstall", "Install an app again: new tokens, and the old ones end",
                 DeclareInstall, Reinstall),
      MakeChange("app", "uninstall", "Uninstall an app, and revoke its tokens in the workspace",
                 DeclareWhereAndWhy, Uninstall),
      MakeChange("app", "approve", "Approve an app in a workspace or organization", DeclareApprove,
                 Approve),
      MakeChange("app", "restrict",
                 "Restrict an app in a workspace or organization, and revoke its tokens there",
                 DeclareRestrict, Restrict),
  };
}

std::vector<Command> InstallationCommands() {
  return {
      MakeCommand("installation", "list", "List a workspace's installations", DeclareList, List)};
}

}  // namespace latchkey::cli
