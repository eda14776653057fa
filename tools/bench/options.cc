#include "tools/bench/options.h"

#include <CLI/CLI.hpp>
#include <map>

namespace latchkey::benchmark {
namespace {

constexpr int kExitUsage = 2;

void AddSeconds(CLI::App& app, const std::string& name, absl::Duration& value,
                const std::string& help) {
  app.add_option_function<double>(
         name, [&value](const double& seconds) { value = absl::Seconds(seconds); }, help)
      ->check(CLI::Range(0.0, 600.0))
      ->default_str(std::to_string(absl::ToInt64Seconds(value)));
}

void AddServer(CLI::App& app, Options& options) {
  CLI::Option* program =
      app.add_option("--latchkeyd", options.latchkeyd, "Run this server on a new data folder")
          ->check(CLI::ExistingFile);
  CLI::Option* target =
      app.add_option("--target", options.target, "Use a server that runs, at ADDRESS")
          ->type_name("ADDRESS")
          ->excludes(program);
  app.add_option("--token-file", options.token_file, "Holds the operator secret of that server")
      ->check(CLI::ExistingFile)
      ->needs(target);
  app.add_option("--ca-file", options.ca_file, "Who signed its certificate, in PEM: use TLS")
      ->check(CLI::ExistingFile)
      ->needs(target);
  app.add_option("--server-pid", options.server_pid,
                 "Its process on this machine, whose CPU time to count")
      ->needs(target);
}

void AddWork(CLI::App& app, Options& options) {
  app.add_flag("!--no-verify", options.verify, "Leave out Verify and BatchVerify");
  app.add_flag("!--no-mutations", options.mutations, "Leave out IssueToken");
  app.add_option("--tokens", options.tokens,
                 "Fill a store with this many tokens and measure it; needs --latchkeyd")
      ->check(CLI::Range(std::size_t{100}, std::size_t{100'000'000}));
  app.add_option("--streams", options.streams,
                 "Measure so many Subscribe streams at once; needs --latchkeyd")
      ->check(CLI::Range(10, 4000));
  app.add_option("--stream-events", options.stream_events, "Events that one of them catches up on")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{100}, std::size_t{100'000'000}));
  app.add_option("--verify-tokens", options.verify_tokens, "Tokens that Verify asks about")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000'000));
  app.add_flag("--quick", options.quick,
               "Take a few seconds in all, to see that it works; the figures mean nothing");
}

void AddManner(CLI::App& app, Options& options) {
  const CLI::Range some(1, 4096);
  const std::map<std::string, Transport> transports{{"tcp", Transport::kTcp},
                                                    {"unix", Transport::kUnix}};
  app.add_option("--transport", options.transport, "tcp or unix: how servers listen [tcp]")
      ->transform(CLI::Transformer(transports))
      ->type_name("NAME");
  app.add_flag("--pin", options.pin, "Keep the servers on one core and the client on another");
  app.add_option("--outstanding", options.outstanding, "Calls under way at once")
      ->capture_default_str()
      ->check(some);
  app.add_option("--batch-outstanding", options.batch_outstanding, "The same for BatchVerify")
      ->capture_default_str()
      ->check(some);
  app.add_option("--batch", options.batch, "Tokens a BatchVerify")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  app.add_option("--channels", options.channels, "Connections")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  app.add_option("--rounds", options.rounds, "Turns that each load gets")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  AddSeconds(app, "--seconds", options.measure, "Length of a turn");
  AddSeconds(app, "--warm-up", options.warm_up, "Length of what goes before and is not counted");
}

void AddOutput(CLI::App& app, Options& options) {
  app.add_option("--folder", options.folder,
                 "Where to make the data folders, which are removed at the end [TMPDIR or /tmp]")
      ->check(CLI::ExistingDirectory);
  app.add_option("--json", options.json_file, "Write the figures to FILE too; -: standard output")
      ->type_name("FILE");
  app.add_flag("--check", options.check, "Exit with 1 where a target is missed");
}

void AddFleet(CLI::App& app, CommandLine& line) {
  app.add_subcommand("fleet", "Read streams, as standard input says")->group("")->callback([&line] {
    line.fleet = true;
  });
}

CLI::App& AddEchoServer(CLI::App& app, CommandLine& line) {
  // No name in the help: the benchmark alone runs it.
  CLI::App& echo = *app.add_subcommand("echo-server", "Serve the bare echo")->group("");
  echo.add_option("--listen", line.echo_address, "Address")->required();
  echo.add_flag_callback("--callback", [&line] { line.echo_api = EchoApi::kCallback; });
  return echo;
}

void MakeQuick(Options& options) {
  options.rounds = 1;
  options.measure = absl::Milliseconds(200);
  options.warm_up = absl::Milliseconds(50);
  options.verify_tokens = 200;
  options.stream_events = 1000;
  if (options.latchkeyd.empty()) return;
  if (options.tokens == 0) options.tokens = 400;
  if (options.streams == 0) options.streams = 20;
}

void Complete(Options& options) {
  if (options.latchkeyd.empty() && options.target.empty()) {
    throw CLI::RequiredError("--latchkeyd or --target");
  }
  if (!options.target.empty() && options.token_file.empty()) {
    throw CLI::RequiredError("--token-file");
  }
  if (!options.target.empty() && options.tokens > 0) {
    throw CLI::ValidationError("--tokens", "needs --latchkeyd, since it restarts the server");
  }
  if (!options.target.empty() && options.streams > 0) {
    throw CLI::ValidationError("--streams", "needs --latchkeyd, since it looks at its memory");
  }
  if (options.quick) MakeQuick(options);
}

}  // namespace

CommandLine ParseCommandLine(int argc, const char* const* argv) {
  CommandLine line;
  CLI::App app(
      "Measures a Latchkey server, against a bare gRPC echo of the same sizes in the same run.",
      "latchkey_bench");
  AddServer(app, line.options);
  AddWork(app, line.options);
  AddManner(app, line.options);
  AddOutput(app, line.options);
  const CLI::App& echo = AddEchoServer(app, line);
  AddFleet(app, line);
  try {
    app.parse(argc, argv);
    if (!echo.parsed() && !line.fleet) Complete(line.options);
  } catch (const CLI::ParseError& error) {
    line.done = true;
    line.exit_code = app.exit(error) == 0 ? 0 : kExitUsage;
  }
  return line;
}

}  // namespace latchkey::benchmark
