#ifndef LATCHKEY_TOOLS_LATCHKEY_COMMANDS_H_
#define LATCHKEY_TOOLS_LATCHKEY_COMMANDS_H_

#include <vector>

#include "tools/latchkey/command.h"
#include "tools/latchkey/session.h"

namespace latchkey::cli {

// Returns every command, in the order in which help shows them.
std::vector<Command> AllCommands();

// The commands of one noun each.
std::vector<Command> OrganizationCommands();
std::vector<Command> WorkspaceCommands();
std::vector<Command> MemberCommands();
std::vector<Command> ServiceCommands();
std::vector<Command> AppCommands();
std::vector<Command> InstallCommands();  // the verbs of `app` that install or approve
std::vector<Command> InstallationCommands();
std::vector<Command> RequestCommands();
std::vector<Command> TokenCommands();
std::vector<Command>
ReplaceCommands();  // the verbs of `token` that give a new secret for an old one
std::vector<Command> RevokeCommands();  // `token revoke`
std::vector<Command> BulkCommands();    // `token bulk-...`
std::vector<Command> ScanCommands();    // `token scan`
std::vector<Command> VerifyCommands();
std::vector<Command> PolicyCommands();
std::vector<Command> AuditCommands();
std::vector<Command> TailCommands();       // `audit tail`
std::vector<Command> VerifyLogCommands();  // `audit verify`
std::vector<Command> ConsumerCommands();   // `audit consumer`
std::vector<Command> ExportCommands();     // `audit export`
std::vector<Command> ProofCommands();      // `audit checkpoint`, `audit verify-key`
std::vector<Command> AdminCommands();
std::vector<Command> ContextCommands();

// For commands without parameters.
struct NoArgs {};
inline void DeclareNothing(Syntax& /*syntax*/, NoArgs& /*args*/) {}

// For commands whose only parameter is what they are about.
struct NameArgs {
  std::string name;
};
template <NameKind kind>
void DeclareName(Syntax& syntax, NameArgs& args) {
  syntax.Name("NAME", kind, args.name, "Which one, such as acme or acme/ann, or its full name");
}

// INVALID_ARGUMENT: an update that names no field.
absl::Status NothingToUpdate();

// For lists of what a workspace has.
struct ListArgs {
  std::string parent;
  Paging paging;
};
void DeclarePaging(Syntax& syntax, Paging& paging);
void DeclareWorkspaceList(Syntax& syntax, ListArgs& args);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_COMMANDS_H_
