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

}  // namespace

void DeclareFilter(Syntax& syntax, FilterArgs& args) {
  syntax.Name("--workspace", NameKind::kWorkspace, args.workspace, "Only events of this workspace");
  syntax.Name("--app", NameKind::kApp, args.app, "Only events about this app");
  syntax.Enums("--action", args.actions, "Only events of these actions");
  syntax.Name("--actor", NameKind::kPrincipal, args.actor,
              "Only what this principal did, by itself or for another");
  syntax.Text("--resource", "NAME", args.resource, "Only events about this, by its full name");
}

v1::EventFilter MakeFilter(const FilterArgs& args) {
  v1::EventFilter filter;
  filter.set_workspace(args.workspace);
  filter.set_app(args.app);
  for (const v1::Action action : args.actions) filter.add_actions(action);
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
