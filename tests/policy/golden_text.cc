#include "tests/policy/golden_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/policy/policy.h"
#include "tests/policy/codes.h"
#include "tests/policy/enumeration.h"
#include "tests/policy/names.h"
#include "tests/policy/partition.h"

namespace latchkey::policy {
namespace {

using Names = std::vector<std::string>;

constexpr char kHead[] =
    R"(# What policy decides, for every combination of facts. Made by the test policy_golden_test,
# which fails when this is stale; to make it anew, run that with LATCHKEY_UPDATE_GOLDEN=1.
#
# How to read it. Each action has a table; actions that are decided alike share one. Exactly one
# line fits any call: the one whose columns all fit. '-' fits everything, 'A|B' fits A and B, '!A'
# fits all but A, '!(A|B)' all but A and B. After the arrow stand the decision and the rule that made it. Facts that
# have no column do not matter. The reasons that callers
# are given stand at the end.
#
#   caller     anonymous, operator, or service with (+) and without (-) roles, whatever its others.
#              A member by the role it acts with: its own, or in a workspace of an organization
#              OWNER for an org owner and ADMIN for an org admin where that is more. GUEST: both
#              kinds of guest, and a member without a role, in a workspace that lets guests use
#              apps; BARRED_GUEST: the same in one that does not. member: any of these; '!' is
#              among these. deactivated: any such member. elsewhere: any member outside the own
#              workspace without a role in the organization.
#   manager    the member can manage apps, in the own workspace
#   org        the member's role in the organization, where more hangs on it than the role that the
#              member acts with: an org owner acts as an OWNER at least, an org admin as an ADMIN
#   token      kind of the token acted on
#   app        kind of the app acted on, or of the token's app
#   relation   what the caller is to that app
#   own        the token, request, bulk revocation, installation, member or principal acted on is the
#              caller's own
#   approval   apps need approval in the workspace
#   approved   an approved request covers the call
#   grow       the app asks for scopes beyond those approved or installed
#   restricted the app is restricted in the workspace
#   home       the workspace is the app's home
#   secret     the caller presents the secret of the token
#   owners     the change gives or takes ownership, or is to an owner
#   moves      the workspace joins or leaves an organization
#   wide       what is decided holds in all workspaces of the organization
#
# So that nothing hides behind the short form, each table says for each action how many combinations
# of facts it stands for, how many of them are allowed, denied and need approval, and a hash (FNV-1a,
# 64 bits) of all their outcomes and rules in the order of enumeration.h.
)";

constexpr std::array<const char*, 5> kServiceRoles = {"OPERATOR", "DIRECTORY", "DELEGATE",
                                                      "VERIFIER", "AUDITOR"};

struct Variable {
  std::string name;
  Names values;
};

// Callers of one sort: how they are called, what they differ in, and the decisions about them, by
// what they differ in and then by the facts of the action.
struct Group {
  std::string name;
  std::vector<Variable> variables;
  std::vector<std::vector<std::uint16_t>> decisions;
};

// A line of a table, by column.
struct Line {
  std::map<std::string, std::string> cells;
  std::uint16_t code = 0;
};

bool operator==(const Line& a, const Line& b) { return a.cells == b.cells && a.code == b.code; }

enum Sort : std::size_t { kAnonymous, kOperator, kService, kDeactivated, kElsewhere, kMember };

std::vector<Group> MakeGroups() {
  std::vector<Group> groups = {{"anonymous", {}, {}},   {"operator", {}, {}},  {"service", {}, {}},
                               {"deactivated", {}, {}}, {"elsewhere", {}, {}}, {"member", {}, {}}};
  for (const char* role : kServiceRoles) {
    groups[kService].variables.push_back(
        {role, {absl::StrCat("-", role), absl::StrCat("+", role)}});
  }
  groups[kMember].variables = {
      {"caller", {"BARRED_GUEST", "GUEST", "MEMBER", "ADMIN", "OWNER", "PRIMARY_OWNER"}},
      {"manager", {"no", "yes"}},
      {"org", {"none", "admin", "owner"}}};
  for (Group& group : groups) {
    std::size_t callers = 1;
    for (const Variable& variable : group.variables) callers *= variable.values.size();
    group.decisions.resize(callers);
  }
  return groups;
}

// The least place among the values of "caller" that a role in the organization gives.
std::size_t LeastRank(OrgRole role) {
  switch (role) {
    case OrgRole::kOwner:
      return 4;
    case OrgRole::kAdmin:
      return 3;
    case OrgRole::kNone:
      return 0;
  }
  return 0;
}

// Returns the place of a member among the decisions of its group.
std::size_t MemberPlace(std::size_t rank, bool manages_apps, OrgRole role) {
  return (rank * 2 + (manages_apps ? 1 : 0)) * 3 + static_cast<std::size_t>(role);
}

// Returns the place of a member's role among the values of "caller".
std::size_t RankOf(const Facts& f) {
  std::size_t own = f.guests_may_use_apps ? 1 : 0;
  if (f.same_workspace && f.role == Role::kMember) own = 2;
  if (f.same_workspace && f.role == Role::kAdmin) own = 3;
  if (f.same_workspace && f.role == Role::kOwner) own = 4;
  if (f.same_workspace && f.role == Role::kPrimaryOwner) own = 5;
  return std::max(own, LeastRank(f.org_role));
}

// Returns the group of a caller, and the caller's place in it.
std::pair<Sort, std::size_t> PlaceOf(const Facts& f) {
  switch (f.caller) {
    case CallerKind::kAnonymous:
      return {kAnonymous, 0};
    case CallerKind::kOperator:
      return {kOperator, 0};
    case CallerKind::kService: {
      std::size_t place = 0;
      for (unsigned role = 0; role < kServiceRoles.size(); ++role) {
        place = place * 2 + (f.service_roles.Has(role + ServiceRoles::kOperator) ? 1 : 0);
      }
      return {kService, place};
    }
    case CallerKind::kMember:
      break;
  }
  if (f.deactivated) return {kDeactivated, 0};
  if (!f.same_workspace && f.org_role == OrgRole::kNone) return {kElsewhere, 0};
  return {kMember, MemberPlace(RankOf(f), f.same_workspace && f.can_manage_apps, f.org_role)};
}

// Nobody with a role in the organization ranks below what that gives. There the decisions are taken
// to be those without the role, so that the lines tell roles apart only where they matter.
void FillWhatThereIsNot(Group& members) {
  for (const OrgRole role : {OrgRole::kAdmin, OrgRole::kOwner}) {
    for (const bool manages_apps : {false, true}) {
      for (std::size_t rank = 0; rank < LeastRank(role); ++rank) {
        members.decisions[MemberPlace(rank, manages_apps, role)] =
            members.decisions[MemberPlace(rank, manages_apps, OrgRole::kNone)];
      }
    }
  }
}

Grid GridOf(const Group& group, const std::vector<Variable>& variables) {
  Grid grid;
  for (std::size_t i = 0; i < variables.size(); ++i) {
    Grid::Axis axis{i, {}};
    for (std::size_t v = 0; v < variables[i].values.size(); ++v) {
      axis.steps.push_back(Grid::Values{1} << v);
    }
    grid.axes.push_back(axis);
  }
  for (const auto& decisions : group.decisions) {
    grid.cells.insert(grid.cells.end(), decisions.begin(), decisions.end());
  }
  return grid;
}

std::string Describe(Grid::Values values, const Names& names) {
  Names in, out;
  for (std::size_t v = 0; v < names.size(); ++v) {
    ((values >> v & 1U) != 0 ? in : out).push_back(names[v]);
  }
  if (in.size() <= out.size() || names.size() == 2) return absl::StrJoin(in, "|");
  return out.size() == 1 ? absl::StrCat("!", out[0])
                         : absl::StrCat("!(", absl::StrJoin(out, "|"), ")");
}

std::vector<Line> LinesOf(const Group& group, const std::vector<Dimension>& dimensions) {
  std::vector<Variable> variables = group.variables;
  for (const Dimension& dimension : dimensions) {
    variables.push_back({dimension.name, dimension.values});
  }
  std::vector<Line> lines;
  for (const Box& box : Partition(GridOf(group, variables), variables.size())) {
    Line& line = lines.emplace_back();
    line.code = box.value;
    std::string caller = group.name;
    for (std::size_t i = 0; i < variables.size(); ++i) {
      if (box.where[i] == 0) continue;
      const std::string value = Describe(box.where[i], variables[i].values);
      if (variables[i].name == "caller") {
        caller = value;
      } else if (value.front() == '+' || value.front() == '-') {
        absl::StrAppend(&caller, " ", value);
      } else {
        line.cells[variables[i].name] = value;
      }
    }
    line.cells["caller"] = caller;
  }
  return lines;
}

Names Columns() {
  Names columns = {"caller", "manager", "org"};
  for (const Dimension& dimension : AllDimensions()) columns.push_back(dimension.name);
  return columns;
}

// Lays the lines out in columns, and leaves out the columns that no line uses.
std::string Layout(const std::vector<Line>& lines, const Codes& codes) {
  std::vector<std::string> rows(lines.size() + 1);
  for (const std::string& column : Columns()) {
    std::size_t width = 0;
    for (const Line& line : lines) {
      const auto cell = line.cells.find(column);
      if (cell != line.cells.end()) width = std::max(width, cell->second.size());
    }
    if (width == 0) continue;
    width = std::max(width, column.size());
    const auto append = [width](std::string& row, const std::string& cell) {
      absl::StrAppend(&row, cell, std::string(width + 1 - cell.size(), ' '));
    };
    append(rows[0], column);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const auto cell = lines[i].cells.find(column);
      append(rows[i + 1], cell == lines[i].cells.end() ? "-" : cell->second);
    }
  }
  absl::StrAppend(&rows[0], "->");
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Codes::Meaning& meaning = codes[lines[i].code];
    absl::StrAppend(&rows[i + 1], "-> ", Name(meaning.outcome), " (", meaning.rule, ")");
  }
  return absl::StrCat(absl::StrJoin(rows, "\n"), "\n");
}

