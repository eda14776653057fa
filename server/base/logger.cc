#include "server/base/logger.h"

#include <memory>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "spdlog/logger.h"
#include "spdlog/sinks/stdout_sinks.h"

namespace latchkey {

absl::string_view LogLevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "unknown";
}

absl::StatusOr<LogLevel> ParseLogLevel(absl::string_view name) {
  for (const LogLevel level :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError}) {
    if (name == LogLevelName(level)) return level;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("log level '", name, "' is none of debug, info, warning, error"));
}

std::string FormatLogLine(absl::Time time, LogLevel level, absl::string_view message,
                          absl::Span<const LogField> fields) {
  nlohmann::ordered_json line;
  line["time"] = absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", time, absl::UTCTimeZone());
  line["level"] = std::string(LogLevelName(level));
  line["message"] = std::string(message);
  for (const LogField& field : fields) {
    std::visit([&](const auto& value) { line.emplace(field.key, value); }, field.value);
  }
  return line.dump(/*indent=*/-1, /*indent_char=*/' ', /*ensure_ascii=*/false,
                   nlohmann::ordered_json::error_handler_t::replace);
}

StderrLogger::StderrLogger(const Clock& clock, LogLevel least)
    : clock_(clock),
      least_(least),
      sink_(std::make_unique<spdlog::logger>("latchkey",
                                             std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
  sink_->set_pattern("%v");
  sink_->set_level(spdlog::level::trace);
  sink_->flush_on(spdlog::level::trace);
  sink_->set_error_handler([](const std::string&) {});
}

StderrLogger::~StderrLogger() = default;

void StderrLogger::Log(LogLevel level, absl::string_view message,
                       absl::Span<const LogField> fields) {
  if (level < least_) return;
  const std::string line = FormatLogLine(clock_.Now(), level, message, fields);
  sink_->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace latchkey
