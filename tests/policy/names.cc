#include "tests/policy/names.h"

#include <array>
#include <cstddef>
#include <vector>

namespace latchkey::policy {
namespace {

// By the number of the action, from 1.
constexpr std::array<absl::string_view, 57> kActionNames = {
    "workspace.create",
    "workspace.read",
    "workspace.update",
    "member.create",
    "member.read",
    "member.update",
    "member.deactivate",
    "service.create",
    "service.read",
    "service.delete",
    "app.create",
    "app.read",
    "app.update",
    "app.delete",
    "app.add_collaborator",
    "app.remove_collaborator",
    "app.install",
    "app.reinstall",
    "app.uninstall",
    "installation.read",
    "app.approve",
    "app.restrict",
    "request.read",
    "request.resolve",
    "request.withdraw",
    "token.issue",
    "token.read",
    "token.regenerate",
    "token.rotate",
    "token.revoke",
    "token.bulk_revoke",
    "token.verify",
    "audit.read",
    "policy.read",
    "policy.check",
    "admin.read",
    "admin.backup",
    // What are no actions.
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "organization.create",
    "organization.read",
    "organization.update",
    "",
    "",
    "token.bulk_cancel",
    "consumer.create",
    "consumer.delete",
};
static_assert(static_cast<std::size_t>(Action::kConsumerDelete) == kActionNames.size());

std::vector<Action> MakeAllActions() {
  std::vector<Action> actions;
  for (std::size_t i = 0; i < kActionNames.size(); ++i) {
    if (IsAction(static_cast<int>(i + 1))) actions.push_back(static_cast<Action>(i + 1));
  }
  return actions;
}

}  // namespace

absl::Span<const Action> AllActions() {
  static const auto& actions = *new std::vector<Action>(MakeAllActions());
  return actions;
}

absl::string_view Name(Action action) {
  return kActionNames.at(static_cast<std::size_t>(action) - 1);
}

absl::string_view Name(Outcome outcome) {
  switch (outcome) {
    case Outcome::kAllow:
      return "allow";
    case Outcome::kDeny:
      return "deny";
    case Outcome::kNeedsApproval:
      return "needs approval";
  }
  return "?";
}

}  // namespace latchkey::policy
