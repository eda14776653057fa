#include "tools/bench/interrupt.h"

#include <atomic>
#include <csignal>

namespace latchkey::benchmark {
namespace {

std::atomic<bool> noted = false;
static_assert(std::atomic<bool>::is_always_lock_free);

void Note(int) { noted.store(true); }

}  // namespace

void NoteInterrupts() {
  struct sigaction action {};
  action.sa_handler = Note;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

absl::Status CheckInterrupt() {
  return noted.load() ? absl::CancelledError("interrupted") : absl::OkStatus();
}

EndSignals::EndSignals() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
}

void EndSignals::Wait() {
  int signal = 0;
  sigwait(&signals_, &signal);
}

}  // namespace latchkey::benchmark
