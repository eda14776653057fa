#include "server/authority/audit_filter.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/authority/actions.h"
#include "server/authority/caller.h"
#include "server/authority/common.h"
#include "server/authority/names.h"
#include "server/authority/organizations.h"

namespace latchkey {
namespace {

constexpr int kMaxActions = 64;
constexpr std::size_t kMaxPrefixBytes = 64;
constexpr int kMaxOutcomes = 3;

using NamedAction = std::pair<std::string, v1::Action>;

std::vector<NamedAction> NamesOfActions() {
  std::vector<NamedAction> names;
  for (int number = 1; number < v1::Action_ARRAYSIZE; ++number) {
    if (!v1::Action_IsValid(number)) continue;
    const auto action = static_cast<v1::Action>(number);
    names.emplace_back(ActionName(action), action);
  }
  return names;
}

bool HasPrefixForm(absl::string_view prefix) {
  return !prefix.empty() && prefix.size() <= kMaxPrefixBytes &&
         std::all_of(prefix.begin(), prefix.end(), [](unsigned char c) {
           return absl::ascii_islower(c) || c == '.' || c == '_';
         });
}

void CheckPrefixes(const Strings& prefixes, Validator& validator) {
  constexpr absl::string_view kField = "filter.action_prefixes";
  if (prefixes.size() > kMaxActions) {
    validator.Add(kField,
                  absl::StrCat("has ", prefixes.size(), "; it takes at most ", kMaxActions));
    return;
  }
  const std::vector<NamedAction> names = NamesOfActions();
  for (int i = 0; i < prefixes.size() && !validator.full(); ++i) {
    const std::string field = absl::StrCat(kField, "[", i, "]");
    if (!HasPrefixForm(prefixes[i])) {
      validator.Add(field, absl::StrCat("is no prefix of an action's name; it takes 1 to ",
                                        kMaxPrefixBytes, " of [a-z._]"));
      continue;
    }
    const bool known = std::any_of(names.begin(), names.end(), [&](const NamedAction& named) {
      return absl::StartsWith(named.first, prefixes[i]);
    });
    validator.Check(known, field,
                    absl::StrCat("is ", prefixes[i],
                                 "; no action's name begins so. It takes what "
                                 "one does, such as token."));
  }
}

bool IsPrincipal(const std::string& name) {
  return ParseMember(name).has_value() || ParseService(name).has_value() ||
         name == kOperatorPrincipal || name == kSystemPrincipal || name == kBearerPrincipal ||
         name == kAnonymousPrincipal;
}

void CheckNames(const v1::EventFilter& filter, Validator& validator) {
  validator.Name("filter.workspace", filter.workspace(),
                 filter.workspace().empty() || ParseWorkspace(filter.workspace()).has_value(),
                 kWorkspaceForm);
  validator.Name(
      "filter.organization", filter.organization(),
      filter.organization().empty() || ParseOrganization(filter.organization()).has_value(),
      kOrganizationForm);
  validator.Name("filter.app", filter.app(),
                 filter.app().empty() || ParseApp(filter.app()).has_value(), kAppForm);
  validator.Name("filter.resource", filter.resource(),
                 filter.resource().empty() || IsResourceName(filter.resource()),
                 "the name of a resource, such as workspaces/{id}/members/{id}");
  validator.Name("filter.token", filter.token(),
                 filter.token().empty() || ParseToken(filter.token()).has_value(), kTokenForm);
  validator.Name("filter.actor", filter.actor(),
                 filter.actor().empty() || IsPrincipal(filter.actor()),
                 "workspaces/{id}/members/{id}, services/{id}, operator, latchkey, bearer or "
                 "anonymous");
}

}  // namespace

absl::Status AboutEventsOf(const Caller& caller, const v1::EventFilter& filter, FactSheet& sheet) {
  if (!filter.workspace().empty()) {
    return sheet.AboutEvents(ParseWorkspace(filter.workspace()).value_or(""), filter.resource());
  }
  if (!filter.organization().empty()) {
    return sheet.AboutEventsOfOrganization(ParseOrganization(filter.organization()).value_or(""));
  }
  if (caller.kind != policy::CallerKind::kMember) return absl::OkStatus();
  return sheet.AboutEvents(WorkspaceIdOf(caller.principal), filter.resource());
}

bool NamesItsPart(const Caller& caller, const v1::EventFilter& filter) {
  return caller.kind != policy::CallerKind::kMember || !filter.workspace().empty() ||
         !filter.organization().empty();
}

absl::Status CheckNamesItsPart(const Caller& caller, const v1::EventFilter& filter) {
  if (NamesItsPart(caller, filter)) return absl::OkStatus();
  return InvalidFieldError(
      "filter.workspace",
      absl::StrCat("is empty; a member names the own workspace, ",
                   WorkspaceName(WorkspaceIdOf(caller.principal)),
                   ", or in filter.organization one that the member is an owner of"));
}

void CheckFilter(const v1::EventFilter& filter, Validator& validator) {
  CheckNames(filter, validator);
  validator.Check(filter.actions_size() <= kMaxActions, "filter.actions",
                  absl::StrCat("has ", filter.actions_size(), "; it takes at most ", kMaxActions));
  for (const int action : filter.actions()) {
    if (validator.full()) break;
    validator.Check(v1::Action_IsValid(action) && action != v1::ACTION_UNSPECIFIED,
                    "filter.actions", "holds what is no action");
  }
  CheckPrefixes(filter.action_prefixes(), validator);
  validator.Check(
      filter.outcomes_size() <= kMaxOutcomes, "filter.outcomes",
      absl::StrCat("has ", filter.outcomes_size(), "; it takes at most ", kMaxOutcomes));
  for (const int outcome : filter.outcomes()) {
    if (validator.full()) break;
    validator.Check(v1::Outcome_IsValid(outcome) && outcome != v1::OUTCOME_UNSPECIFIED,
                    "filter.outcomes", "holds what is no outcome");
  }
}

EventSelector SelectorOf(const v1::EventFilter& filter) {
  std::vector<v1::Action> prefixed;
  if (!filter.action_prefixes().empty()) {
    for (const auto& [name, action] : NamesOfActions()) {
      const auto begins = [&name = name](const std::string& prefix) {
        return absl::StartsWith(name, prefix);
      };
      const auto& prefixes = filter.action_prefixes();
      if (std::any_of(prefixes.begin(), prefixes.end(), begins)) prefixed.push_back(action);
    }
  }
  return EventSelector(filter, prefixed);
}

}  // namespace latchkey
