#ifndef LATCHKEY_SERVER_DAEMON_DATA_FOLDER_H_
#define LATCHKEY_SERVER_DAEMON_DATA_FOLDER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/authority/authority.h"
#include "server/base/clock.h"
#include "server/base/entropy.h"
#include "server/base/executor.h"
#include "server/base/logger.h"
#include "server/form/secret_form.h"
#include "server/secret/keyring.h"
#include "server/secret/secret_string.h"
#include "storage/engine/engine.h"

namespace latchkey::daemon {

// Makes a data folder (mode 0700) with a key file (0600) and an empty store, and returns the
// operator secret, which is kept nowhere, and the key that verifies the log's checkpoints.
// `log_origin` as in secret::KeyFile::Create().
// ALREADY_EXISTS: there is something in `data_dir`, which is left alone.
// UNAVAILABLE: the disk refuses.
struct NewDataFolder {
  secret::SecretString operator_secret;
  std::string verifier_key;
};
absl::StatusOr<NewDataFolder> MakeDataFolder(const std::string& data_dir,
                                             const std::string& log_origin, const Clock& clock,
                                             Entropy& entropy, Logger& logger);

// The authority over a data folder, with what it runs on. One process has a folder open at a time.
class OpenedFolder {
 public:
  struct Options {
    std::string data_dir;
    const Clock& clock;
    Entropy& entropy;
    Logger& logger;
    std::size_t max_cached_tokens;
    absl::Duration replay_window;
    bool make_store = false;  // where there is none
    std::uint64_t max_log_bytes = 0;
    secret::TokenPrefixes token_prefixes = {};
  };

  // NOT_FOUND: no such folder, or `init` did not make it.
  // FAILED_PRECONDITION: others can read the key file; the store is of a newer format, or in use.
  // DATA_LOSS, UNAVAILABLE: the key file or the store does not read.
  static absl::StatusOr<std::unique_ptr<OpenedFolder>> Open(const Options& options);

  // As Close().
  ~OpenedFolder();
  OpenedFolder(const OpenedFolder&) = delete;
  OpenedFolder& operator=(const OpenedFolder&) = delete;

  // Refuses later changes and finishes those that wait, and what the authority writes at its end.
  // Reading goes on.
  void Close();

  Authority& authority() { return *authority_; }
  const engine::Engine& engine() const { return *engine_; }

 private:
  OpenedFolder(secret::Keyring keyring, std::unique_ptr<engine::Engine> engine);

  const secret::Keyring keyring_;
  const std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<ThreadPoolExecutor> sequencing_;
  std::unique_ptr<Authority> authority_;
};

}  // namespace latchkey::daemon

#endif  // LATCHKEY_SERVER_DAEMON_DATA_FOLDER_H_
