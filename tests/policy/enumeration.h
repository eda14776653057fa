#ifndef LATCHKEY_TESTS_POLICY_ENUMERATION_H_
#define LATCHKEY_TESTS_POLICY_ENUMERATION_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "server/policy/policy.h"

namespace latchkey::policy {

// One fact that a decision may depend on, with all its values.
struct Dimension {
  std::string name;
  std::vector<std::string> values;
  void (*set)(Facts& facts, std::size_t value);
};

// Every fact but the action, the caller, and whether the workspace lets guests use apps.
absl::Span<const Dimension> AllDimensions();

// Returns the dimensions that apply to an action: those that whoever gathers the facts may set. The
// rest keeps its default, and changes no decision.
std::vector<Dimension> DimensionsOf(Action action);

// Every caller there can be: the anonymous one, the operator, a service with each set of roles, a
// member with each combination of state, workspace, organization role, role and can_manage_apps;
// each in a workspace that lets guests use apps and in one that does not.
std::size_t CallerCount();
void SetCaller(Facts& facts, std::size_t caller);

// Calls `visit` with every combination of the values of `dimensions`, set in `facts`; the last
// dimension changes fastest.
void ForEachCombination(absl::Span<const Dimension> dimensions, Facts facts,
                        absl::FunctionRef<void(const Facts&)> visit);

}  // namespace latchkey::policy

#endif  // LATCHKEY_TESTS_POLICY_ENUMERATION_H_
