#include "server/daemon/process.h"

#include <grpc/support/log.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "google/protobuf/stubs/logging.h"

namespace latchkey::daemon {
namespace {

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

std::atomic<Logger*> grpc_logger{nullptr};

// Returns whether there is room for one more line this minute.
bool AdmitLine() {
  constexpr int kLinesPerMinute = 20;
  static std::atomic<std::int64_t> minute{-1};
  static std::atomic<int> lines{0};
  const std::int64_t now = std::chrono::duration_cast<std::chrono::minutes>(
                               std::chrono::steady_clock::now().time_since_epoch())
                               .count();
  if (minute.exchange(now) != now) lines.store(0);
  return lines.fetch_add(1) < kLinesPerMinute;
}

void LogForGrpc(gpr_log_func_args* args) {
  Logger* logger = grpc_logger.load();
  if (logger == nullptr || !AdmitLine()) return;
  const LogLevel level =
      args->severity == GPR_LOG_SEVERITY_ERROR ? LogLevel::kWarning : LogLevel::kDebug;
  logger->Log(level, "gRPC says",
              {{"text", args->message}, {"at", absl::StrCat(args->file, ":", args->line)}});
}

}  // namespace

void TakeOverSignals() {
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

std::string WaitForStop() {
  const sigset_t signals = StopSignals();
  int signal = 0;
  while (sigwait(&signals, &signal) != 0) {
  }
  return signal == SIGTERM ? "SIGTERM" : "SIGINT";
}

void RaiseDescriptorLimit(Logger& logger) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) == 0) return;
  logger.Log(LogLevel::kWarning, "cannot raise the limit of open files",
             {{"limit", std::uint64_t{limit.rlim_max}}});
}

void SendGrpcLogTo(Logger& logger) {
  grpc_logger.store(&logger);
  gpr_set_log_function(&LogForGrpc);
  // It would write on standard error what callers sent; whoever sent it is told.
  google::protobuf::SetLogHandler(nullptr);
}

absl::Status WriteFileAtomically(const std::string& path, absl::string_view content) {
  const std::string draft = absl::StrCat(path, ".new");
  std::ofstream file(draft, std::ios::binary | std::ios::trunc);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  file.close();
  if (!file || std::rename(draft.c_str(), path.c_str()) != 0) {
    std::remove(draft.c_str());
    return absl::UnavailableError(absl::StrCat("cannot write ", path));
  }
  return absl::OkStatus();
}

}  // namespace latchkey::daemon
