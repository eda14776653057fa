#include "absl/strings/str_cat.h"
#include "tools/latchkey/commands.h"
#include "tools/latchkey/output.h"

namespace latchkey::cli {
namespace {

struct CreateArgs {
  std::string id;
  std::string display_name;
  std::vector<v1::ServiceRole> roles;
  std::vector<std::string> uri_sans;
};

void DeclareCreate(Syntax& syntax, CreateArgs& args) {
  syntax.Text("ID", "ID", args.id, "Its id: 1 to 63 of [a-z0-9-]");
  syntax.Text("--display-name", "TEXT", args.display_name, "For people");
  syntax.Enums("--roles", args.roles, "What it may do by itself; at least one");
  syntax.List("--uri-sans", "URI", args.uri_sans,
              "Client certificates with these URI SANs are this service");
}

absl::StatusOr<ExitCode> Create(Session& session, const CreateArgs& args) {
  v1::CreateServiceRequest request;
  request.set_service_id(args.id);
  v1::Service& service = *request.mutable_service();
  service.set_display_name(args.display_name);
  for (const v1::ServiceRole role : args.roles) service.add_roles(role);
  for (const std::string& san : args.uri_sans) service.add_uri_sans(san);
  return CallAndShow(session, std::move(request));
}

absl::StatusOr<ExitCode> List(Session& session, const Paging& paging) {
  return CallAndList(session, v1::ListServicesRequest(), paging,
                     {{"NAME", "name"},
                      {"DISPLAY NAME", "display_name"},
                      {"ROLES", "roles"},
                      {"URI SANS", "uri_sans"}});
}

absl::StatusOr<ExitCode> Delete(Session& session, const NameArgs& args) {
  v1::DeleteServiceRequest request;
  request.set_name(args.name);
  LATCHKEY_ASSIGN_OR_RETURN(const auto response, session.Call(std::move(request)));
  return ShowSentence(session, response,
                      absl::StrCat("Deleted ", args.name, " at revision ", response.revision()));
}

}  // namespace

std::vector<Command> ServiceCommands() {
  return {
      MakeChange("service", "create", "Register a service", DeclareCreate, Create),
      MakeCommand("service", "list", "List services", DeclarePaging, List),
      MakeChange("service", "delete", "Delete a service, and revoke its tokens",
                 DeclareName<NameKind::kService>, Delete),
  };
}

}  // namespace latchkey::cli
