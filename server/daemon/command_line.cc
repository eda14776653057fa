#include "server/daemon/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "server/form/secret_form.h"
#include "storage/merkle/signed_note.h"

namespace latchkey::daemon {
namespace {

// Reads "90s" or "10m".
CLI::Validator IsDuration() {
  return CLI::Validator(
      [](std::string& text) {
        absl::Duration duration;
        const bool good = absl::ParseDuration(text, &duration) &&
                          duration >= absl::ZeroDuration() && duration <= absl::Hours(24);
        return good ? std::string() : text + " is no time from 0s to 24h, such as 90s or 10m";
      },
      "DURATION");
}

void AddDuration(CLI::App& app, const std::string& name, absl::Duration& value,
                 const std::string& help) {
  app.add_option_function<std::string>(
         name, [&value](const std::string& text) { absl::ParseDuration(text, &value); }, help)
      ->check(IsDuration())
      ->default_str(absl::FormatDuration(value));
}

void AddData(CLI::App& app, Settings& settings) {
  app.add_option("--data", settings.data_dir, "Folder of the store and the key file")
      ->type_name("DIR");
}

void AddInitOptions(CLI::App& app, Settings& settings) {
  AddData(app, settings);
  app.add_option("--log-origin", settings.log_origin,
                 "Name of the log and of the key that signs its checkpoints [latchkey/<random>]")
      ->check(CLI::Validator(
          [](std::string& name) {
            return merkle::IsNoteKeyName(name)
                       ? std::string()
                       : std::string("takes 1 to 128 characters of [a-zA-Z0-9./:_-]");
          },
          "NAME"));
  app.add_flag("--add-log-key", settings.add_log_key,
               "Only give the key file of an earlier version the key that signs checkpoints");
}

void AddListenerOptions(CLI::App& app, rpc::Server::Settings& server) {
  app.add_option("--listen", server.addresses,
                 "Address to listen at: HOST:PORT, [V6]:PORT or unix:PATH; repeatable "
                 "[127.0.0.1:7707]")
      ->type_name("ADDR");
  app.add_option("--tls-cert", server.tls.cert_file, "Certificate chain in PEM")->type_name("FILE");
  app.add_option("--tls-key", server.tls.key_file, "Its private key in PEM")->type_name("FILE");
  app.add_option("--tls-client-ca", server.tls.client_ca_file,
                 "Who signs client certificates, in PEM")
      ->type_name("FILE");
  app.add_flag("--require-client-cert", server.tls.require_client_cert,
               "Refuse connections without a client certificate");
  app.add_flag("--allow-cleartext-on-network", server.allow_cleartext_on_network,
               "Listen without TLS where others can reach it: everybody on the way can read every "
               "secret");
  app.add_flag("!--no-reflection", server.reflection, "Do not offer gRPC reflection");
}

void AddLimits(CLI::App& app, Settings& settings) {
  rpc::Server::Settings& server = settings.server;
  const CLI::Range threads(1, 64);
  const CLI::Range many(1, 1'000'000);
  app.add_option("--poll-threads", server.poll_threads, "Threads that take calls and answer Verify")
      ->capture_default_str()
      ->check(threads);
  app.add_option("--worker-threads", server.worker_threads, "Threads that read the store")
      ->capture_default_str()
      ->check(threads);
  app.add_option("--stream-threads", server.stream_threads, "Threads that read it for Subscribe")
      ->capture_default_str()
      ->check(threads);
  app.add_option("--max-calls", server.max_calls, "Calls served at once")
      ->capture_default_str()
      ->check(many);
  app.add_option("--max-subscribers", server.max_subscribers, "Subscribe streams at once")
      ->capture_default_str()
      ->check(many);
  app.add_option("--max-streams-per-connection", server.max_streams_per_connection,
                 "Calls at once of one connection")
      ->capture_default_str()
      ->check(many);
  app.add_option("--max-cached-tokens", settings.max_cached_tokens,
                 "Tokens that Verify keeps in memory, 440 bytes each and more")
      ->capture_default_str()
      ->check(CLI::Range(1000, 100'000'000));
  app.add_option("--max-log-bytes", settings.max_log_bytes,
                 "Bytes of events to keep, the oldest go first; 0: all within their retention")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  AddDuration(app, "--replay-window", settings.replay_window,
              "How long a request id gives its first answer again");
  AddDuration(app, "--shutdown-grace", settings.shutdown_grace,
              "How long calls may take to end when the server stops");
}

using LogLevels = std::map<std::string, LogLevel>;

CLI::Validator IsLogLevel(const LogLevels& levels) {
  return CLI::Validator(
      [levels](std::string& name) {
        return levels.contains(name) ? std::string()
                                     : name + " is none; it takes debug, info, warning or error";
      },
      "LEVEL");
}

void AddTokenPrefixes(CLI::App& app, secret::TokenPrefixes& prefixes) {
  std::vector<std::string> names;
  for (std::uint8_t kind = 1; kind <= secret::kTokenKinds; ++kind) {
    names.emplace_back(prefixes.PrefixOf(secret::TokenKindNumber{kind}));
  }
  app.add_option_function<std::string>(
         "--token-prefixes",
         [&prefixes](const std::string& given) {
           absl::StatusOr<secret::TokenPrefixes> made =
               secret::TokenPrefixes::Create(absl::StrSplit(given, ','));
           if (!made.ok()) {
             throw CLI::ValidationError("--token-prefixes", std::string(made.status().message()));
           }
           prefixes = *std::move(made);
         },
         absl::StrCat("What new secrets begin with, for BOT, USER, TEST, CUSTOM_BOT, LEGACY_BOT, "
                      "APP, SERVICE and REFRESH; older ones stay good [",
                      absl::StrJoin(names, ","), "]"))
      ->join(',')  // the elements of an array in the file
      ->type_name("P,P,P,P,P,P,P,P");
}

void AddServeOptions(CLI::App& app, Settings& settings) {
  AddData(app, settings);
  AddListenerOptions(app, settings.server);
  AddLimits(app, settings);
  AddTokenPrefixes(app, settings.token_prefixes);
  const LogLevels levels{{"debug", LogLevel::kDebug},
                         {"info", LogLevel::kInfo},
                         {"warning", LogLevel::kWarning},
                         {"error", LogLevel::kError}};
  app.add_option_function<std::string>(
         "--log-level",
         [levels, &settings](const std::string& name) { settings.log_level = levels.at(name); },
         "debug, info, warning or error [info]")
      ->check(IsLogLevel(levels))
      ->type_name("LEVEL");
  app.add_option("--ready-file", settings.ready_file,
                 "File to write, one address a line, once the server serves")
      ->type_name("FILE");
}

// Gives `app` what the file says of options that the command line left alone.
void ApplyConfigFile(CLI::App& app, const std::string& path) {
  for (const CLI::ConfigItem& item : CLI::ConfigTOML().from_file(path)) {
    CLI::Option* option =
        item.parents.empty() ? app.get_option_no_throw("--" + item.name) : nullptr;
    if (option == nullptr || item.name == "config" || item.name == "help") {
      throw CLI::ConfigError(
          absl::StrCat(path, ": ", item.fullname(), " is no option of ", app.get_name()));
    }
    if (option->count() > 0) continue;
    for (const std::string& value : item.inputs) option->add_result(value);
    option->run_callback();
  }
}

void AddConfigFile(CLI::App& app, std::string& path) {
  app.add_option("--config", path,
                 "File with the same options in TOML; the command line goes before")
      ->check(CLI::ExistingFile)
      ->type_name("FILE");
}

// Takes what is left to do once the words are read.
void Complete(CLI::App& app, const std::string& config_file, CommandLine& line) {
  if (!config_file.empty()) ApplyConfigFile(app, config_file);
  if (line.settings.data_dir.empty()) throw CLI::RequiredError("--data");
  if (line.settings.server.addresses.empty()) {
    line.settings.server.addresses = {"127.0.0.1:7707"};
  }
}

}  // namespace

CommandLine ParseCommandLine(int argc, const char* const* argv) {
  CommandLine line;
  std::string config_file;
  CLI::App app("The server of Latchkey, the token authority.", "latchkeyd");
  app.require_subcommand(1);
  app.set_version_flag("--version", LATCHKEY_VERSION);
  CLI::App& init = *app.add_subcommand(
      "init", "Make a data folder and print the operator secret, once, to standard output");
  AddInitOptions(init, line.settings);
  CLI::App& serve = *app.add_subcommand("serve", "Serve a data folder until SIGTERM or SIGINT");
  CLI::App& check = *app.add_subcommand(
      "check-config", "Say whether serve would take these options, without serving");
  for (CLI::App* sub : {&serve, &check}) {
    AddServeOptions(*sub, line.settings);
    AddConfigFile(*sub, config_file);
  }
  try {
    app.parse(argc, argv);
    CLI::App& chosen = *app.get_subcommands().front();
    Complete(chosen, config_file, line);
    line.subcommand = init.parsed()    ? Subcommand::kInit
                      : check.parsed() ? Subcommand::kCheckConfig
                                       : Subcommand::kServe;
  } catch (const CLI::ParseError& error) {
    line.done = true;
    line.exit_code = app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  return line;
}

}  // namespace latchkey::daemon
