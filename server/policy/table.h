#ifndef LATCHKEY_SERVER_POLICY_TABLE_H_
#define LATCHKEY_SERVER_POLICY_TABLE_H_

#include <cstdint>
#include <initializer_list>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/policy/policy.h"

namespace latchkey::policy {

// A set of actions; the empty one stands for every action. Constant, so that asking costs one bit
// test.
class ActionSet {
 public:
  constexpr ActionSet() = default;
  // Not explicit, so that a row of the table may list its actions in braces.
  constexpr ActionSet(std::initializer_list<Action> actions) {
    for (const Action action : actions) bits_ |= Bit(action);
  }
  constexpr bool IsEmpty() const { return bits_ == 0; }
  constexpr bool Has(Action action) const { return (bits_ & Bit(action)) != 0; }

 private:
  // A number that is no action has no bit, so that only rows about every action match it.
  static constexpr std::uint64_t Bit(Action action) {
    const auto number = static_cast<unsigned>(action);
    return number < 64 ? std::uint64_t{1} << number : 0;
  }

  std::uint64_t bits_ = 0;
};

// What a row decides where it matches.
struct Verdict {
  Outcome outcome;
  absl::string_view reason;  // static storage
};

constexpr Verdict Allow(absl::string_view reason) { return {Outcome::kAllow, reason}; }
constexpr Verdict Deny(absl::string_view reason) { return {Outcome::kDeny, reason}; }
constexpr Verdict NeedsApproval(absl::string_view reason) {
  return {Outcome::kNeedsApproval, reason};
}

// One row of the table as the evaluator runs it. It matches where the action is one of `actions`
// and `applies` holds; then `decide` decides, and no later row is asked.
struct Row {
  absl::string_view id;
  absl::string_view condition;
  absl::string_view effect;
  ActionSet actions;
  bool (*applies)(const Facts&);
  Verdict (*decide)(const Facts&);
};

// The table is these sections, one after the other. The last row of the last one matches
// everything.
absl::Span<const Row> CallerRows();  // who calls, whatever they want
absl::Span<const Row> AppRows();     // installing apps, and making and regenerating tokens
absl::Span<const Row> ManageRows();  // managing, revoking, reading, and the default

}  // namespace latchkey::policy

#endif  // LATCHKEY_SERVER_POLICY_TABLE_H_