// The decisions about one action.
struct Enumerated {
  std::vector<Group> groups = MakeGroups();
  std::size_t count = 0;
  std::array<std::size_t, 3> outcomes{};
  std::uint64_t hash = Hash("");
};

Enumerated Enumerate(Action action, Codes& codes, std::vector<std::string>& problems) {
  Enumerated result;
  const std::vector<Dimension> dimensions = DimensionsOf(action);
  for (std::size_t caller = 0; caller < CallerCount(); ++caller) {
    Facts facts;
    facts.action = action;
    SetCaller(facts, caller);
    std::vector<std::uint16_t> decisions;
    ForEachCombination(dimensions, facts, [&](const Facts& f) {
      const std::uint16_t code = codes.Of(Decide(f));
      decisions.push_back(code);
      ++result.outcomes[static_cast<std::size_t>(codes[code].outcome)];
      result.hash = HashOnward(result.hash, codes[code].hash);
    });
    result.count += decisions.size();
    const auto [sort, place] = PlaceOf(facts);
    auto& known = result.groups[sort].decisions[place];
    if (known.empty()) known = decisions;
    if (known != decisions) {
      problems.push_back(absl::StrCat(Name(action), ": caller ", caller,
                                      " is not decided like the others called ",
                                      result.groups[sort].name));
    }
  }
  FillWhatThereIsNot(result.groups[kMember]);
  return result;
}

