#include "server/daemon/data_folder.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status_macros.h"
#include "server/daemon/settings.h"
#include "server/secret/key_file.h"
#include "storage/engine/rocksdb_engine.h"

namespace latchkey::daemon {
namespace {

namespace fs = std::filesystem;

// Makes an empty folder that only its owner can enter.
absl::Status MakeEmptyFolder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error && !fs::is_empty(path, error) && !error) {
    return absl::AlreadyExistsError(
        absl::StrCat(path, " is not empty: name a new folder, or serve this one"));
  }
  if (!error) fs::permissions(path, fs::perms::owner_all, error);
  if (!error) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("cannot make ", path, ": ", error.message()));
}

// Removes what a failed MakeDataFolder() made: its secret was shown to nobody, and another try is
// to find the folder empty.
void Unmake(const std::string& data_dir) {
  std::error_code ignored;
  fs::remove_all(StorePath(data_dir), ignored);
  fs::remove(KeyFilePath(data_dir), ignored);
}

}  // namespace

std::string KeyFilePath(const std::string& data_dir) {
  return absl::StrCat(data_dir, "/keys.json");
}
std::string StorePath(const std::string& data_dir) { return absl::StrCat(data_dir, "/store"); }

absl::StatusOr<NewDataFolder> MakeDataFolder(const std::string& data_dir,
                                             const std::string& log_origin, const Clock& clock,
                                             Entropy& entropy, Logger& logger) {
  LATCHKEY_RETURN_IF_ERROR(MakeEmptyFolder(data_dir));
  NewDataFolder folder;
  const secret::KeyFile keys = secret::KeyFile::Create(entropy, folder.operator_secret, log_origin);
  // Of two that find the folder empty, this stops one.
  LATCHKEY_RETURN_IF_ERROR(keys.Write(KeyFilePath(data_dir)));
  const absl::Status made =
      OpenedFolder::Open({data_dir, clock, entropy, logger, 1000, absl::Minutes(10), true})
          .status();
  if (!made.ok()) {
    Unmake(data_dir);
    return made;
  }
  folder.verifier_key = keys.MakeKeyring().log_signer().VerifierKey();
  return folder;
}

OpenedFolder::OpenedFolder(secret::Keyring keyring, std::unique_ptr<engine::Engine> engine)
    : keyring_(std::move(keyring)),
      engine_(std::move(engine)),
      sequencing_(std::make_unique<ThreadPoolExecutor>(1, "sequencer")) {}

absl::StatusOr<std::unique_ptr<OpenedFolder>> OpenedFolder::Open(const Options& options) {
  LATCHKEY_ASSIGN_OR_RETURN(const secret::KeyFile keys,
                            secret::KeyFile::Read(KeyFilePath(options.data_dir)));
  engine::RocksdbEngine::Options store{.path = StorePath(options.data_dir),
                                       .logger = options.logger};
  store.create_if_missing = options.make_store;
  LATCHKEY_ASSIGN_OR_RETURN(std::unique_ptr<engine::Engine> engine,
                            engine::RocksdbEngine::Open(std::move(store)));
  std::unique_ptr<OpenedFolder> folder(new OpenedFolder(keys.MakeKeyring(), std::move(engine)));
  Authority::Options core{
      *folder->engine_,     options.clock,    options.entropy,        *folder->sequencing_,
      options.logger,       folder->keyring_, options.token_prefixes, options.max_cached_tokens,
      options.replay_window};
  core.max_log_bytes = options.max_log_bytes;
  absl::StatusOr<std::unique_ptr<Authority>> authority = Authority::Open(core);
  if (!authority.ok()) {
    return absl::Status(authority.status().code(),
                        absl::StrCat(options.data_dir, ": ", authority.status().message()));
  }
  folder->authority_ = *std::move(authority);
  return folder;
}

OpenedFolder::~OpenedFolder() { Close(); }

void OpenedFolder::Close() {
  if (sequencing_ == nullptr) return;
  if (authority_ != nullptr) authority_->Close();
  sequencing_.reset();  // runs what waits, on an authority that is still there
}

}  // namespace latchkey::daemon
