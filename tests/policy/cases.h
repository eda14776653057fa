#ifndef LATCHKEY_TESTS_POLICY_CASES_H_
#define LATCHKEY_TESTS_POLICY_CASES_H_

#include <initializer_list>
#include <ostream>
#include <string>

#include "server/policy/policy.h"

namespace latchkey::policy {

// One call, and what has to be decided about it.
struct Case {
  std::string name;
  Facts facts;
  Outcome outcome;
  std::string rule;
};

// Keeps a failing case's parameter to its name.
inline void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

inline ServiceRoles Roles(std::initializer_list<unsigned> roles) {
  ServiceRoles result;
  for (const unsigned role : roles) result.Add(role);
  return result;
}

inline constexpr auto kAllow = Outcome::kAllow;
inline constexpr auto kDeny = Outcome::kDeny;
inline constexpr auto kNeedsApproval = Outcome::kNeedsApproval;
inline constexpr auto kAMember = CallerKind::kMember;
inline constexpr auto kAService = CallerKind::kService;

}  // namespace latchkey::policy

#endif  // LATCHKEY_TESTS_POLICY_CASES_H_
