#ifndef LATCHKEY_TOOLS_LATCHKEY_IO_H_
#define LATCHKEY_TOOLS_LATCHKEY_IO_H_

#include <functional>
#include <iosfwd>
#include <map>
#include <string>
#include <utility>

#include "server/base/clock.h"
#include "server/base/mutex.h"

namespace latchkey::cli {

// Carries the wish to end from a signal to a command that runs until it is told to. Thread-safe.
class StopSignal {
 public:
  // Asks the command to end because of `signal_number`. Returns false where no command listens.
  bool Request(int signal_number) {
    MutexLock lock(mu_);
    signal_number_ = signal_number;
    if (listener_) listener_();
    return listener_ != nullptr;
  }

  // Calls `listener` on a request, at once where there was one. It must not block; null ends the
  // listening.
  void Listen(std::function<void()> listener) {
    MutexLock lock(mu_);
    listener_ = std::move(listener);
    if (listener_ && signal_number_ != 0) listener_();
  }

  // Returns the signal of the last request; 0 where there was none.
  int signal_number() const {
    MutexLock lock(mu_);
    return signal_number_;
  }

 private:
  mutable Mutex mu_;
  int signal_number_ ABSL_GUARDED_BY(mu_) = 0;
  std::function<void()> listener_ ABSL_GUARDED_BY(mu_);
};

// What a command has of the world. What is referred to must outlive it.
struct Io {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  const std::map<std::string, std::string>& environment;
  const Clock& clock;
  StopSignal& stop;
  // Returns whether nobody reads `out` any more. May be empty: somebody always does.
  std::function<bool()> reader_has_gone;
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;

  // Returns an environment variable; empty where it is not set.
  std::string Env(const std::string& name) const {
    const auto found = environment.find(name);
    return found == environment.end() ? "" : found->second;
  }
};

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_IO_H_
