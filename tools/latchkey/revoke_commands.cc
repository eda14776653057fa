#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "nlohmann/json.hpp"
#include "tools/latchkey/commands.h"
#include "tools/latchkey/output.h"
#include "tools/latchkey/present_secrets.h"
#include "tools/latchkey/secret_source.h"

namespace latchkey::cli {
namespace {

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

void SayOperatorIsLeft(const Session& session) {
  if (session.json()) {
    const nlohmann::ordered_json notice = {{"notice", "operator_secret"},
                                           {"message", kOperatorIsLeft}};
    session.io().err << notice.dump() << std::endl;
  } else {
    session.io().err << "latchkey: " << kOperatorIsLeft << std::endl;
  }
}

absl::StatusOr<ExitCode> RevokeBySecret(Session& session, const RevokeArgs& args) {
  LATCHKEY_ASSIGN_OR_RETURN(const SecretSource source, ParseSecretSource(*args.secret_from));
  LATCHKEY_ASSIGN_OR_RETURN(auto secrets, ReadSecrets(source, session.io()));
  // The server would pass over it without a word.
  const bool left = std::erase_if(secrets, [](const SecretString& secret) {
                      return IsOperatorSecret(secret.Reveal());
                    }) > 0;
  if (left) SayOperatorIsLeft(session);
  if (secrets.empty()) return ExitCode::kSecretsFound;
  const Presented presented = PresentSecrets(session, secrets, args.reason);
  LATCHKEY_RETURN_IF_ERROR(presented.status);
  v1::RevokeTokenResponse response;
  response.set_revision(presented.revision);
  LATCHKEY_ASSIGN_OR_RETURN(const ExitCode shown,
                            ShowSentence(session, response, PresentedSentence(presented)));
  return left ? ExitCode::kSecretsFound : shown;
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

std::vector<Command> RevokeCommands() {
  return {MakeChange("token", "revoke", "End a token by name, or tokens by their secrets",
                     DeclareRevoke, Revoke)};
}

}  // namespace latchkey::cli
