#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tools/latchkey/commands.h"
#include "tools/latchkey/output.h"

namespace latchkey::cli {
namespace {

absl::StatusOr<ExitCode> Status(Session& session, const NoArgs& /*args*/) {
  LATCHKEY_ASSIGN_OR_RETURN(const auto response, session.Call(v1::GetStatusRequest()));
  return ShowResource(session, response, response);
}

struct HealthArgs {
  std::string service;
};

void DeclareHealth(Syntax& syntax, HealthArgs& args) {
  syntax.Text("--service", "NAME", args.service,
              "Of this service, such as latchkey.v1.VerifierService [the whole server]");
}

absl::StatusOr<ExitCode> Health(Session& session, const HealthArgs& args) {
  grpc::health::v1::HealthCheckRequest request;
  request.set_service(args.service);
  LATCHKEY_ASSIGN_OR_RETURN(const auto response, session.Call(std::move(request)));
  using Response = grpc::health::v1::HealthCheckResponse;
  LATCHKEY_RETURN_IF_ERROR(
      ShowSentence(session, response,
                   absl::AsciiStrToLower(Response::ServingStatus_Name(response.status())))
          .status());
  return response.status() == Response::SERVING ? ExitCode::kOk : ExitCode::kUnavailable;
}

}  // namespace

std::vector<Command> AdminCommands() {
  return {
      MakeCommand("admin", "status", "Show how the server is", DeclareNothing, Status),
      MakeCommand("admin", "health", "Say whether the server serves; exits 7 where it does not",
                  DeclareHealth, Health),
  };
}

}  // namespace latchkey::cli
