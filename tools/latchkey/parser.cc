#include "tools/latchkey/parser.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tools/latchkey/suggest.h"
#include "tools/latchkey/terminal.h"

namespace latchkey::cli {
namespace {

// Adds parameters to one of CLI11's apps.
class AppSyntax final : public Syntax {
 public:
  explicit AppSyntax(CLI::App& app) : app_(app) {}

  void Add(Parameter parameter) override {
    const auto set = [name = parameter.name, any_bytes = parameter.any_bytes,
                      set = std::move(parameter.set)](const CLI::results_t& values) {
      // The contract's texts are UTF-8; protobuf would complain on standard error, and go on.
      const auto odd = std::find_if_not(values.begin(), values.end(), IsUtf8);
      if (!any_bytes && odd != values.end()) {
        throw CLI::ValidationError(name, absl::StrCat("'", *odd, "' is not UTF-8"));
      }
      const absl::Status status = set(values);
      if (status.ok()) return true;
      throw CLI::ValidationError(name, std::string(status.message()));
    };
    if (parameter.placeholder.empty()) {
      app_.add_flag_function(
          parameter.name, [set](std::int64_t) { set({}); }, parameter.help);
      return;
    }
    CLI::Option* option = app_.add_option(parameter.name, set, parameter.help);
    const bool positional = !absl::StartsWith(parameter.name, "-");
    option->type_name(positional ? "" : parameter.placeholder)->required(parameter.required);
    option->expected(1)->allow_extra_args(false);
    if (parameter.repeated) option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    if (parameter.repeated && positional) option->expected(CLI::detail::expected_max_vector_size);
  }

 private:
  CLI::App& app_;
};

void AddGlobals(CLI::App& root, Flags& flags) {
  AppSyntax syntax(root);
  syntax.Text("--target", "ADDRESS", flags.target,
              absl::StrCat("The server: host:port or unix:/path [", kDefaultTarget, "]"));
  syntax.Text("--context", "NAME", flags.context, "The context to use; see latchkey context");
  syntax.Text("--token-file", "FILE", flags.token_file, "The caller's secret is in this file");
  syntax.Text("--token-env", "VARIABLE", flags.token_env,
              "The caller's secret is in this environment variable [LATCHKEY_TOKEN]");
  syntax.Text("--on-behalf-of,--as", "MEMBER", flags.on_behalf_of, "Act for this member");
  syntax.Text("--timeout", "TIME", flags.timeout, "How long a call may take [10s]");
  syntax.Text("-o,--output", "table|json", flags.output, "How answers are printed [table]");
  syntax.Flag("--tls", flags.tls, "Use TLS on this machine too; it is used to any other");
  syntax.Text("--ca-file", "FILE", flags.ca_file, "Trust these certificate authorities");
  syntax.Text("--cert-file", "FILE", flags.cert_file, "The client's certificate");
  syntax.Text("--key-file", "FILE", flags.key_file, "The client's key");
  syntax.Text("--server-name", "NAME", flags.server_name, "The name in the server's certificate");
  syntax.Flag("--send-secrets-in-clear", flags.send_secrets_in_clear,
              "Talk without TLS to another machine; whoever listens then has the secret");
}

// What the tree of nouns and verbs is made of while it lives.
struct Tree {
  CLI::App root{"The command of Latchkey, a token authority", "latchkey"};
  std::map<std::string, CLI::App*> nouns;
  std::map<CLI::App*, std::pair<const Command*, Runner>> verbs;
  Flags flags;
  std::string request_id;
};

constexpr absl::string_view NounHelp(absl::string_view noun) {
  constexpr std::pair<absl::string_view, absl::string_view> kHelp[] = {
      {"workspace", "Workspaces: the tenants"},
      {"organization", "Organizations: what groups workspaces, and tightens what they may"},
      {"member", "Members of a workspace"},
      {"service", "Internal services that call Latchkey"},
      {"app", "Apps, and their installation and approval"},
      {"installation", "Installations of apps in a workspace"},
      {"request", "Requests that wait for an approval"},
      {"token", "Tokens: issue, list, regenerate, revoke, find leaked ones"},
      {"policy", "Who may do what, and why"},
      {"audit", "The log of every change and every denial"},
      {"audit consumer", "Named subscriptions, whose position the server keeps"},
      {"admin", "How the server is"},
      {"context", "Servers and callers under names"}};
  for (const auto& [name, help] : kHelp) {
    if (name == noun) return help;
  }
  return "";
}

// "audit consumer" is a noun in a noun.
CLI::App& NounNamed(Tree& tree, const std::string& name, const std::string& help) {
  if (const auto found = tree.nouns.find(name); found != tree.nouns.end()) return *found->second;
  const std::size_t space = name.rfind(' ');
  CLI::App& parent =
      space == std::string::npos
          ? tree.root
          : NounNamed(tree, name.substr(0, space), std::string(NounHelp(name.substr(0, space))));
  CLI::App* noun = parent.add_subcommand(name.substr(space + 1), help);
  noun->require_subcommand(0, 1);
  return *(tree.nouns[name] = noun);
}

CLI::App* NounOf(Tree& tree, const Command& command) {
  return &NounNamed(tree, command.noun,
                    command.verb.empty() ? command.help : std::string(NounHelp(command.noun)));
}

void AddCommand(Tree& tree, const Command& command) {
  CLI::App* app = NounOf(tree, command);
  if (!command.verb.empty()) app = app->add_subcommand(command.verb, command.help);
  AppSyntax syntax(*app);
  tree.verbs[app] = {&command, command.declare(syntax)};
  if (command.changes) {
    syntax.Text("--request-id", "UUID", tree.request_id,
                "Repeat an earlier call safely: a random UUID, the same as then");
  }
  app->footer("Global options: latchkey --help");
}

std::unique_ptr<Tree> MakeTree(const std::vector<Command>& commands) {
  auto tree = std::make_unique<Tree>();
  // Inherited by the subcommands. What is left over is judged by Misunderstood().
  tree->root.fallthrough()->allow_extras()->require_subcommand(0, 1);
  tree->root.set_version_flag("--version", "latchkey " LATCHKEY_VERSION);
  AddGlobals(tree->root, tree->flags);
  for (const Command& command : commands) AddCommand(*tree, command);
  tree->root.footer(
      "Exit codes: 0 ok, 1 failed, 2 usage, 3 denied, 4 not found, 5 needs approval,\n"
      "6 token not active, 7 unavailable, 8 conflict, 9 secrets found, 10 damaged. See "
      "docs/cli.md.");
  return tree;
}

std::vector<std::string> SubcommandNames(CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* child : app.get_subcommands([](CLI::App*) { return true; })) {
    names.push_back(child->get_name());
  }
  return names;
}

std::vector<std::string> OptionNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* at = &app; at != nullptr; at = at->get_parent()) {
    for (const CLI::Option* option : at->get_options()) {
      for (const std::string& name : option->get_lnames())
        names.push_back(absl::StrCat("--", name));
    }
  }
  return names;
}

