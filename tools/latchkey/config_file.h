#ifndef LATCHKEY_TOOLS_LATCHKEY_CONFIG_FILE_H_
#define LATCHKEY_TOOLS_LATCHKEY_CONFIG_FILE_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/latchkey/io.h"

namespace latchkey::cli {

// A server and a caller under a name. Empty means not said. There is no field for a secret: a
// context says where it is.
struct Context {
  std::string target;
  bool tls = false;
  bool send_secrets_in_clear = false;
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  std::string server_name;
  std::string token_file;
  std::string token_env;
  std::string on_behalf_of;
};

// The config file: TOML, with `current = "name"` and a table [contexts.<name>] for each context.
struct Config {
  std::string current;  // empty: none
  std::map<std::string, Context> contexts;
};

// Returns $LATCHKEY_CONFIG, else $XDG_CONFIG_HOME/latchkey/config.toml, else
// ~/.config/latchkey/config.toml; empty where none of those variables is set.
std::string ConfigPath(const Io& io);

// Reads the file; one that does not exist, or an empty path, is an empty config.
// INVALID_ARGUMENT: it is not TOML, or has a key that is not known or of another type; says where.
// Else as ReadFile().
absl::StatusOr<Config> LoadConfig(const std::string& path);

// Replaces the file in one step, readable by its owner alone, and makes its folder where needed.
// INVALID_ARGUMENT: the path is empty. Else as FileError().
absl::Status SaveConfig(const std::string& path, const Config& config);

// INVALID_ARGUMENT: a context's name is 1 to 63 of [A-Za-z0-9._-].
absl::Status CheckContextName(absl::string_view name);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_CONFIG_FILE_H_
