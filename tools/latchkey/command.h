#ifndef LATCHKEY_TOOLS_LATCHKEY_COMMAND_H_
#define LATCHKEY_TOOLS_LATCHKEY_COMMAND_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/generated_enum_reflection.h"
#include "server/base/status_macros.h"
#include "tools/latchkey/enum_text.h"
#include "tools/latchkey/exit_code.h"
#include "tools/latchkey/resource_name.h"

namespace latchkey::cli {

class Session;

// One thing that a command takes.
struct Parameter {
  std::string name;         // "WORKSPACE" for a positional, "--display-name" for an option
  std::string placeholder;  // what an option takes, such as "TEXT"; empty for a flag
  std::string help;
  bool required = false;
  bool repeated = false;
  bool any_bytes = false;  // takes the names of files, which need not be UTF-8
  // Takes the values as given, in order; none for a flag. Called only where the parameter was
  // given. INVALID_ARGUMENT: they are not what it takes.
  std::function<absl::Status(const std::vector<std::string>&)> set;
};

// Collects the parameters of a command, each bound to a variable, which must outlive the parsing.
// Positionals are required unless they are optional<>, options only where it is said.
class Syntax {
 public:
  virtual ~Syntax() = default;
  virtual void Add(Parameter parameter) = 0;

  void Text(absl::string_view name, absl::string_view placeholder, std::string& out,
            absl::string_view help);
  void Text(absl::string_view name, absl::string_view placeholder, std::optional<std::string>& out,
            absl::string_view help);
  // The same, but an empty value, such as that of a variable that is not set, is refused.
  void TextThatIsNotEmpty(absl::string_view name, absl::string_view placeholder, std::string& out,
                          absl::string_view help);
  // None, one or several, as given. For a positional, which must be the last.
  void Texts(absl::string_view name, std::vector<std::string>& out, absl::string_view help);
  // A name, long or short, which becomes a full one.
  void Name(absl::string_view name, NameKind kind, std::string& out, absl::string_view help,
            bool required = false);
  // Values separated by commas; the option may be repeated, and "" is the empty list.
  void List(absl::string_view name, absl::string_view placeholder, std::vector<std::string>& out,
            absl::string_view help);
  void List(absl::string_view name, absl::string_view placeholder,
            std::optional<std::vector<std::string>>& out, absl::string_view help);
  void Number(absl::string_view name, std::uint64_t& out, absl::string_view help);
  void Number(absl::string_view name, std::optional<std::uint64_t>& out, absl::string_view help);
  void Flag(absl::string_view name, bool& out, absl::string_view help);
  // "on" or "off".
  void Switch(absl::string_view name, std::optional<bool>& out, absl::string_view help);

  // A value of one of the contract's enums. The value stays as it is where the option is not given.
  template <typename E>
  void Enum(absl::string_view name, E& out, absl::string_view help, bool required = false) {
    AddEnum(name, *google::protobuf::GetEnumDescriptor<E>(), help, required, /*repeated=*/false,
            [&out](int number) { out = static_cast<E>(number); });
  }
  // Several, separated by commas or repeated; none is refused.
  template <typename E>
  void Enums(absl::string_view name, std::vector<E>& out, absl::string_view help) {
    AddEnum(name, *google::protobuf::GetEnumDescriptor<E>(), help, /*required=*/false,
            /*repeated=*/true, [&out](int number) { out.push_back(static_cast<E>(number)); });
  }

 private:
  void AddEnum(absl::string_view name, const google::protobuf::EnumDescriptor& type,
               absl::string_view help, bool required, bool repeated,
               const std::function<void(int)>& set);
};

// What a command does once its parameters are set. An error is reported by whoever ran it.
using Runner = std::function<absl::StatusOr<ExitCode>(Session&)>;

// One verb of a noun, or a noun that is a command by itself.
struct Command {
  std::string noun;  // "audit consumer": a noun in another
  std::string verb;  // empty: the noun alone
  std::string help;
  // Whether it takes --request-id.
  bool changes = false;
  // Declares the parameters, and returns what to do with them.
  std::function<Runner(Syntax&)> declare;
};

// Makes a command from its parameters' struct and two functions.
template <typename Args>
Command MakeCommand(absl::string_view noun, absl::string_view verb, absl::string_view help,
                    void (*declare)(Syntax&, Args&),
                    absl::StatusOr<ExitCode> (*run)(Session&, const Args&)) {
  Command command;
  command.noun = std::string(noun);
  command.verb = std::string(verb);
  command.help = std::string(help);
  command.declare = [declare, run](Syntax& syntax) -> Runner {
    const auto args = std::make_shared<Args>();
    declare(syntax, *args);
    return [args, run](Session& session) { return run(session, *args); };
  };
  return command;
}

// The same for a command that changes something.
template <typename Args>
Command MakeChange(absl::string_view noun, absl::string_view verb, absl::string_view help,
                   void (*declare)(Syntax&, Args&),
                   absl::StatusOr<ExitCode> (*run)(Session&, const Args&)) {
  Command command = MakeCommand<Args>(noun, verb, help, declare, run);
  command.changes = true;
  return command;
}

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_COMMAND_H_
