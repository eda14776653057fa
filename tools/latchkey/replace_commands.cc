#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/form/secret_form.h"
#include "tools/latchkey/commands.h"
#include "tools/latchkey/output.h"
#include "tools/latchkey/secret_source.h"
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
    // Elsewhere no span is 0; here it is the default, and may be said.
    const absl::StatusOr<absl::Duration> grace = ParseTimeSpanOrZero(*args.grace);
    if (!grace.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--grace is '", *args.grace,
                       "'; it takes 0, a time span such as 1h, or a number of seconds"));
    }
    request.mutable_grace()->set_seconds(absl::ToInt64Seconds(*grace));
  }
  LATCHKEY_RETURN_IF_ERROR(SetChanges(session, args, request));
  LATCHKEY_ASSIGN_OR_RETURN(const auto response, session.Call(std::move(request)));
  return ShowSecrets(session, response, {&response.issued_token()});
}

struct RotateArgs {
  std::string secret_from;
  std::string print = "both";
};

void DeclareRotate(Syntax& syntax, RotateArgs& args) {
  syntax.Text(
      "--secret-from", "-|FILE|env:NAME", args.secret_from,
      "Where the refresh secret is, alone or as the only one among other lines, as this command "
      "prints it; whoever holds it needs no other right");
  syntax.Text("--print", "access|refresh|both", args.print,
              "Which secret to print; both is one a line, the access token's first [both]");
}

constexpr auto kRefresh = static_cast<secret::TokenKindNumber>(v1::TOKEN_KIND_REFRESH);

bool IsRefreshSecret(const SecretString& secret) {
  return secret::HasSecretForm(secret::TokenPrefixes().PrefixOf(kRefresh), secret.Reveal());
}

// Whether two secrets are a pair as this command prints it, of a server that gives refresh secrets
// a prefix of its own: the second is none that has a default prefix, which would tell its kind.
bool IsPairWithOtherPrefix(const std::vector<SecretString>& secrets) {
  if (secrets.size() != 2 || IsRefreshSecret(secrets[0])) return false;
  const auto access = secret::PrefixOfSecret(secrets[0].Reveal());
  const auto refresh = secret::PrefixOfSecret(secrets[1].Reveal());
  return access.has_value() && *access != secret::kOperatorPrefix && refresh.has_value() &&
         *refresh != secret::kOperatorPrefix &&
         !secret::TokenPrefixes().KindOf(*refresh).has_value();
}

// Reads the refresh secret, which may stand among those that it was printed with.
absl::StatusOr<SecretString> ReadRefreshSecret(const Session& session, const std::string& from) {
  LATCHKEY_ASSIGN_OR_RETURN(const SecretSource source, ParseSecretSource(from));
  LATCHKEY_ASSIGN_OR_RETURN(std::vector<SecretString> secrets, ReadSecrets(source, session.io()));
  if (secrets.size() == 1 || IsPairWithOtherPrefix(secrets)) return std::move(secrets.back());
  const std::size_t lines = secrets.size();
  std::erase_if(secrets, [](const SecretString& secret) { return !IsRefreshSecret(secret); });
  if (secrets.size() == 1) return std::move(secrets[0]);
  return absl::InvalidArgumentError(absl::StrCat("--secret-from has ", lines, " lines, of which ",
                                                 secrets.size(),
                                                 " are refresh secrets; it takes one"));
}

absl::StatusOr<ExitCode> Rotate(Session& session, const RotateArgs& args) {
  if (args.secret_from.empty()) {
    return absl::InvalidArgumentError("say where the refresh secret is: --secret-from");
  }
  if (args.print != "access" && args.print != "refresh" && args.print != "both") {
    return absl::InvalidArgumentError(
        absl::StrCat("--print is '", args.print, "'; it takes access, refresh, both"));
  }
  LATCHKEY_ASSIGN_OR_RETURN(const SecretString secret,
                            ReadRefreshSecret(session, args.secret_from));
  v1::RotateTokenRequest request;
  request.set_refresh_secret(std::string(secret.Reveal()));
  LATCHKEY_ASSIGN_OR_RETURN(const auto response, session.Call(std::move(request)));
  std::vector<const v1::IssuedToken*> tokens;
  if (args.print != "refresh") tokens.push_back(&response.access_token());
  if (args.print != "access") tokens.push_back(&response.refresh_token());
  return ShowSecrets(session, response, tokens);
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
