#include "server/authority/refusal.h"

#include "absl/strings/match.h"
#include "server/authority/actions.h"
#include "server/authority/errors.h"

namespace latchkey {

using policy::Action;

policy::Decision UndelegatedDecision() {
  return {policy::Outcome::kDeny, "caller.service_role",
          "Acting on behalf of a member takes a service with the role DELEGATE."};
}

bool IsAboutCaller(const policy::Decision& decision) {
  return decision.rule == "caller.unauthenticated" || decision.rule == "caller.deactivated" ||
         decision.rule == "caller.service_role";
}

bool TellsWhatItIs(Action action, const policy::Decision& decision) {
  if (decision.outcome != policy::Outcome::kDeny) return false;
  if (absl::StartsWith(decision.rule, "caller.")) return false;
  switch (action) {
    case Action::kAppInstall:
    case Action::kAppReinstall:
    case Action::kTokenIssue:
    case Action::kTokenRegenerate:
      // A row for each kind.
      return true;
    default:
      return decision.rule == "default.deny";
  }
}

std::optional<Action> ReadingOf(Action action) {
  switch (action) {
    case Action::kTokenRead:
    case Action::kTokenRegenerate:
    case Action::kTokenRevoke:
      return Action::kTokenRead;
    case Action::kRequestRead:
    case Action::kRequestResolve:
    case Action::kRequestWithdraw:
      return Action::kRequestRead;
    default:
      return std::nullopt;
  }
}

bool IsHidden(const FactSheet& sheet, const policy::Decision& decision,
              std::optional<Action> reading) {
  if (decision.rule == "caller.cross_workspace") return true;
  if (IsAboutCaller(decision)) return false;
  if (sheet.missing() && decision.rule == "default.deny") return true;
  if (!reading.has_value()) return false;
  // A guest is told so of all such reading alike.
  const Action action = sheet.facts().action;
  if (action == reading && ReadingOf(action) == reading) return decision.rule != "caller.guest";
  return sheet.DecideAs(*reading).outcome != policy::Outcome::kAllow;
}

absl::Status RefusalError(const FactSheet& sheet, const policy::Decision& decision,
                          std::optional<Action> reading, absl::string_view resource,
                          absl::string_view app) {
  if (!IsHidden(sheet, decision, reading)) {
    return DeniedError(ToProto(sheet.facts().action), decision);
  }
  const bool names_app = sheet.missing() && !app.empty() && decision.rule == "default.deny";
  return ResourceNotFoundError(names_app ? app : resource);
}

}  // namespace latchkey
