#include "tests/policy/policy_docs.h"

#include <cstddef>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/policy/policy.h"
#include "tests/policy/names.h"

namespace latchkey::policy {
namespace {

constexpr char kHead[] =
    R"(# Who may do what

<!-- Made from the decision table by the test policy_docs_test, which fails when this page is stale.
To change the table, change server/policy/rules_*.cc; to change this text, change
tests/policy/policy_docs.cc. Then run the test with LATCHKEY_UPDATE_GOLDEN=1. -->

Every action is decided by the table below. The rows are tried in order; the first that matches
decides, and nothing is allowed that no row allows. The server runs these very rows, and
`latchkey policy rules` lists them. `latchkey policy check` asks what would be decided, and changes
nothing.

A decision is *allow*, *deny* or *needs approval*, with the id of its row and a reason. "Allow;
others deny" means that the row also decides about everybody else it is tried for. *Needs approval*
leaves a request behind: an owner, or a member who can manage apps, resolves it, and the requester
repeats the call, which `request.approved` then allows.

The words of the table:

- **member**: an active person of a workspace; a service that acts on behalf of a member is that
  member. **service** is one that acts for itself. The **operator** runs the server.
- **guest**: a member with the role SINGLE_CHANNEL_GUEST or MULTI_CHANNEL_GUEST, or with none.
  **owner**: PRIMARY_OWNER or OWNER. **admin**: ADMIN. In the workspaces of an organization, an org
  owner counts as an OWNER and an org admin as an ADMIN.
- **can manage apps**: a grant of its own to a member, in the member's workspace. Nobody has it by
  role.
- **own**: the token, request, bulk revocation, installation or member acted on is the caller's.
- **creator or collaborator**: of the app acted on, or of the token's app. A creator who was removed
  as a collaborator is neither, but who set up a legacy bot or custom integration stays so.
- **apps need approval**, **guests may use apps**: settings of the workspace acted on, tightened by
  what its organization forces.
- **owner or admin of the organization**: an active member whom the organization lists as that, and
  whose own workspace belongs to it.

`tests/policy/golden/decisions.txt` shows what the table comes to, for every combination of facts.
)";

std::string ActionsOf(const Rule& rule) {
  if (rule.actions.empty()) return "every action";
  return absl::StrJoin(rule.actions, ", ", [](std::string* out, Action action) {
    absl::StrAppend(out, "`", Name(action), "`");
  });
}

}  // namespace

std::string PolicyDocs() {
  std::string docs = absl::StrCat(kHead, "\n| # | rule | actions | when | decision |\n",
                                  "| --- | --- | --- | --- | --- |\n");
  std::size_t number = 0;
  for (const Rule& rule : Rules()) {
    absl::StrAppend(&docs, "| ", ++number, " | `", rule.id, "` | ", ActionsOf(rule), " | ",
                    rule.condition, " | ", rule.effect, " |\n");
  }
  return docs;
}

}  // namespace latchkey::policy
