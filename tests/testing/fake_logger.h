#ifndef LATCHKEY_TESTS_TESTING_FAKE_LOGGER_H_
#define LATCHKEY_TESTS_TESTING_FAKE_LOGGER_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/base/logger.h"
#include "server/base/mutex.h"

namespace latchkey::testing {

// Keeps every line, as FormatLogLine() gives it at the epoch. Thread-safe.
class FakeLogger final : public Logger {
 public:
  void Log(LogLevel level, absl::string_view message, absl::Span<const LogField> fields) override {
    MutexLock lock(mu_);
    lines_.push_back(FormatLogLine(absl::UnixEpoch(), level, message, fields));
  }

  std::vector<std::string> lines() const {
    MutexLock lock(mu_);
    return lines_;
  }

 private:
  mutable Mutex mu_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mu_);
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_TESTING_FAKE_LOGGER_H_
