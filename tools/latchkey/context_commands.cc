#include <filesystem>
#include <ostream>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "tools/latchkey/commands.h"
#include "tools/latchkey/output.h"
#include "tools/latchkey/suggest.h"

namespace latchkey::cli {
namespace {

struct AddArgs {
  std::string name;
  bool replace = false;
};

void DeclareAdd(Syntax& syntax, AddArgs& args) {
  syntax.Text("NAME", "NAME", args.name,
              "Its name. The global options --target, --token-file, --token-env, --on-behalf-of, "
              "--ca-file and so on say what it holds");
  syntax.Flag("--replace", args.replace, "Replace one of this name");
}

// Contexts are used from other folders too.
std::string Absolute(const std::optional<std::string>& path) {
  if (!path.has_value()) return "";
  std::error_code failed;  // where the folder that this runs in is gone
  const std::filesystem::path absolute = std::filesystem::absolute(*path, failed);
  return failed ? *path : absolute.lexically_normal().string();
}

absl::StatusOr<Context> FromFlags(const Flags& flags) {
  if (flags.token_file == "-") {
    return absl::InvalidArgumentError("a context's --token-file is a file, not standard input");
  }
  Context context;
  context.target = flags.target.value_or("");
  context.tls = flags.tls;
  context.send_secrets_in_clear = flags.send_secrets_in_clear;
  context.ca_file = Absolute(flags.ca_file);
  context.cert_file = Absolute(flags.cert_file);
  context.key_file = Absolute(flags.key_file);
  context.server_name = flags.server_name.value_or("");
  context.token_file = Absolute(flags.token_file);
  context.token_env = flags.token_env.value_or("");
  if (flags.on_behalf_of.has_value()) {
    LATCHKEY_ASSIGN_OR_RETURN(context.on_behalf_of, MemberToActFor(*flags.on_behalf_of));
  }
  return context;
}

absl::StatusOr<ExitCode> Save(Session& session, const Config& config, const std::string& sentence) {
  LATCHKEY_RETURN_IF_ERROR(SaveConfig(ConfigPath(session.io()), config));
  if (!session.json()) session.io().out << EscapeForTerminal(sentence) << '\n';
  return FinishOutput(session);
}

absl::StatusOr<ExitCode> Add(Session& session, const AddArgs& args) {
  LATCHKEY_RETURN_IF_ERROR(CheckContextName(args.name));
  Config config = session.config();
  if (config.contexts.count(args.name) > 0 && !args.replace) {
    return absl::AlreadyExistsError(
        absl::StrCat("there is a context '", args.name, "' already; see --replace"));
  }
  LATCHKEY_ASSIGN_OR_RETURN(config.contexts[args.name], FromFlags(session.flags()));
  if (config.current.empty()) config.current = args.name;
  return Save(
      session, config,
      absl::StrCat("Added the context '", args.name, "'; in use is '", config.current, "'"));
}

// Returns the context's place in `config`.
absl::StatusOr<Context*> Find(Config& config, const std::string& name) {
  const auto found = config.contexts.find(name);
  if (found != config.contexts.end()) return &found->second;
  if (name.empty()) {
    return absl::NotFoundError("no context is in use; see latchkey context list, and context add");
  }
  std::vector<std::string> known;
  for (const auto& [other, context] : config.contexts) known.push_back(other);
  return absl::NotFoundError(
      absl::StrCat("there is no context '", name, "'.", DidYouMean(name, known)));
}

void DeclareContext(Syntax& syntax, NameArgs& args) {
  syntax.Text("NAME", "NAME", args.name, "Which context");
}

absl::StatusOr<ExitCode> Use(Session& session, const NameArgs& args) {
  Config config = session.config();
  LATCHKEY_RETURN_IF_ERROR(Find(config, args.name).status());
  config.current = args.name;
  return Save(session, config, absl::StrCat("In use is the context '", args.name, "'"));
}

absl::StatusOr<ExitCode> Remove(Session& session, const NameArgs& args) {
  Config config = session.config();
  LATCHKEY_RETURN_IF_ERROR(Find(config, args.name).status());
  config.contexts.erase(args.name);
  if (config.current == args.name) config.current.clear();
  return Save(session, config, absl::StrCat("Removed the context '", args.name, "'"));
}

std::string SecretText(const Context& context) {
  if (!context.token_file.empty()) return context.token_file;
  return context.token_env.empty() ? "" : absl::StrCat("env:", context.token_env);
}

nlohmann::ordered_json ToJson(const std::string& name, const Context& context, bool current) {
  return {{"name", name},
          {"current", current},
          {"target", context.target},
          {"tls", context.tls},
          {"sendSecretsInClear", context.send_secrets_in_clear},
          {"caFile", context.ca_file},
          {"certFile", context.cert_file},
          {"keyFile", context.key_file},
          {"serverName", context.server_name},
          {"tokenFile", context.token_file},
          {"tokenEnv", context.token_env},
          {"onBehalfOf", context.on_behalf_of}};
}

std::string Dump(const nlohmann::ordered_json& json) {
  constexpr int kIndent = 1;
  return json.dump(kIndent, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

absl::StatusOr<ExitCode> List(Session& session, const NoArgs& /*args*/) {
  const Config& config = session.config();
  nlohmann::ordered_json all = {{"contexts", nlohmann::json::array()}};
  Table table({"", "NAME", "TARGET", "SECRET", "ON BEHALF OF"});
  for (const auto& [name, context] : config.contexts) {
    const bool current = name == config.current;
    all["contexts"].push_back(ToJson(name, context, current));
    table.AddRow(
        {current ? "*" : "", name, context.target, SecretText(context), context.on_behalf_of});
  }
  if (session.json()) {
    session.io().out << Dump(all);
  } else {
    table.Print(session.io().out, session.io().out_is_terminal);
  }
  return FinishOutput(session);
}

void DeclareShow(Syntax& syntax, std::optional<std::string>& name) {
  syntax.Text("NAME", "NAME", name, "Which context [the one in use]");
}

absl::StatusOr<ExitCode> Show(Session& session, const std::optional<std::string>& wanted) {
  Config config = session.config();
  const std::string name = wanted.value_or(session.settings().context_name);
  LATCHKEY_ASSIGN_OR_RETURN(const Context* const context, Find(config, name));
  if (session.json()) {
    session.io().out << Dump(ToJson(name, *context, name == config.current));
    return FinishOutput(session);
  }
  const nlohmann::ordered_json fields = ToJson(name, *context, name == config.current);
  Table table;
  for (const auto& [key, value] : fields.items()) {
    const std::string text =
        value.is_boolean() ? (value.get<bool>() ? "yes" : "no") : value.get<std::string>();
    if (!text.empty()) table.AddRow({key, text});
  }
  table.Print(session.io().out);
  return FinishOutput(session);
}

}  // namespace

std::vector<Command> ContextCommands() {
  return {
      MakeCommand("context", "add", "Keep a server and a caller under a name", DeclareAdd, Add),
      MakeCommand("context", "use", "Use a context from now on", DeclareContext, Use),
      MakeCommand("context", "list", "List contexts", DeclareNothing, List),
      MakeCommand("context", "show", "Show a context", DeclareShow, Show),
      MakeCommand("context", "remove", "Forget a context", DeclareContext, Remove),
  };
}

}  // namespace latchkey::cli