// Returns the table of an action, without what `common` says of every action. The first action
// fills `common`.
std::string TableOf(Action action, const Enumerated& decided, const Codes& codes,
                    std::vector<Line>& common) {
  const bool is_first = common.empty();
  std::vector<Line> lines;
  for (std::size_t sort = 0; sort < decided.groups.size(); ++sort) {
    const std::vector<Line> of_group = LinesOf(decided.groups[sort], DimensionsOf(action));
    const bool everywhere = sort == kAnonymous || sort == kDeactivated || sort == kElsewhere;
    if (is_first && everywhere) common.push_back(of_group.front());
    const bool is_common = of_group.size() == 1 &&
                           std::find(common.begin(), common.end(), of_group[0]) != common.end();
    if (!is_common) lines.insert(lines.end(), of_group.begin(), of_group.end());
  }
  return Layout(lines, codes);
}

std::string SummaryOf(Action action, const Enumerated& decided) {
  return absl::StrCat(Name(action), ": ", decided.count, " combinations, ", decided.outcomes[0],
                      " allow, ", decided.outcomes[1], " deny, ", decided.outcomes[2],
                      " need approval, hash ", absl::Hex(decided.hash, absl::kZeroPad16), "\n");
}

struct Table {
  std::vector<absl::string_view> actions;
  std::string summaries;
  std::string lines;
};

}  // namespace

GoldenText MakeGoldenText() {
  GoldenText golden;
  Codes codes;
  std::vector<Line> common;
  std::vector<Table> tables;
  for (const Action action : AllActions()) {
    const Enumerated decided = Enumerate(action, codes, golden.problems);
    golden.combinations += decided.count;
    const std::string lines = TableOf(action, decided, codes, common);
    auto table = std::find_if(tables.begin(), tables.end(),
                              [&](const Table& other) { return other.lines == lines; });
    if (table == tables.end()) table = tables.insert(table, Table{{}, "", lines});
    table->actions.push_back(Name(action));
    table->summaries += SummaryOf(action, decided);
  }
  golden.text = absl::StrCat(kHead, "\n## every action, where its own table has no line for them\n",
                             Layout(common, codes));
  for (const Table& table : tables) {
    absl::StrAppend(&golden.text, "\n## ", absl::StrJoin(table.actions, ", "), "\n",
                    table.summaries, table.lines);
  }
  absl::StrAppend(&golden.text, "\n## reasons\n");
  for (const Codes::Explained& explained : codes.explained()) {
    absl::StrAppend(&golden.text, explained.rule, ": ", Name(explained.outcome), "\n  ",
                    explained.reason, "\n");
    golden.explained.push_back(explained);
  }
  return golden;
}

}  // namespace latchkey::policy
