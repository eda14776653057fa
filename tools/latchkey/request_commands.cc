#include "tools/latchkey/commands.h"
#include "tools/latchkey/output.h"

namespace latchkey::cli {
namespace {

struct ListRequestsArgs {
  ListArgs list;
  v1::ApprovalRequestState state = v1::APPROVAL_REQUEST_STATE_UNSPECIFIED;
};

void DeclareList(Syntax& syntax, ListRequestsArgs& args) {
  DeclareWorkspaceList(syntax, args.list);
  syntax.Enum("--state", args.state, "Only those in this state");
}

absl::StatusOr<ExitCode> List(Session& session, const ListRequestsArgs& args) {
  v1::ListApprovalRequestsRequest request;
  request.set_parent(args.list.parent);
  request.set_state(args.state);
  return CallAndList(session, std::move(request), args.list.paging,
                     {{"NAME", "name"},
                      {"REQUESTER", "requester"},
                      {"ACTION", "action"},
                      {"APP", "app"},
                      {"KIND", "token_kind"},
                      {"SCOPES", "scopes"},
                      {"STATE", "state"},
                      {"CREATED", "create_time"},
                      {"REASON", "reason"}});
}

struct ResolveArgs {
  std::string name;
  std::string reason;
};

void DeclareResolve(Syntax& syntax, ResolveArgs& args) {
  syntax.Name("NAME", NameKind::kRequest, args.name, "Which request: WORKSPACE/ID or in full");
  syntax.Text("--reason", "TEXT", args.reason, "Why");
}

template <v1::ResolveApprovalRequestRequest::Resolution resolution>
absl::StatusOr<ExitCode> Resolve(Session& session, const ResolveArgs& args) {
  v1::ResolveApprovalRequestRequest request;
  request.set_name(args.name);
  request.set_resolution(resolution);
  request.set_reason(args.reason);
  return CallAndShow(session, std::move(request));
}

}  // namespace

std::vector<Command> RequestCommands() {
  using Request = v1::ResolveApprovalRequestRequest;
  return {
      MakeCommand("request", "list", "List approval requests", DeclareList, List),
      MakeChange("request", "approve", "Grant a request; its maker then repeats the call",
                 DeclareResolve, Resolve<Request::RESOLUTION_APPROVE>),
      MakeChange("request", "deny", "Refuse a request", DeclareResolve,
                 Resolve<Request::RESOLUTION_DENY>),
      MakeChange("request", "withdraw", "Take one's own request back", DeclareResolve,
                 Resolve<Request::RESOLUTION_WITHDRAW>),
  };
}

}  // namespace latchkey::cli
