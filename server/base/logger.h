#ifndef LATCHKEY_SERVER_BASE_LOGGER_H_
#define LATCHKEY_SERVER_BASE_LOGGER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/base/clock.h"

namespace spdlog {
class logger;
}  // namespace spdlog

namespace latchkey {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Returns "debug", "info", "warning" or "error".
absl::string_view LogLevelName(LogLevel level);

// Reads what LogLevelName() gives.
// INVALID_ARGUMENT: `name` is none of them.
absl::StatusOr<LogLevel> ParseLogLevel(absl::string_view name);

// One key and value of a log line. Keys are snake_case; "time", "level" and "message" are taken.
struct LogField {
  using Value = std::variant<std::string, std::int64_t, std::uint64_t, double, bool>;

  LogField(absl::string_view k, absl::string_view v) : key(k), value(std::string(v)) {}
  LogField(absl::string_view k, const char* v) : key(k), value(std::string(v)) {}
  LogField(absl::string_view k, std::string v) : key(k), value(std::move(v)) {}
  LogField(absl::string_view k, bool v) : key(k), value(v) {}
  LogField(absl::string_view k, int v) : key(k), value(std::int64_t{v}) {}
  LogField(absl::string_view k, std::int64_t v) : key(k), value(v) {}
  LogField(absl::string_view k, unsigned v) : key(k), value(std::uint64_t{v}) {}
  LogField(absl::string_view k, std::uint64_t v) : key(k), value(v) {}
  LogField(absl::string_view k, double v) : key(k), value(v) {}

  std::string key;
  Value value;
};

// Takes what an operator should know about the running of the server. It is not the audit log. A
// secret is never given to it, nor anything that a request carried unread. Thread-safe.
class Logger {
 public:
  virtual ~Logger() = default;

  // Writes one line. `message` is constant text; what varies goes into fields.
  virtual void Log(LogLevel level, absl::string_view message,
                   absl::Span<const LogField> fields) = 0;

  void Debug(absl::string_view message, absl::Span<const LogField> fields = {}) {
    Log(LogLevel::kDebug, message, fields);
  }
  void Info(absl::string_view message, absl::Span<const LogField> fields = {}) {
    Log(LogLevel::kInfo, message, fields);
  }
  void Warning(absl::string_view message, absl::Span<const LogField> fields = {}) {
    Log(LogLevel::kWarning, message, fields);
  }
  void Error(absl::string_view message, absl::Span<const LogField> fields = {}) {
    Log(LogLevel::kError, message, fields);
  }
};

// Returns one JSON object on one line, without the line's end: time (RFC 3339, UTC), level, message
// and the fields in order. Bytes that are not UTF-8 are replaced.
std::string FormatLogLine(absl::Time time, LogLevel level, absl::string_view message,
                          absl::Span<const LogField> fields);

// Writes FormatLogLine() to standard error. A line that cannot be written is lost.
class StderrLogger final : public Logger {
 public:
  // Lines below `least` are dropped. `clock` must outlive the logger.
  StderrLogger(const Clock& clock, LogLevel least);
  ~StderrLogger() override;

  void Log(LogLevel level, absl::string_view message, absl::Span<const LogField> fields) override;

 private:
  const Clock& clock_;
  const LogLevel least_;
  const std::unique_ptr<spdlog::logger> sink_;
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_BASE_LOGGER_H_