// The noun or verb that the command line got to.
CLI::App& Deepest(CLI::App& root) {
  CLI::App* at = &root;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  return *at;
}

std::string PathOf(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name()
                                     : absl::StrCat(PathOf(*app.get_parent()), " ", app.get_name());
}

// Says what is wrong with what nobody took; OK where nothing was left.
absl::Status Misunderstood(Tree& tree) {
  CLI::App& at = Deepest(tree.root);
  const std::vector<std::string> left = tree.root.remaining(/*recurse=*/true);
  const bool complete = tree.verbs.count(&at) > 0;
  for (const std::string& word : left) {
    if (!absl::StartsWith(word, "-") || word == "-") continue;
    const std::vector<std::string> name = absl::StrSplit(word, absl::MaxSplits('=', 1));
    return absl::InvalidArgumentError(
        absl::StrCat(PathOf(at), " takes no ", name[0], ".", DidYouMean(name[0], OptionNames(at))));
  }
  if (!left.empty() && !complete) {
    return absl::InvalidArgumentError(absl::StrCat(PathOf(at), " has no '", left[0], "'.",
                                                   DidYouMean(left[0], SubcommandNames(at))));
  }
  if (!left.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(PathOf(at), " takes no further argument '", left[0], "'."));
  }
  if (complete) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(PathOf(at), " takes a ",
                                                 &at == &tree.root ? "noun" : "verb", ": ",
                                                 absl::StrJoin(SubcommandNames(at), ", ")));
}

// CLI11 takes the next word for the value of "--name=".
std::vector<std::string> SplitEmptyValues(std::vector<std::string> args) {
  std::vector<std::string> split;
  for (std::string& arg : args) {
    if (absl::StartsWith(arg, "--") && arg.find('=') == arg.size() - 1) {
      split.push_back(arg.substr(0, arg.size() - 1));
      split.emplace_back();
    } else {
      split.push_back(std::move(arg));
    }
  }
  return split;
}

}  // namespace

absl::StatusOr<Parsed> ParseCommandLine(std::vector<std::string> args,
                                        const std::vector<Command>& commands) {
  const std::unique_ptr<Tree> tree = MakeTree(commands);
  args = SplitEmptyValues(std::move(args));
  std::reverse(args.begin(), args.end());
  Parsed parsed;
  try {
    tree->root.parse(args);
  } catch (const CLI::CallForHelp&) {
    parsed.help = tree->root.help();
    return parsed;
  } catch (const CLI::CallForVersion& version) {
    parsed.help = absl::StrCat(version.what(), "\n");
    return parsed;
  } catch (const CLI::ParseError& error) {
    if (absl::Status status = Misunderstood(*tree); !status.ok()) return status;
    return absl::InvalidArgumentError(
        absl::StrCat(PathOf(Deepest(tree->root)), ": ", error.what()));
  }
  if (absl::Status status = Misunderstood(*tree); !status.ok()) return status;
  const auto& [command, run] = tree->verbs.at(&Deepest(tree->root));
  parsed.flags = tree->flags;
  parsed.request_id = tree->request_id;
  parsed.changes = command->changes;
  parsed.run = run;
  return parsed;
}

}  // namespace latchkey::cli
