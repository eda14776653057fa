#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/base/status_macros.h"
#include "tools/latchkey/audit_filter.h"
#include "tools/latchkey/commands.h"
#include "tools/latchkey/output.h"

namespace latchkey::cli {
namespace {

struct ListEventsArgs {
  FilterArgs filter;
  std::uint64_t after = 0;
  bool newest_first = false;
  Paging paging;
};

void DeclareList(Syntax& syntax, ListEventsArgs& args) {
  DeclareFilter(syntax, args.filter);
  syntax.Number("--after", args.after, "Only events after this one");
  syntax.Flag("--newest-first", args.newest_first, "Begin at the log's end");
  DeclarePaging(syntax, args.paging);
}

absl::StatusOr<ExitCode> List(Session& session, const ListEventsArgs& args) {
  v1::ListEventsRequest request;
  *request.mutable_filter() = MakeFilter(args.filter);
  request.set_after_revision(args.after);
  request.set_descending(args.newest_first);
  return CallAndList(session, std::move(request), args.paging,
                     {{"SEQUENCE", "sequence"},
                      {"TIME", "time"},
                      {"ACTOR", "actor.principal"},
                      {"FOR IT", "actor.delegate"},
                      {"ACTION", "action"},
                      {"OUTCOME", "decision.outcome"},
                      {"RULE", "decision.rule"},
                      {"RESOURCE", "resource"}});
}

struct GetArgs {
  std::uint64_t sequence = 0;
};

void DeclareGet(Syntax& syntax, GetArgs& args) {
  syntax.Number("SEQUENCE", args.sequence, "Its sequence number");
}

absl::StatusOr<ExitCode> Get(Session& session, const GetArgs& args) {
  v1::GetEventRequest request;
  request.set_sequence(args.sequence);
  return CallAndShow(session, std::move(request));
}

bool BeginsActions(absl::string_view prefix) {
  const std::vector<std::string> texts = EnumTexts(*v1::Action_descriptor());
  return std::any_of(texts.begin(), texts.end(),
                     [&](const std::string& text) { return absl::StartsWith(text, prefix); });
}

// Takes an action's name, or how the names of several begin: "token." or "app.re*".
absl::Status TakeAction(absl::string_view text, FilterArgs& args) {
  const absl::string_view prefix = absl::StripSuffix(text, "*");
  if (prefix.size() < text.size() || absl::EndsWith(text, ".")) {
    // "*" alone is every action.
    if (!prefix.empty()) args.action_prefixes.emplace_back(prefix);
    return absl::OkStatus();
  }
  if (BeginsActions(absl::StrCat(text, "."))) {
    return absl::InvalidArgumentError(
        absl::StrCat("there is no '", text, "'. Did you mean '", text, ".', all that begin so?"));
  }
  LATCHKEY_ASSIGN_OR_RETURN(const int number, ParseEnum(*v1::Action_descriptor(), text));
  args.actions.push_back(static_cast<v1::Action>(number));
  return absl::OkStatus();
}

void DeclareActions(Syntax& syntax, FilterArgs& args) {
  Parameter parameter;
  parameter.name = "--action";
  parameter.placeholder = "ACTION";
  parameter.help =
      "Only events of these actions, such as token.issue; token. and app.re* are all that begin so";
  parameter.repeated = true;
  parameter.set = [&args](const std::vector<std::string>& values) {
    for (const std::string& value : values) {
      const std::vector<absl::string_view> texts = absl::StrSplit(value, ',', absl::SkipEmpty());
      if (texts.empty()) {
        return absl::InvalidArgumentError(
            "it is empty; it takes actions, such as token.issue, or * for every one");
      }
      for (const absl::string_view text : texts) {
        LATCHKEY_RETURN_IF_ERROR(TakeAction(text, args));
      }
    }
    return absl::OkStatus();
  };
  syntax.Add(std::move(parameter));
}

}  // namespace

void DeclareFilter(Syntax& syntax, FilterArgs& args) {
  syntax.Name("--workspace", NameKind::kWorkspace, args.workspace, "Only events of this workspace");
  syntax.Name("--app", NameKind::kApp, args.app, "Only events about this app");
  syntax.Name("--organization", NameKind::kOrganization, args.organization,
              "Only events of this organization and of what belonged to it then");
  syntax.Name("--token", NameKind::kToken, args.token,
              "Only events about this token, and of calls that it authenticated");
  DeclareActions(syntax, args);
  syntax.Enums("--outcome", args.outcomes, "Only events with these outcomes");
  syntax.Name("--actor", NameKind::kPrincipal, args.actor,
              "Only what this principal did, by itself or for another");
  syntax.TextThatIsNotEmpty("--resource", "NAME", args.resource,
                            "Only events about this, by its full name");
}

v1::EventFilter MakeFilter(const FilterArgs& args) {
  v1::EventFilter filter;
  filter.set_workspace(args.workspace);
  filter.set_organization(args.organization);
  filter.set_app(args.app);
  filter.set_token(args.token);
  for (const v1::Action action : args.actions) filter.add_actions(action);
  for (const std::string& prefix : args.action_prefixes) filter.add_action_prefixes(prefix);
  for (const v1::Outcome outcome : args.outcomes) filter.add_outcomes(outcome);
  filter.set_actor(args.actor);
  filter.set_resource(args.resource);
  return filter;
}

std::vector<Command> AuditCommands() {
  return {
      MakeCommand("audit", "list", "List events", DeclareList, List),
      MakeCommand("audit", "get", "Show one event with all it holds", DeclareGet, Get),
  };
}

}  // namespace latchkey::cli
