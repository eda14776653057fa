#ifndef LATCHKEY_TESTS_POLICY_PLAN_DOCS_H_
#define LATCHKEY_TESTS_POLICY_PLAN_DOCS_H_

#include <string>

namespace latchkey::policy {

// Returns what docs/plans.md has to be: a head, and the table of AllPlanLimits().
std::string PlanDocs();

}  // namespace latchkey::policy

#endif  // LATCHKEY_TESTS_POLICY_PLAN_DOCS_H_
