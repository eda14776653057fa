#ifndef LATCHKEY_SERVER_DAEMON_SETTINGS_H_
#define LATCHKEY_SERVER_DAEMON_SETTINGS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "server/base/logger.h"
#include "server/form/secret_form.h"
#include "server/rpc/server.h"

namespace latchkey::daemon {

// What `latchkeyd` is told.
struct Settings {
  std::string data_dir;
  // Of `init`: the name of the log's key; empty: a random one. And whether only that key is made.
  std::string log_origin;
  bool add_log_key = false;
  rpc::Server::Settings server = {};
  std::size_t max_cached_tokens = 1'000'000;
  absl::Duration replay_window = absl::Minutes(10);
  std::uint64_t max_log_bytes = 0;  // of events; 0: any number
  secret::TokenPrefixes token_prefixes;
  absl::Duration shutdown_grace = absl::Seconds(10);
  LogLevel log_level = LogLevel::kInfo;
  std::string ready_file;  // written when the server serves; empty: none
};

// Where things lie in a data folder.
std::string KeyFilePath(const std::string& data_dir);
std::string StorePath(const std::string& data_dir);

}  // namespace latchkey::daemon

#endif  // LATCHKEY_SERVER_DAEMON_SETTINGS_H_
