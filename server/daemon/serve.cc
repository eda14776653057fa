#include "server/daemon/serve.h"

#include <sys/stat.h>

#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/base/status_macros.h"
#include "server/daemon/data_folder.h"
#include "server/daemon/process.h"
#include "server/daemon/ticker.h"
#include "server/rpc/server.h"
#include "server/secret/key_file.h"

namespace latchkey::daemon {
namespace {

// Says where the server listens: to whoever reads the log, and to whoever waits for the file.
absl::Status Announce(const Settings& settings, const rpc::Server& server, Logger& logger) {
  std::string lines;
  for (std::size_t i = 0; i < settings.server.addresses.size(); ++i) {
    const std::string address = server.address(i);
    logger.Log(LogLevel::kInfo, "listening",
               {{"address", address}, {"tls", settings.server.tls.enabled()}});
    absl::StrAppend(&lines, address, "\n");
  }
  if (settings.ready_file.empty()) return absl::OkStatus();
  return WriteFileAtomically(settings.ready_file, lines);
}

// A key of TLS may be another's to keep, such as a group's that renews it: not for us to refuse.
void WarnOfReadableKey(const std::string& path, Logger& logger) {
  struct stat info {};
  if (path.empty() || ::stat(path.c_str(), &info) != 0) return;
  if ((info.st_mode & (S_IROTH | S_IWOTH)) == 0) return;
  logger.Log(LogLevel::kWarning, "the mode of the key of TLS lets every user get at it",
             {{"file", path}, {"do", absl::StrCat("chmod o= ", path)}});
}

}  // namespace

absl::Status CheckSettings(const Settings& settings) {
  LATCHKEY_RETURN_IF_ERROR(rpc::Server::Check(settings.server));
  absl::Status keys = secret::KeyFile::Read(KeyFilePath(settings.data_dir)).status();
  if (!absl::IsNotFound(keys)) return keys;
  return absl::NotFoundError(absl::StrCat(keys.message(), "; where ", settings.data_dir,
                                          " is to be a new data folder, make it with: latchkeyd "
                                          "init --data ",
                                          settings.data_dir));
}

absl::Status Serve(const Settings& settings, const Clock& clock, Entropy& entropy, Logger& logger) {
  SendGrpcLogTo(logger);
  RaiseDescriptorLimit(logger);
  // One of an earlier server would mislead whoever waits for it.
  if (!settings.ready_file.empty()) std::remove(settings.ready_file.c_str());
  LATCHKEY_RETURN_IF_ERROR(CheckSettings(settings));
  WarnOfReadableKey(settings.server.tls.key_file, logger);
  LATCHKEY_ASSIGN_OR_RETURN(
      const std::unique_ptr<OpenedFolder> folder,
      OpenedFolder::Open({settings.data_dir, clock, entropy, logger, settings.max_cached_tokens,
                          settings.replay_window, /*make_store=*/false, settings.max_log_bytes,
                          settings.token_prefixes}));
  Authority& authority = folder->authority();
  logger.Log(LogLevel::kInfo, "opened the store",
             {{"data", settings.data_dir}, {"newest_revision", authority.events().newest()}});
  LATCHKEY_ASSIGN_OR_RETURN(const std::unique_ptr<rpc::Server> server,
                            rpc::Server::Create({authority, logger, entropy, settings.server}));
  LATCHKEY_RETURN_IF_ERROR(server->Start());
  {
    Ticker ticker(absl::Seconds(1), [&] {
      authority.Tick();
      server->SetWritable(folder->engine().writable().ok());
    });
    LATCHKEY_RETURN_IF_ERROR(Announce(settings, *server, logger));
    logger.Log(LogLevel::kInfo, "stopping", {{"signal", WaitForStop()}});
  }
  server->Shutdown(settings.shutdown_grace);
  folder->Close();
  logger.Log(LogLevel::kInfo, "stopped", {{"newest_revision", authority.events().newest()}});
  return absl::OkStatus();
}

}  // namespace latchkey::daemon
