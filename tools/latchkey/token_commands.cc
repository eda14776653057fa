#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tools/latchkey/commands.h"
#include "tools/latchkey/output.h"
#include "tools/latchkey/present_secrets.h"

namespace latchkey::cli {
namespace {

struct IssueArgs {
  std::string parent;
  v1::TokenKind kind = v1::TOKEN_KIND_UNSPECIFIED;
  std::string app;
  std::string member;
  std::vector<std::string> scopes;
  std::string label;
  std::string expires;
  std::string reason;
};

void DeclareIssue(Syntax& syntax, IssueArgs& args) {
  syntax.Name("PARENT", NameKind::kTokenParent, args.parent, "A workspace, or services/ID");
  syntax.Enum("--kind", args.kind, "test, custom_bot, legacy_bot, app or service");
  syntax.Name("--app", NameKind::kApp, args.app, "The app it is for");
  syntax.Name("--member", NameKind::kMember, args.member,
              "The member a test token is for [the caller]");
  syntax.List("--scopes", "SCOPE,...", args.scopes, "What it may do [the app's bot scopes]");
  syntax.Text("--label", "TEXT", args.label, "Where it is used, for people");
  syntax.Text("--expires", "TIME", args.expires,
              "When it ends: a time span such as 90d, or 2030-01-31T12:00:00Z [never]");
  syntax.Text("--reason", "TEXT", args.reason, "Why, for who may have to approve it");
}

// Reads a time, or a span from now.
absl::StatusOr<absl::Time> ParseExpiry(const std::string& text, absl::Time now) {
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return time;
  const absl::StatusOr<absl::Duration> span = ParseTimeSpan(text);
  if (span.ok()) return now + *span;
  return absl::InvalidArgumentError(absl::StrCat(
      "--expires is '", text, "'; it takes a time span such as 90d, or 2030-01-31T12:00:00Z"));
}

absl::StatusOr<ExitCode> Issue(Session& session, const IssueArgs& args) {
  v1::IssueTokenRequest request;
  request.set_parent(args.parent);
  const bool for_service = absl::StartsWith(args.parent, "services/");
  if (args.kind == v1::TOKEN_KIND_UNSPECIFIED && !for_service) {
    return absl::InvalidArgumentError("--kind is required: test, custom_bot, legacy_bot or app");
  }
  request.set_kind(args.kind == v1::TOKEN_KIND_UNSPECIFIED ? v1::TOKEN_KIND_SERVICE : args.kind);
  request.set_app(args.app);
  request.set_member(args.member);
  for (const std::string& scope : args.scopes) request.add_scopes(scope);
  request.set_label(args.label);
  request.set_reason(args.reason);
  if (!args.expires.empty()) {
    LATCHKEY_ASSIGN_OR_RETURN(const absl::Time expires,
                              ParseExpiry(args.expires, session.io().clock.Now()));
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
                      {"LABEL", "label"},
                      {"ENDED BY", "revocation.principal"},
                      {"ENDED WITH", "revocation.action"}});
}

absl::StatusOr<ExitCode> Get(Session& session, const NameArgs& args) {
  v1::GetTokenRequest request;
  request.set_name(args.name);
  return CallAndShow(session, std::move(request));
}

struct RegenerateArgs {
  std::string name;
  std::string grace;
  std::vector<std::string> scopes;
  std::optional<std::string> label;
  std::string expires;
  std::string reason;
};

void DeclareRegenerate(Syntax& syntax, RegenerateArgs& args) {
  syntax.Name("NAME", NameKind::kToken, args.name, "Which token: WORKSPACE/ID or in full");
  syntax.Text(
      "--grace", "SPAN", args.grace,
      "How long the old secret is good too, at most, such as 1h: until the new one is first "
      "used [0]");
  syntax.List("--scopes", "SCOPE,...", args.scopes, "What it may do from now on [as before]");
  syntax.Text("--label", "TEXT", args.label, "Where it is used, for people [as before]");
  syntax.Text("--expires", "TIME", args.expires,
              "When it ends: a time span such as 90d, a time, or never [as before]");
  syntax.Text("--reason", "TEXT", args.reason, "Why");
}

// Puts into the request what changes along with the secret.
absl::Status SetChanges(Session& session, const RegenerateArgs& args,
                        v1::RegenerateTokenRequest& request) {
  if (!args.scopes.empty()) {
    request.mutable_update_mask()->add_paths("scopes");
    for (const std::string& scope : args.scopes) request.mutable_token()->add_scopes(scope);
  }
  if (args.label.has_value()) {
    request.mutable_update_mask()->add_paths("label");
    request.mutable_token()->set_label(*args.label);
  }
  if (args.expires.empty()) return absl::OkStatus();
  request.mutable_update_mask()->add_paths("expire_time");
  if (args.expires == "never") return absl::OkStatus();
  LATCHKEY_ASSIGN_OR_RETURN(const absl::Time expires,
                            ParseExpiry(args.expires, session.io().clock.Now()));
  request.mutable_token()->mutable_expire_time()->set_seconds(absl::ToUnixSeconds(expires));
  return absl::OkStatus();
}

absl::StatusOr<ExitCode> Regenerate(Session& session, const RegenerateArgs& args) {
  v1::RegenerateTokenRequest request;
  request.set_name(args.name);
  request.set_reason(args.reason);
  if (!args.grace.empty()) {
    const absl::StatusOr<absl::Duration> grace = ParseTimeSpan(args.grace);
    if (!grace.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--grace is '", args.grace, "'; it takes a time span such as 1h"));
    }
    request.mutable_grace()->set_seconds(absl::ToInt64Seconds(*grace));
  }
  LATCHKEY_RETURN_IF_ERROR(SetChanges(session, args, request));
  LATCHKEY_ASSIGN_OR_RETURN(const auto response, session.Call(std::move(request)));
  return ShowSecrets(session, response, {&response.issued_token()});
}

struct RotateArgs {
  std::string secret_from;
};

void DeclareRotate(Syntax& syntax, RotateArgs& args) {
  syntax.Text("--secret-from", "-|FILE|env:NAME", args.secret_from,
              "Where the refresh secret is; whoever holds it needs no other right");
}

absl::StatusOr<ExitCode> Rotate(Session& session, const RotateArgs& args) {
  if (args.secret_from.empty()) {
    return absl::InvalidArgumentError("say where the refresh secret is: --secret-from");
  }
  LATCHKEY_ASSIGN_OR_RETURN(const SecretSource source, ParseSecretSource(args.secret_from));
  LATCHKEY_ASSIGN_OR_RETURN(const SecretString secret, ReadSecret(source, session.io()));
  v1::RotateTokenRequest request;
  request.set_refresh_secret(std::string(secret.Reveal()));
  LATCHKEY_ASSIGN_OR_RETURN(const auto response, session.Call(std::move(request)));
  return ShowSecrets(session, response, {&response.access_token(), &response.refresh_token()});
}

struct RevokeArgs {
  std::optional<std::string> name;
  std::optional<std::string> secret_from;
  std::string reason;
};

void DeclareRevoke(Syntax& syntax, RevokeArgs& args) {
  syntax.Text("NAME", "NAME", args.name, "Which token: WORKSPACE/ID or in full");
  syntax.Text("--secret-from", "-|FILE|env:NAME", args.secret_from,
              "Revoke the tokens whose secrets are there, one a line; this takes no other right");
  syntax.Text("--reason", "TEXT", args.reason, "Why, for the audit log");
}

absl::StatusOr<ExitCode> RevokeBySecret(Session& session, const RevokeArgs& args) {
  LATCHKEY_ASSIGN_OR_RETURN(const SecretSource source, ParseSecretSource(*args.secret_from));
  LATCHKEY_ASSIGN_OR_RETURN(const auto secrets, ReadSecrets(source, session.io()));
  const Presented presented = PresentSecrets(session, secrets, args.reason);
  LATCHKEY_RETURN_IF_ERROR(presented.status);
  v1::RevokeTokenResponse response;
  response.set_revision(presented.revision);
  return ShowSentence(session, response, PresentedSentence(presented));
}

absl::StatusOr<ExitCode> Revoke(Session& session, const RevokeArgs& args) {
  if (args.name.has_value() == args.secret_from.has_value()) {
    return absl::InvalidArgumentError("name the token, or say --secret-from; one of them");
  }
  if (args.secret_from.has_value()) return RevokeBySecret(session, args);
  v1::RevokeTokenRequest request;
  LATCHKEY_ASSIGN_OR_RETURN(*request.mutable_name(), FullName(NameKind::kToken, *args.name));
  request.set_reason(args.reason);
  return CallAndShow(session, std::move(request));
}

}  // namespace

std::vector<Command> TokenCommands() {
  return {
      MakeChange("token", "issue", "Make a token, and print its secret", DeclareIssue, Issue),
      MakeCommand("token", "list", "List tokens, dead ones too", DeclareList, List),
      MakeCommand("token", "get", "Show a token, never its secret", DeclareName<NameKind::kToken>,
                  Get),
      MakeChange("token", "regenerate", "Replace a token's secret, and print the new one",
                 DeclareRegenerate, Regenerate),
      MakeChange("token", "rotate",
                 "Trade a refresh secret for a new access secret and a new refresh secret, and "
                 "print both, one a line",
                 DeclareRotate, Rotate),
      MakeChange("token", "revoke", "End a token by name, or tokens by their secrets",
                 DeclareRevoke, Revoke),
  };
}

}  // namespace latchkey::cli
