#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tools/latchkey/commands.h"
#include "tools/latchkey/output.h"
#include "tools/latchkey/settings.h"

namespace latchkey::cli {
namespace {

struct IssueArgs {
  std::string parent;
  v1::TokenKind kind = v1::TOKEN_KIND_UNSPECIFIED;
  std::string app;
  std::string member;
  std::optional<std::vector<std::string>> scopes;
  std::string label;
  std::optional<std::string> expires;
  std::string reason;
};

void DeclareIssue(Syntax& syntax, IssueArgs& args) {
  syntax.Name("PARENT", NameKind::kTokenParent, args.parent, "A workspace, or services/ID");
  syntax.Enum("--kind", args.kind, "test, custom_bot, legacy_bot, app or service");
  syntax.Name("--app", NameKind::kApp, args.app,
              "The app it is for; required for custom_bot, legacy_bot and app");
  syntax.Name("--member", NameKind::kMember, args.member,
              "The member a test token is for [the caller]");
  syntax.List("--scopes", "SCOPE,...", args.scopes, "What it may do [the app's bot scopes]");
  syntax.Text("--label", "TEXT", args.label, "Where it is used, for people");
  syntax.Text("--expires", "TIME", args.expires,
              "When it ends: a time span such as 90d, or 2030-01-31T12:00:00Z [never]");
  syntax.Text("--reason", "TEXT", args.reason, "Why, for who may have to approve it");
}

absl::Status SetScopes(const IssueArgs& args, v1::IssueTokenRequest& request) {
  if (!args.scopes.has_value()) return absl::OkStatus();
  if (args.scopes->empty() && !args.app.empty()) {
    return absl::InvalidArgumentError(
        "--scopes is empty, which for an app's token is all of the app's bot scopes; name some, or "
        "leave it out");
  }
  for (const std::string& scope : *args.scopes) request.add_scopes(scope);
  return absl::OkStatus();
}

bool TakesApp(v1::TokenKind kind) {
  return kind == v1::TOKEN_KIND_CUSTOM_BOT || kind == v1::TOKEN_KIND_LEGACY_BOT ||
         kind == v1::TOKEN_KIND_APP;
}

absl::StatusOr<ExitCode> Issue(Session& session, const IssueArgs& args) {
  v1::IssueTokenRequest request;
  request.set_parent(args.parent);
  const bool for_service = absl::StartsWith(args.parent, "services/");
  if (args.kind == v1::TOKEN_KIND_UNSPECIFIED && !for_service) {
    return absl::InvalidArgumentError("--kind is required: test, custom_bot, legacy_bot or app");
  }
  if (args.app.empty() && TakesApp(args.kind)) {
    return absl::InvalidArgumentError(
        "--app is required: custom_bot, legacy_bot and app are an app's");
  }
  request.set_kind(args.kind == v1::TOKEN_KIND_UNSPECIFIED ? v1::TOKEN_KIND_SERVICE : args.kind);
  request.set_app(args.app);
  request.set_member(args.member);
  LATCHKEY_RETURN_IF_ERROR(SetScopes(args, request));
  request.set_label(args.label);
  request.set_reason(args.reason);
  if (args.expires.has_value()) {
    LATCHKEY_ASSIGN_OR_RETURN(const absl::Time expires,
                              ParseExpiry(*args.expires, session.io().clock.Now()));
    request.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(expires));
  }
  LATCHKEY_ASSIGN_OR_RETURN(const auto response, session.Call(std::move(request)));
  std::vector<const v1::IssuedToken*> tokens = {&response.issued_token()};
  if (response.has_refresh_token()) tokens.push_back(&response.refresh_token());
  return ShowSecrets(session, response, tokens);
}

struct ListTokensArgs {
  ListArgs list;
  std::string app;
  std::string member;
  v1::TokenState state = v1::TOKEN_STATE_UNSPECIFIED;
  v1::TokenKind kind = v1::TOKEN_KIND_UNSPECIFIED;
};

void DeclareList(Syntax& syntax, ListTokensArgs& args) {
  syntax.Name("PARENT", NameKind::kTokenParent, args.list.parent, "A workspace, or services/ID");
  syntax.Name("--app", NameKind::kApp, args.app, "Only those of this app");
  syntax.Name("--member", NameKind::kMember, args.member, "Only those of this member");
  syntax.Enum("--state", args.state, "Only those in this state");
  syntax.Enum("--kind", args.kind, "Only those of this kind");
  DeclarePaging(syntax, args.list.paging);
}

absl::StatusOr<ExitCode> List(Session& session, const ListTokensArgs& args) {
  v1::ListTokensRequest request;
  request.set_parent(args.list.parent);
  request.set_app(args.app);
  request.set_member(args.member);
  request.set_state(args.state);
  request.set_kind(args.kind);
  return CallAndList(session, std::move(request), args.list.paging,
                     {{"NAME", "name"},
                      {"KIND", "kind"},
                      {"STATE", "state"},
                      {"APP", "app"},
                      {"MEMBER", "member"},
                      {"SCOPES", "scopes"},
                      {"CREATED", "create_time"},
                      {"EXPIRES", "expire_time"},
                      {"USED IN HOUR OF", "last_use_time"},
                      {"LABEL", "label"},
                      {"ENDED BY", "revocation.principal"},
                      {"ENDED WITH", "revocation.action"}});
}

absl::StatusOr<ExitCode> Get(Session& session, const NameArgs& args) {
  v1::GetTokenRequest request;
  request.set_name(args.name);
  return CallAndShow(session, std::move(request));
}

}  // namespace

std::vector<Command> TokenCommands() {
  return {
      MakeChange("token", "issue", "Make a token, and print its secret", DeclareIssue, Issue),
      MakeCommand(
          "token", "list",
          "List the tokens that the caller may see, which may be its own alone; dead ones too",
          DeclareList, List),
      MakeCommand("token", "get", "Show a token, never its secret", DeclareName<NameKind::kToken>,
                  Get),
  };
}

}  // namespace latchkey::cli
