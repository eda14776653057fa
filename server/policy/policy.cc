#include "server/policy/policy.h"

#include <array>
#include <cstddef>

#include "server/policy/table.h"

namespace latchkey::policy {
namespace {

constexpr auto kFirstAction = static_cast<std::size_t>(Action::kWorkspaceCreate);
constexpr auto kLastAction = static_cast<std::size_t>(Action::kConsumerDelete);

struct Table {
  std::vector<Row> rows;
  // The rows that are about an action, in their order; at 0 those about every action. Deciding is
  // on the path of every call, and most rows are about other actions.
  std::array<std::vector<const Row*>, kLastAction + 1> by_action;
};

Table MakeTable() {
  Table table;
  for (const absl::Span<const Row> section : {CallerRows(), AppRows(), ManageRows()}) {
    table.rows.insert(table.rows.end(), section.begin(), section.end());
  }
  for (std::size_t number = 0; number <= kLastAction; ++number) {
    for (const Row& row : table.rows) {
      if (row.actions.IsEmpty() || row.actions.Has(static_cast<Action>(number))) {
        table.by_action[number].push_back(&row);
      }
    }
  }
  return table;
}

// Never destroyed, so that a thread may still decide while the process exits.
const Table& TheTable() {
  static const auto& table = *new Table(MakeTable());
  return table;
}

std::vector<Rule> MakeRules() {
  std::vector<Rule> rules;
  for (const Row& row : TheTable().rows) {
    Rule& rule = rules.emplace_back(Rule{row.id, row.condition, row.effect, {}});
    for (std::size_t number = kFirstAction; number <= kLastAction; ++number) {
      const auto action = static_cast<Action>(number);
      if (row.actions.Has(action)) rule.actions.push_back(action);
    }
  }
  return rules;
}

}  // namespace

Decision Decide(const Facts& facts) {
  const Table& table = TheTable();
  const auto number = static_cast<std::size_t>(facts.action);
  for (const Row* row : table.by_action[number <= kLastAction ? number : 0]) {
    if (!row->applies(facts)) continue;
    const Verdict verdict = row->decide(facts);
    return {verdict.outcome, row->id, verdict.reason};
  }
  // The last row matches everything; if it ever did not, this is what it says.
  return {Outcome::kDeny, table.rows.back().id, "No rule allows this."};
}

absl::Span<const Rule> Rules() {
  static const auto& rules = *new std::vector<Rule>(MakeRules());
  return rules;
}

}  // namespace latchkey::policy
