#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "tools/latchkey/commands.h"
#include "tools/latchkey/output.h"

namespace latchkey::cli {
namespace {

struct ProofArgs {
  std::string workspace;
  std::string organization;
};

void DeclareProof(Syntax& syntax, ProofArgs& args) {
  syntax.Name("--workspace", NameKind::kWorkspace, args.workspace,
              "By the right to read the events of this workspace");
  syntax.Name("--organization", NameKind::kOrganization, args.organization,
              "By the right to read the events of this organization");
}

absl::StatusOr<v1::GetCheckpointResponse> Ask(Session& session, const ProofArgs& args) {
  v1::GetCheckpointRequest request;
  request.set_workspace(args.workspace);
  request.set_organization(args.organization);
  return session.Call(std::move(request));
}

absl::StatusOr<ExitCode> Checkpoint(Session& session, const ProofArgs& args) {
  LATCHKEY_ASSIGN_OR_RETURN(const v1::GetCheckpointResponse response, Ask(session, args));
  if (session.json()) return ShowResource(session, response, response);
  // Byte by byte: what is signed is a text with its lines.
  session.io().out << response.checkpoint();
  return FinishOutput(session);
}

absl::StatusOr<ExitCode> VerifyKey(Session& session, const ProofArgs& args) {
  LATCHKEY_ASSIGN_OR_RETURN(const v1::GetCheckpointResponse response, Ask(session, args));
  return ShowSentence(session, response, response.verifier_key());
}

}  // namespace

std::vector<Command> ProofCommands() {
  return {
      MakeCommand("audit", "checkpoint",
                  "Print the signed statement of the log's size and root, to keep it", DeclareProof,
                  Checkpoint),
      MakeCommand("audit", "verify-key", "Print the key that verifies checkpoints", DeclareProof,
                  VerifyKey),
  };
}

}  // namespace latchkey::cli
