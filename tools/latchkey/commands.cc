#include "tools/latchkey/commands.h"

#include <iterator>

namespace latchkey::cli {

std::vector<Command> AllCommands() {
  std::vector<Command> all;
  for (auto* commands :
       {&WorkspaceCommands, &OrganizationCommands, &MemberCommands,       &ServiceCommands,
        &AppCommands,       &InstallCommands,      &InstallationCommands, &RequestCommands,
        &TokenCommands,     &ReplaceCommands,      &RevokeCommands,       &BulkCommands,
        &ScanCommands,      &VerifyCommands,       &PolicyCommands,       &AuditCommands,
        &TailCommands,      &VerifyLogCommands,    &ProofCommands,        &ConsumerCommands,
        &ExportCommands,    &AdminCommands,        &ContextCommands}) {
    std::vector<Command> some = (*commands)();
    all.insert(all.end(), std::make_move_iterator(some.begin()),
               std::make_move_iterator(some.end()));
  }
  return all;
}

absl::Status NothingToUpdate() {
  return absl::InvalidArgumentError("nothing to update: give at least one option; see --help");
}

void DeclarePaging(Syntax& syntax, Paging& paging) {
  syntax.Number("--limit", paging.limit, "At most so many; 0, the default, is all");
  syntax.Text("--page-token", "TOKEN", paging.page_token, "Go on where an earlier list ended");
}

void DeclareWorkspaceList(Syntax& syntax, ListArgs& args) {
  syntax.Name("WORKSPACE", NameKind::kWorkspace, args.parent, "Of which workspace");
  DeclarePaging(syntax, args.paging);
}

}  // namespace latchkey::cli
