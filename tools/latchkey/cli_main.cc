#include "tools/latchkey/cli_main.h"

#include <algorithm>
#include <exception>
#include <ostream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/base/status_macros.h"
#include "tools/latchkey/commands.h"
#include "tools/latchkey/error_report.h"
#include "tools/latchkey/parser.h"
#include "tools/latchkey/secret_source.h"
#include "tools/latchkey/session.h"

namespace latchkey::cli {
namespace {

// Whether errors shall be JSON, also those of a command line that does not parse.
bool WantsJson(const std::vector<std::string>& args, const Io& io) {
  std::string wish = io.Env("LATCHKEY_OUTPUT");
  for (std::size_t i = 0; i < args.size(); ++i) {
    const bool names = args[i] == "-o" || args[i] == "--output";
    if (names && i + 1 < args.size()) wish = args[i + 1];
    if (args[i] == "-ojson" || args[i] == "--output=json") wish = "json";
    if (args[i] == "-otable" || args[i] == "--output=table") wish = "table";
  }
  return wish == "json";
}

bool WantsColor(const Io& io) {
  return io.err_is_terminal && io.Env("NO_COLOR").empty() && io.Env("TERM") != "dumb";
}

// Refuses secrets among the arguments, which every user of the machine can see. The message does
// not repeat them.
absl::Status CheckArguments(const std::vector<std::string>& args) {
  if (std::none_of(args.begin(), args.end(),
                   [](const std::string& arg) { return LooksLikeSecret(arg); })) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "secrets do not belong on the command line: every user of this machine can read it, and the "
      "shell keeps it. Give the secret by standard input, a file or an environment variable, and "
      "revoke the one that was shown");
}

// Refuses a secret in a variable that says something else: its value would stand in errors.
absl::Status CheckEnvironment(const Io& io) {
  for (const char* name :
       {"LATCHKEY_TOKEN_FILE", "LATCHKEY_TARGET", "LATCHKEY_ON_BEHALF_OF", "LATCHKEY_CONTEXT",
        "LATCHKEY_CONFIG", "LATCHKEY_CA_FILE", "LATCHKEY_CERT_FILE", "LATCHKEY_KEY_FILE",
        "LATCHKEY_SERVER_NAME", "LATCHKEY_TIMEOUT", "LATCHKEY_OUTPUT"}) {
    if (!LooksLikeSecret(io.Env(name))) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("the environment variable ", name,
                     " holds a secret, which it does not take; the secret itself goes into "
                     "LATCHKEY_TOKEN, and the name of a file that holds it into "
                     "LATCHKEY_TOKEN_FILE"));
  }
  return absl::OkStatus();
}

absl::StatusOr<ExitCode> Run(const std::vector<std::string>& args, const Io& io,
                             ErrorContext& context) {
  LATCHKEY_RETURN_IF_ERROR(CheckArguments(args));
  LATCHKEY_RETURN_IF_ERROR(CheckEnvironment(io));
  LATCHKEY_ASSIGN_OR_RETURN(const Parsed parsed, ParseCommandLine(args, AllCommands()));
  if (!parsed.help.empty()) {
    io.out << parsed.help << std::flush;
    return ExitCode::kOk;
  }
  LATCHKEY_ASSIGN_OR_RETURN(Config config, LoadConfig(ConfigPath(io)));
  LATCHKEY_ASSIGN_OR_RETURN(Settings settings, ResolveSettings(parsed.flags, io, config));
  const std::string target = settings.target;
  context.has_secret = settings.secret.kind != SecretSource::Kind::kNone;
  context.on_behalf_of = settings.on_behalf_of;
  context.tls = settings.tls.has_value();
  Session session(io, parsed.flags, std::move(config), std::move(settings), parsed.request_id);
  auto code = parsed.run(session);
  if (session.connected()) context.target = target;
  context.request_id = session.sent_request_id();
  return code;
}

// None is thrown on purpose; what a library throws ends the command as any error does.
absl::StatusOr<ExitCode> RunWithoutExceptions(const std::vector<std::string>& args, const Io& io,
                                              ErrorContext& context) {
  try {
    return Run(args, io, context);
  } catch (const std::exception& error) {
    return absl::UnknownError(absl::StrCat("the command failed unexpectedly: ", error.what()));
  }
}

}  // namespace

ExitCode RunCli(const std::vector<std::string>& args, const Io& io) {
  ErrorContext context;
  const absl::StatusOr<ExitCode> code = RunWithoutExceptions(args, io, context);
  if (code.ok()) return *code;
  const ErrorReport report = MakeErrorReport(code.status(), context);
  if (WantsJson(args, io)) {
    PrintErrorJson(report, io.err);
  } else {
    PrintErrorText(report, WantsColor(io), io.err);
  }
  io.err << std::flush;
  return ExitCodeOf(code.status());
}

}  // namespace latchkey::cli
