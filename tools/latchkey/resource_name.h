#ifndef LATCHKEY_TOOLS_LATCHKEY_RESOURCE_NAME_H_
#define LATCHKEY_TOOLS_LATCHKEY_RESOURCE_NAME_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "latchkey/v1/common.pb.h"

namespace latchkey::cli {

// What a name on the command line is the name of.
enum class NameKind {
  kOrganization,    // corp
  kWorkspace,       // acme
  kMember,          // acme/ann
  kService,         // ci
  kApp,             // ci-bot
  kInstallation,    // acme/ci-bot
  kDecider,         // acme, or organizations/corp in full
  kRequest,         // acme/<id>
  kToken,           // acme/<id>, or services/ci/tokens/<id> in full
  kTokenParent,     // acme, or services/ci in full
  kBulkRevocation,  // acme/<id>
  kConsumer,        // siem
  kPrincipal,       // acme/ann, services/ci in full, operator, latchkey, bearer or anonymous
};

// Returns the full resource name, such as "workspaces/acme/members/ann" for "acme/ann". Full names
// stay as they are. Ids are not checked here; the server does.
// INVALID_ARGUMENT: it is neither a short nor a full name of this kind; says how one looks.
absl::StatusOr<std::string> FullName(NameKind kind, absl::string_view text);

// The same for what an action is about: full names of any kind, or a short name of the kind that
// the action is about ("acme" for member.create: of the parent). With the full name of a workspace
// beside it, what a token would be issued for is an app.
// INVALID_ARGUMENT: a short name does not say what is meant; says the full names that do.
absl::StatusOr<std::string> FullResourceName(v1::Action action, absl::string_view text,
                                             absl::string_view workspace = "");

// Splits "workspaces/acme/members/ann" into "workspaces/acme" and "ann".
std::pair<std::string, std::string> SplitName(absl::string_view name);

// Returns the short form of a full name: "acme/ann". Other text stays as it is.
std::string ShortName(absl::string_view name);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_RESOURCE_NAME_H_
