#ifndef LATCHKEY_TESTS_POLICY_CODES_H_
#define LATCHKEY_TESTS_POLICY_CODES_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/policy/policy.h"

namespace latchkey::policy {

// Returns the FNV-1a hash, 64 bits, of a text.
std::uint64_t Hash(absl::string_view text);
// Takes one more value into a hash.
constexpr std::uint64_t HashOnward(std::uint64_t hash, std::uint64_t value) {
  return (hash ^ value) * 1099511628211U;
}

// Numbers the pairs of outcome and rule that it sees, from 0, and remembers their reasons.
class Codes {
 public:
  struct Meaning {
    Outcome outcome;
    std::string rule;
    std::uint64_t hash;
  };
  struct Explained {
    std::string rule;
    Outcome outcome;
    std::string reason;

    bool operator<(const Explained& other) const {
      return std::tie(rule, outcome, reason) < std::tie(other.rule, other.outcome, other.reason);
    }
  };

  std::uint16_t Of(const Decision& decision);
  const Meaning& operator[](std::uint16_t code) const { return meanings_[code]; }
  // What was seen, by rule.
  const std::set<Explained>& explained() const { return explained_; }

 private:
  std::uint16_t Add(const Decision& decision);

  std::map<std::pair<const char*, const char*>, std::uint16_t> by_texts_;
  std::map<std::string, std::uint16_t> by_name_;
  std::vector<Meaning> meanings_;
  std::set<Explained> explained_;
};

}  // namespace latchkey::policy

#endif  // LATCHKEY_TESTS_POLICY_CODES_H_
