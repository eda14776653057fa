#include "absl/strings/str_cat.h"
#include "tools/latchkey/audit_filter.h"
#include "tools/latchkey/commands.h"
#include "tools/latchkey/output.h"

namespace latchkey::cli {
namespace {

struct CreateArgs {
  std::string id;
  FilterArgs filter;
  std::uint64_t after = 0;
  bool from_now = false;
  bool hold = false;
  std::uint64_t max_held_bytes = 0;
};

void DeclareCreate(Syntax& syntax, CreateArgs& args) {
  syntax.Text("ID", "ID", args.id, "Its id: 1 to 63 of [a-z0-9-]");
  DeclareFilter(syntax, args.filter);
  syntax.Number("--after", args.after, "Begin after this event; 0, the default, is the beginning");
  syntax.Flag("--from-now", args.from_now, "Begin at the log's end");
  syntax.Flag("--hold", args.hold, "Keep events until it acknowledged them");
  syntax.Number("--max-held-bytes", args.max_held_bytes,
                "With --hold: how much it may keep, 1048576 to 68719476736 [1073741824]");
}

absl::StatusOr<ExitCode> Create(Session& session, const CreateArgs& args) {
  v1::CreateConsumerRequest request;
  request.set_consumer_id(args.id);
  v1::Consumer& consumer = *request.mutable_consumer();
  *consumer.mutable_filter() = MakeFilter(args.filter);
  consumer.set_acknowledged_revision(args.after);
  request.set_from_now(args.from_now);
  consumer.set_holds_retention(args.hold);
  consumer.set_max_held_bytes(args.max_held_bytes);
  return CallAndShow(session, std::move(request));
}

struct ListConsumersArgs {
  std::string workspace;
  Paging paging;
};

void DeclareList(Syntax& syntax, ListConsumersArgs& args) {
  syntax.Name("--workspace", NameKind::kWorkspace, args.workspace,
              "Only those of events of this workspace; a member's own is needed");
  DeclarePaging(syntax, args.paging);
}

absl::StatusOr<ExitCode> List(Session& session, const ListConsumersArgs& args) {
  v1::ListConsumersRequest request;
  request.set_workspace(args.workspace);
  return CallAndList(session, std::move(request), args.paging,
                     {{"NAME", "name"},
                      {"WORKSPACE", "filter.workspace"},
                      {"ACKNOWLEDGED", "acknowledged_revision"},
                      {"LAG", "lag"},
                      {"CONNECTED", "connected"},
                      {"ACTIVE", "active_time"},
                      {"HOLDS", "holds_retention"},
                      {"LAPSED", "hold_lapsed"}});
}

absl::StatusOr<ExitCode> Get(Session& session, const NameArgs& args) {
  v1::GetConsumerRequest request;
  request.set_name(args.name);
  return CallAndShow(session, std::move(request));
}

absl::StatusOr<ExitCode> Delete(Session& session, const NameArgs& args) {
  v1::DeleteConsumerRequest request;
  request.set_name(args.name);
  LATCHKEY_ASSIGN_OR_RETURN(const auto response, session.Call(std::move(request)));
  return ShowSentence(session, response,
                      absl::StrCat("Deleted ", args.name, " at revision ", response.revision()));
}

struct AckArgs {
  std::string name;
  std::uint64_t revision = 0;
};

void DeclareAck(Syntax& syntax, AckArgs& args) {
  syntax.Name("NAME", NameKind::kConsumer, args.name, "Which one");
  syntax.Number("REVISION", args.revision, "Everything up to here is handled");
}

absl::StatusOr<ExitCode> Ack(Session& session, const AckArgs& args) {
  v1::AcknowledgeRequest request;
  request.set_name(args.name);
  request.set_revision(args.revision);
  LATCHKEY_ASSIGN_OR_RETURN(const auto response, session.Call(std::move(request)));
  return ShowSentence(
      session, response,
      absl::StrCat(args.name, " has handled everything up to ", response.acknowledged_revision()));
}

}  // namespace

std::vector<Command> ConsumerCommands() {
  constexpr char kNoun[] = "audit consumer";
  return {
      MakeChange(kNoun, "create", "Make a consumer", DeclareCreate, Create),
      MakeCommand(kNoun, "list", "List consumers, with their positions", DeclareList, List),
      MakeCommand(kNoun, "get", "Show a consumer", DeclareName<NameKind::kConsumer>, Get),
      MakeChange(kNoun, "delete", "Delete a consumer, and end its stream",
                 DeclareName<NameKind::kConsumer>, Delete),
      MakeCommand(kNoun, "ack", "Say that a consumer has handled everything up to a revision",
                  DeclareAck, Ack),
  };
}

}  // namespace latchkey::cli
