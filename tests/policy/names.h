#ifndef LATCHKEY_TESTS_POLICY_NAMES_H_
#define LATCHKEY_TESTS_POLICY_NAMES_H_

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/policy/policy.h"

namespace latchkey::policy {

// Returns every action, in the order of its number.
absl::Span<const Action> AllActions();

// The stable name of an action: "token.issue".
absl::string_view Name(Action action);
absl::string_view Name(Outcome outcome);

}  // namespace latchkey::policy

#endif  // LATCHKEY_TESTS_POLICY_NAMES_H_
