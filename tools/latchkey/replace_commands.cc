#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tools/latchkey/commands.h"
#include "tools/latchkey/output.h"
#include "tools/latchkey/settings.h"

namespace latchkey::cli {
namespace {

struct RegenerateArgs {
  std::string name;
  std::optional<std::string> grace;
  std::optional<std::vector<std::string>> scopes;
  std::optional<std::string> label;
  std::optional<std::string> expires;
  std::string reason;
};

void DeclareRegenerate(Syntax& syntax, RegenerateArgs& args) {
  syntax.Name("NAME", NameKind::kToken, args.name, "Which token: WORKSPACE/ID or in full");
  syntax.Text("--grace", "SPAN", args.grace,
              "How long the old secret is good too, at most, such as 1h, or a number of seconds: "
              "until the new one is first used [0]");
  syntax.List("--scopes", "SCOPE,...", args.scopes,
              "All that it may do from now on; \"\" is nothing [as before]");
  syntax.Text("--label", "TEXT", args.label, "Where it is used, for people [as before]");
  syntax.Text("--expires", "TIME", args.expires,
              "When it ends: a time span such as 90d, a time, or never [as before]");
  syntax.Text("--reason", "TEXT", args.reason, "Why");
}

// Puts into the request what changes along with the secret.
absl::Status SetChanges(Session& session, const RegenerateArgs& args,
                        v1::RegenerateTokenRequest& request) {
  if (args.scopes.has_value()) {
    request.mutable_update_mask()->add_paths("scopes");
    for (const std::string& scope : *args.scopes) request.mutable_token()->add_scopes(scope);
  }
  if (args.label.has_value()) {
    request.mutable_update_mask()->add_paths("label");
    request.mutable_token()->set_label(*args.label);
  }
  if (!args.expires.has_value()) return absl::OkStatus();
  request.mutable_update_mask()->add_paths("expire_time");
  if (*args.expires == "never") return absl::OkStatus();
  LATCHKEY_ASSIGN_OR_RETURN(const absl::Time expires,
                            ParseExpiry(*args.expires, session.io().clock.Now()));
  request.mutable_token()->mutable_expire_time()->set_seconds(absl::ToUnixSeconds(expires));
  return absl::OkStatus();
}

absl::StatusOr<ExitCode> Regenerate(Session& session, const RegenerateArgs& args) {
  v1::RegenerateTokenRequest request;
  request.set_name(args.name);
  request.set_reason(args.reason);
  if (args.grace.has_value()) {
    const absl::StatusOr<absl::Duration> grace = ParseTimeSpan(*args.grace);
    if (!grace.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--grace is '", *args.grace,
                       "'; it takes a time span such as 1h, or a number of seconds"));
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

}  // namespace

std::vector<Command> ReplaceCommands() {
  return {
      MakeChange("token", "regenerate", "Replace a token's secret, and print the new one",
                 DeclareRegenerate, Regenerate),
      MakeChange("token", "rotate",
                 "Trade a refresh secret for a new access secret and a new refresh secret, and "
                 "print both, one a line",
                 DeclareRotate, Rotate),
  };
}

}  // namespace latchkey::cli
