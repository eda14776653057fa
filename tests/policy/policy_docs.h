#ifndef LATCHKEY_TESTS_POLICY_POLICY_DOCS_H_
#define LATCHKEY_TESTS_POLICY_POLICY_DOCS_H_

#include <string>

namespace latchkey::policy {

// Returns what docs/policy.md has to be: a head, and the decision table of Rules().
std::string PolicyDocs();

}  // namespace latchkey::policy

#endif  // LATCHKEY_TESTS_POLICY_POLICY_DOCS_H_
