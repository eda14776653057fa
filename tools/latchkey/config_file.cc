#include "tools/latchkey/config_file.h"

#include <fcntl.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/local_file.h"
#include "server/base/status_macros.h"
#include "tools/latchkey/secret_source.h"

namespace latchkey::cli {
namespace {

struct TextKey {
  absl::string_view key;
  std::string Context::*field;
};
constexpr std::array<TextKey, 8> kTextKeys = {{{"target", &Context::target},
                                               {"ca_file", &Context::ca_file},
                                               {"cert_file", &Context::cert_file},
                                               {"key_file", &Context::key_file},
                                               {"server_name", &Context::server_name},
                                               {"token_file", &Context::token_file},
                                               {"token_env", &Context::token_env},
                                               {"on_behalf_of", &Context::on_behalf_of}}};

struct FlagKey {
  absl::string_view key;
  bool Context::*field;
};
constexpr std::array<FlagKey, 2> kFlagKeys = {
    {{"tls", &Context::tls}, {"send_secrets_in_clear", &Context::send_secrets_in_clear}}};

absl::Status Wrong(const std::string& path, const toml::source_region& at,
                   absl::string_view message) {
  return absl::InvalidArgumentError(absl::StrCat(path, ":", at.begin.line, ": ", message));
}

constexpr char kNoSecretsHere[] =
    "secrets do not belong in this file; name a token_file or a token_env";

// Before anything else is said of the file, which could show a part of it.
absl::Status CheckHasNoSecret(const std::string& path, absl::string_view text) {
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (!LooksLikeSecret(line)) continue;
    return absl::InvalidArgumentError(absl::StrCat(path, ":", number, ": ", kNoSecretsHere));
  }
  return absl::OkStatus();
}

// Puts one key of a context's table into `context`; false where it is of another type or unknown.
bool SetKey(Context& context, std::string_view key, const toml::node& value) {
  const absl::string_view name(key.data(), key.size());
  for (const TextKey& text : kTextKeys) {
    if (text.key != name || !value.is_string()) continue;
    context.*text.field = value.value_or(std::string());
    return true;
  }
  for (const FlagKey& flag : kFlagKeys) {
    if (flag.key != name || !value.is_boolean()) continue;
    context.*flag.field = value.value_or(false);
    return true;
  }
  return false;
}

absl::StatusOr<Context> ReadContext(const std::string& path, const toml::node& node) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return Wrong(path, node.source(), "a context is a table");
  Context context;
  for (const auto& [key, value] : *table) {
    if (SetKey(context, key.str(), value)) continue;
    const absl::string_view name(key.str().data(), key.str().size());
    if (name == "token" || name == "secret") return Wrong(path, value.source(), kNoSecretsHere);
    return Wrong(path, value.source(),
                 absl::StrCat("the key ", name, " is not known here, or has the wrong type"));
  }
  return context;
}

absl::StatusOr<Config> ReadTables(const std::string& path, const toml::table& root) {
  Config config;
  for (const auto& [key, value] : root) {
    if (key.str() == "current" && value.is_string()) {
      config.current = value.value_or(std::string());
    } else if (const toml::table* contexts = value.as_table();
               key.str() == "contexts" && contexts != nullptr) {
      for (const auto& [name, node] : *contexts) {
        LATCHKEY_ASSIGN_OR_RETURN(config.contexts[std::string(name.str())],
                                  ReadContext(path, node));
      }
    } else {
      return Wrong(path, value.source(), "this file has `current` and [contexts.<name>]");
    }
  }
  return config;
}

std::string ToToml(const Config& config) {
  toml::table contexts;
  for (const auto& [name, context] : config.contexts) {
    toml::table table;
    for (const TextKey& text : kTextKeys) {
      const std::string key(text.key);
      if (!(context.*text.field).empty()) table.insert(key, context.*text.field);
    }
    for (const FlagKey& flag : kFlagKeys) {
      if (context.*flag.field) table.insert(std::string(flag.key), true);
    }
    contexts.insert(name, std::move(table));
  }
  toml::table root;
  if (!config.current.empty()) root.insert("current", config.current);
  root.insert("contexts", std::move(contexts));
  std::ostringstream text;
  text << root << '\n';
  return text.str();
}

// Writes a file of its owner's, which did not exist.
absl::Status WriteNew(const std::string& path, absl::string_view text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return FileError(path, "written");
  const bool whole = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const bool synced = whole && ::fsync(fd) == 0;
  const absl::Status failed = synced ? absl::OkStatus() : FileError(path, "written");
  ::close(fd);
  return failed;
}

}  // namespace

std::string ConfigPath(const Io& io) {
  if (const std::string path = io.Env("LATCHKEY_CONFIG"); !path.empty()) return path;
  if (const std::string xdg = io.Env("XDG_CONFIG_HOME"); !xdg.empty()) {
    return absl::StrCat(xdg, "/latchkey/config.toml");
  }
  const std::string home = io.Env("HOME");
  return home.empty() ? "" : absl::StrCat(home, "/.config/latchkey/config.toml");
}

absl::StatusOr<Config> LoadConfig(const std::string& path) {
  std::error_code ignored;
  if (path.empty() || !std::filesystem::exists(path, ignored)) return Config();
  LATCHKEY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  LATCHKEY_RETURN_IF_ERROR(CheckHasNoSecret(path, text));
  try {
    const toml::table root = toml::parse(text, path);
    return ReadTables(path, root);
  } catch (const toml::parse_error& error) {
    const std::string_view what = error.description();
    return Wrong(path, error.source(), absl::string_view(what.data(), what.size()));
  }
}

absl::Status SaveConfig(const std::string& path, const Config& config) {
  if (path.empty()) {
    return absl::InvalidArgumentError("no config file: set LATCHKEY_CONFIG or HOME");
  }
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code failed;
  if (!folder.empty()) std::filesystem::create_directories(folder, failed);
  if (failed) {
    errno = failed.value();
    return FileError(folder.string(), "made");
  }
  const std::string fresh = absl::StrCat(path, ".new.", ::getpid());
  std::filesystem::remove(fresh, failed);
  LATCHKEY_RETURN_IF_ERROR(WriteNew(fresh, ToToml(config)));
  if (::rename(fresh.c_str(), path.c_str()) == 0) return absl::OkStatus();
  const absl::Status status = FileError(path, "written");
  ::unlink(fresh.c_str());
  return status;
}

absl::Status CheckContextName(absl::string_view name) {
  constexpr std::size_t kLongest = 63;
  const bool good =
      !name.empty() && name.size() <= kLongest && std::all_of(name.begin(), name.end(), [](char c) {
        return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' ||
               c == '-';
      });
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError("a context's name is 1 to 63 of [A-Za-z0-9._-]");
}

}  // namespace latchkey::cli
