#include <algorithm>
#include <cstddef>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "tools/latchkey/commands.h"
#include "tools/latchkey/output.h"
#include "tools/latchkey/secret_source.h"

namespace latchkey::cli {
namespace {

constexpr std::size_t kLargestBatch = 1000;

struct VerifyArgs {
  std::string secret_from = "-";
  std::uint64_t min_revision = 0;
};

void DeclareVerify(Syntax& syntax, VerifyArgs& args) {
  syntax.Text("--secret-from", "-|FILE|env:NAME", args.secret_from,
              "Where the secrets are, one a line [-, standard input]");
  syntax.Number("--min-revision", args.min_revision, "As of this revision or later");
}

ExitCode CodeFor(const v1::Verification& verification) {
  return verification.status() == v1::VERIFY_STATUS_ACTIVE ? ExitCode::kOk
                                                           : ExitCode::kTokenInactive;
}

absl::StatusOr<ExitCode> VerifyOne(Session& session, const SecretString& secret,
                                   std::uint64_t min_revision) {
  v1::VerifyRequest request;
  request.set_secret(std::string(secret.Reveal()));
  request.set_min_revision(min_revision);
  LATCHKEY_ASSIGN_OR_RETURN(const auto response, session.Call(std::move(request)));
  LATCHKEY_RETURN_IF_ERROR(ShowResource(session, response, response.verification()).status());
  return CodeFor(response.verification());
}

absl::StatusOr<v1::BatchVerifyResponse> VerifyAll(Session& session,
                                                  const std::vector<SecretString>& secrets,
                                                  std::uint64_t min_revision) {
  v1::BatchVerifyResponse all;
  for (std::size_t from = 0; from < secrets.size(); from += kLargestBatch) {
    v1::BatchVerifyRequest request;
    request.set_min_revision(min_revision);
    for (std::size_t i = from; i < std::min(from + kLargestBatch, secrets.size()); ++i) {
      request.add_secrets(std::string(secrets[i].Reveal()));
    }
    LATCHKEY_ASSIGN_OR_RETURN(const auto response, session.Call(std::move(request)));
    all.mutable_verifications()->MergeFrom(response.verifications());
    // What holds for all of them is the least.
    all.set_revision(from == 0 ? response.revision()
                               : std::min(all.revision(), response.revision()));
  }
  return all;
}

void PrintBatch(Session& session, const v1::BatchVerifyResponse& response) {
  constexpr absl::string_view kFields[] = {"status", "inactive_reason", "token", "kind",
                                           "app",    "member",          "scopes"};
  Table table({"LINE", "STATUS", "WHY", "TOKEN", "KIND", "APP", "MEMBER", "SCOPES"});
  int line = 0;
  for (const v1::Verification& verification : response.verifications()) {
    std::vector<std::string> cells = {absl::StrCat(++line)};
    for (const absl::string_view field : kFields) cells.push_back(FieldText(verification, field));
    table.AddRow(cells);
  }
  table.Print(session.io().out, session.io().out_is_terminal);
}

absl::StatusOr<ExitCode> Verify(Session& session, const VerifyArgs& args) {
  LATCHKEY_ASSIGN_OR_RETURN(const SecretSource source, ParseSecretSource(args.secret_from));
  LATCHKEY_ASSIGN_OR_RETURN(const auto secrets, ReadSecrets(source, session.io()));
  if (secrets.size() == 1) return VerifyOne(session, secrets[0], args.min_revision);

  LATCHKEY_ASSIGN_OR_RETURN(const auto response, VerifyAll(session, secrets, args.min_revision));
  if (session.json()) {
    session.io().out << ToJson(response, /*one_line=*/false);
  } else {
    PrintBatch(session, response);
  }
  LATCHKEY_RETURN_IF_ERROR(FinishOutput(session).status());
  const auto& all = response.verifications();
  const bool active = std::all_of(all.begin(), all.end(), [](const v1::Verification& one) {
    return CodeFor(one) == ExitCode::kOk;
  });
  return active ? ExitCode::kOk : ExitCode::kTokenInactive;
}

}  // namespace

std::vector<Command> VerifyCommands() {
  return {MakeCommand("verify", "",
                      "Say whether secrets are good, and for what; exits 6 where one is not",
                      DeclareVerify, Verify)};
}

}  // namespace latchkey::cli
