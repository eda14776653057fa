#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "tools/latchkey/commands.h"
#include "tools/latchkey/output.h"
#include "tools/latchkey/terminal.h"

namespace latchkey::cli {
namespace {

struct CheckArgs {
  v1::Action action = v1::ACTION_UNSPECIFIED;
  std::optional<std::string> resource;
  std::string principal;
  std::string workspace;
  v1::TokenKind kind = v1::TOKEN_KIND_UNSPECIFIED;
  std::string member;
  v1::Role role = v1::ROLE_UNSPECIFIED;
  std::optional<std::vector<std::string>> scopes;
  bool presents_secret = false;
  bool moves_workspace = false;
};

void DeclareCheck(Syntax& syntax, CheckArgs& args) {
  syntax.Enum("ACTION", args.action, "Which action");
  syntax.Text("RESOURCE", "NAME", args.resource,
              "What it is about, or the parent of what would be made; with --workspace, the app");
  syntax.Name("--principal", NameKind::kPrincipal, args.principal, "For whom [the caller]");
  syntax.Name("--workspace", NameKind::kWorkspace, args.workspace,
              "Where, if the resource is an app");
  syntax.Enum("--kind", args.kind, "The kind of token, for token.issue");
  syntax.Name("--member", NameKind::kMember, args.member,
              "The member a test token is for, or whose role changes");
  syntax.Enum("--role", args.role, "The role to give, for member.create and member.update");
  syntax.List("--scopes", "SCOPE,...", args.scopes,
              "What the token may do, for token.issue and token.regenerate [as without these]");
  syntax.Flag("--presents-secret", args.presents_secret,
              "With the token's secret in hand, for token.revoke and token.rotate");
  syntax.Flag("--moves-workspace", args.moves_workspace,
              "Into an organization or out of one, for workspace.update");
}

ExitCode CodeFor(v1::Outcome outcome) {
  switch (outcome) {
    case v1::OUTCOME_ALLOWED:
      return ExitCode::kOk;
    case v1::OUTCOME_NEEDS_APPROVAL:
      return ExitCode::kNeedsApproval;
    default:
      return ExitCode::kDenied;
  }
}

absl::StatusOr<ExitCode> Check(Session& session, const CheckArgs& args) {
  v1::CheckPermissionRequest request;
  request.set_action(args.action);
  LATCHKEY_ASSIGN_OR_RETURN(
      *request.mutable_resource(),
      FullResourceName(args.action, args.resource.value_or(""), args.workspace));
  request.set_principal(args.principal);
  request.set_workspace(args.workspace);
  request.set_token_kind(args.kind);
  request.set_member(args.member);
  request.set_role(args.role);
  for (const std::string& scope : args.scopes.value_or(std::vector<std::string>())) {
    request.add_scopes(scope);
  }
  request.set_presents_secret(args.presents_secret);
  request.set_moves_workspace(args.moves_workspace);
  LATCHKEY_ASSIGN_OR_RETURN(const auto response, session.Call(std::move(request)));
  LATCHKEY_RETURN_IF_ERROR(ShowFirstField(session, response).status());
  return CodeFor(response.decision().outcome());
}

struct RulesArgs {
  std::optional<std::string> rule;
};

void DeclareRules(Syntax& syntax, RulesArgs& args) {
  syntax.Text("RULE", "ID", args.rule, "Only the row with this id, as a refusal names it");
}

// Prints `text` in lines of at most 80 columns, the first after `indent`, the others as far in.
void PrintWrapped(absl::string_view text, absl::string_view indent, std::ostream& out) {
  constexpr std::size_t kColumns = 80;
  std::size_t column = 0;
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    const std::string shown = EscapeForTerminal(word);
    const std::size_t width = DisplayWidth(shown);
    const bool fits = column > 0 && column + 1 + width <= kColumns;
    if (column > 0) out << (fits ? " " : "\n");
    if (!fits) out << (column == 0 ? std::string(indent) : std::string(indent.size(), ' '));
    out << shown;
    column = (fits ? column + 1 : indent.size()) + width;
  }
  out << '\n';
}

// Conditions are sentences, too long for the cells of a table.
void PrintRule(const v1::Rule& rule, std::ostream& out) {
  out << EscapeForTerminal(rule.id()) << ": " << EscapeForTerminal(rule.effect()) << '\n';
  const std::string actions = FieldText(rule, "actions");
  PrintWrapped(actions.empty() ? "every action" : absl::StrReplaceAll(actions, {{",", ", "}}),
               "  of ", out);
  PrintWrapped(rule.condition(), "    ", out);
}

absl::StatusOr<ExitCode> Rules(Session& session, const RulesArgs& args) {
  LATCHKEY_ASSIGN_OR_RETURN(auto response, session.Call(v1::ListRulesRequest()));
  if (args.rule.has_value()) {
    auto& rules = *response.mutable_rules();
    rules.erase(std::remove_if(rules.begin(), rules.end(),
                               [&](const v1::Rule& rule) { return rule.id() != *args.rule; }),
                rules.end());
    if (rules.empty()) {
      return absl::NotFoundError(absl::StrCat("there is no rule '", *args.rule,
                                              "'; latchkey policy rules shows all of them"));
    }
  }
  if (session.json()) return ShowList(session, response, {});
  for (const v1::Rule& rule : response.rules()) PrintRule(rule, session.io().out);
  return FinishOutput(session);
}

// What is said of each plan, and the field that has it.
constexpr Column kLimits[] = {{"apps", "max_apps"},
                              {"idle limit, at least", "min_idle_limit"},
                              {"idle limit, at most", "max_idle_limit"},
                              {"idle limit where none is chosen", "default_idle_limit"},
                              {"the same of test tokens", "default_test_idle_limit"},
                              {"life of an access token, at least", "min_access_life"},
                              {"life of an access token, at most", "max_access_life"},
                              {"life where none is chosen", "default_access_life"},
                              {"grace of a regeneration, at most", "max_grace"},
                              {"dead tokens stay listed", "dead_token_retention"},
                              {"events that readers get", "audit_retention"},
                              {"events that readers get, at most", "max_audit_bytes"},
                              {"consumers", "max_consumers"},
                              {"may be in an organization", "organizations"}};

// A number of bytes as people say it: "64 MiB".
std::string SizeText(std::uint64_t bytes) {
  constexpr const char* kUnits[] = {"bytes", "KiB", "MiB", "GiB"};
  std::size_t unit = 0;
  for (; unit + 1 < std::size(kUnits) && bytes % 1024 == 0; ++unit) bytes /= 1024;
  return absl::StrCat(bytes, " ", kUnits[unit]);
}

// What a plan says of one limit.
std::string LimitText(const v1::PlanLimits& plan, absl::string_view field) {
  const bool is_size = field == "max_audit_bytes";
  const std::string value = FieldText(plan, field);
  if (is_size && plan.max_audit_bytes() > 0) return SizeText(plan.max_audit_bytes());
  return (is_size || field == "max_apps") && value == "0" ? "any number" : value;
}

// A plan has more limits than fit beside each other, so plans are the columns.
absl::StatusOr<ExitCode> Plans(Session& session, const NoArgs& /*args*/) {
  LATCHKEY_ASSIGN_OR_RETURN(const auto response, session.Call(v1::ListPlansRequest()));
  if (session.json()) return ShowList(session, response, {});
  std::vector<std::string> cells = {"LIMIT"};
  for (const auto& plan : response.plans()) {
    cells.push_back(absl::AsciiStrToUpper(FieldText(plan, "plan")));
  }
  Table table(cells);
  for (const auto& [text, field] : kLimits) {
    cells = {std::string(text)};
    for (const auto& plan : response.plans()) {
      cells.push_back(LimitText(plan, field));
    }
    table.AddRow(cells);
  }
  table.Print(session.io().out, session.io().out_is_terminal);
  return FinishOutput(session);
}

}  // namespace

std::vector<Command> PolicyCommands() {
  return {
      MakeCommand("policy", "check",
                  "Say what would be decided; exits 0 allowed, 3 denied, 5 needs approval",
                  DeclareCheck, Check),
      MakeCommand("policy", "rules", "Show the decision table", DeclareRules, Rules),
      MakeCommand("policy", "plans", "Show what each plan takes", DeclareNothing, Plans),
  };
}

}  // namespace latchkey::cli
