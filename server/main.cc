// latchkeyd: the server. This file names the real clock, randomness and log; all else is given
// them.

#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "server/base/clock.h"
#include "server/base/entropy.h"
#include "server/base/logger.h"
#include "server/daemon/command_line.h"
#include "server/daemon/data_folder.h"
#include "server/daemon/process.h"
#include "server/daemon/serve.h"
#include "server/secret/harden.h"
#include "server/secret/key_file.h"
#include "server/secret/secret_string.h"

namespace latchkey::daemon {
namespace {

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "latchkeyd: %s\n", std::string(status.message()).c_str());
  return kExitFailed;
}

int AddLogKey(const Settings& settings, Entropy& entropy) {
  const absl::StatusOr<secret::KeyFile> keys =
      secret::KeyFile::AddLogKey(KeyFilePath(settings.data_dir), entropy, settings.log_origin);
  if (!keys.ok()) return Fail(keys.status());
  std::fprintf(stderr, "%s has a key for the log's checkpoints now, which verify with:\n",
               KeyFilePath(settings.data_dir).c_str());
  std::puts(keys->MakeKeyring().log_signer().VerifierKey().c_str());
  return kExitOk;
}

int Init(const Settings& settings, const Clock& clock, Entropy& entropy, Logger& logger) {
  if (settings.add_log_key) return AddLogKey(settings, entropy);
  const absl::StatusOr<NewDataFolder> folder =
      MakeDataFolder(settings.data_dir, settings.log_origin, clock, entropy, logger);
  if (!folder.ok()) return Fail(folder.status());
  // The one place where the operator secret is shown.
  const absl::string_view text = folder->operator_secret.Reveal();
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
                       std::fputc('\n', stdout) != EOF && std::fflush(stdout) == 0;
  if (!written) {
    return Fail(absl::UnavailableError(absl::StrCat(
        "the operator secret could not be written to standard output, and nothing can show it "
        "again: remove ",
        settings.data_dir, " and repeat")));
  }
  std::fprintf(stderr,
               "Made %s. The line on standard output is the operator secret: keep it, it is shown "
               "only now.\nThe log's checkpoints verify with %s\n",
               settings.data_dir.c_str(), folder->verifier_key.c_str());
  return kExitOk;
}

int Run(const CommandLine& line) {
  const SystemClock clock;
  SystemEntropy entropy;
  // gRPC may log until the very end of the process.
  static StderrLogger logger(clock, line.settings.log_level);
  switch (line.subcommand) {
    case Subcommand::kInit:
      return Init(line.settings, clock, entropy, logger);
    case Subcommand::kCheckConfig: {
      const absl::Status status = CheckSettings(line.settings);
      if (!status.ok()) return Fail(status);
      std::puts("The configuration is good.");
      return kExitOk;
    }
    case Subcommand::kServe: {
      const absl::Status status = Serve(line.settings, clock, entropy, logger);
      return status.ok() ? kExitOk : Fail(status);
    }
  }
  return kExitFailed;
}

}  // namespace
}  // namespace latchkey::daemon

int main(int argc, char** argv) {
#ifdef NDEBUG
  // The distribution's abseil is built with its search for lock cycles, of which each lock in gRPC
  // costs one. Builds for debugging keep it.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
#endif
  using namespace latchkey::daemon;
  const CommandLine line = ParseCommandLine(argc, argv);
  if (line.done) return line.exit_code;
  if (const absl::Status status = latchkey::secret::DisableCoreDumps(); !status.ok()) {
    return Fail(status);
  }
  TakeOverSignals();
  return Run(line);
}
