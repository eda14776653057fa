#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "server/base/clock.h"
#include "server/secret/harden.h"
#include "tools/latchkey/cli_main.h"
#include "tools/latchkey/secret_source.h"

extern char** environ;

namespace {

std::map<std::string, std::string> ReadEnvironment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const auto equals = text.find('=');
    if (equals != std::string::npos) variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return variables;
}

bool ReaderHasGone() {
  pollfd out{STDOUT_FILENO, POLLOUT, 0};
  return ::poll(&out, 1, /*timeout=*/0) == 1 && (out.revents & (POLLERR | POLLHUP)) != 0;
}

// Hands SIGINT and SIGTERM to the command where it listens, and else lets them end the process,
// with the terminal as it was. SIGQUIT always ends it.
void WatchSignals(sigset_t signals, latchkey::cli::StopSignal& stop) {
  while (true) {
    int number = 0;
    if (::sigwait(&signals, &number) != 0) continue;
    if (number != SIGQUIT && stop.Request(number)) continue;
    latchkey::cli::RestoreTerminal();
    std::signal(number, SIG_DFL);
    ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
    ::kill(::getpid(), number);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (const absl::Status hardened = latchkey::secret::DisableCoreDumps(); !hardened.ok()) {
    std::cerr << "latchkey: " << hardened.message() << '\n';
    return 1;
  }
  std::signal(SIGPIPE, SIG_IGN);
  // gRPC's own log lines would mix with the command's messages.
  ::setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);

  // Blocked before there is any other thread, so that only the watcher takes them.
  static latchkey::cli::StopSignal stop;
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGQUIT);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([signals] { WatchSignals(signals, stop); }).detach();

  const latchkey::SystemClock clock;
  const std::map<std::string, std::string> environment = ReadEnvironment();
  const latchkey::cli::Io io{std::cin,
                             std::cout,
                             std::cerr,
                             environment,
                             clock,
                             stop,
                             ReaderHasGone,
                             ::isatty(STDIN_FILENO) == 1,
                             ::isatty(STDOUT_FILENO) == 1,
                             ::isatty(STDERR_FILENO) == 1};
  return static_cast<int>(latchkey::cli::RunCli({argv + 1, argv + argc}, io));
}
