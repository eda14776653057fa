#ifndef LATCHKEY_TOOLS_LATCHKEY_ERROR_REPORT_H_
#define LATCHKEY_TOOLS_LATCHKEY_ERROR_REPORT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace latchkey::cli {

// An error as it is told: what failed, by which rule, and what to do next.
struct ErrorReport {
  std::string code;    // such as "NOT_FOUND"
  std::string reason;  // of the ErrorInfo; empty where it has none
  std::string message;
  std::string rule;                             // of the decision table; empty where none decided
  std::map<std::string, std::string> metadata;  // of the ErrorInfo
  std::vector<std::pair<std::string, std::string>> violations;  // field, what is wrong with it
  std::string note;                                             // see WithNote()
  std::string hint;                                             // what to do; may be empty
};

// What the command knows beside the status.
struct ErrorContext {
  std::string target;        // empty: no server was asked
  std::string request_id;    // of a mutation that may have been made; else empty
  std::string on_behalf_of;  // whom the caller acts for; empty: nobody
  bool has_secret = false;
  bool tls = false;  // whether the server was talked to over TLS
};

ErrorReport MakeErrorReport(const absl::Status& status, const ErrorContext& context);

// Returns whether no server answered: there was none, the connection broke, or the time was over.
bool IsWithoutAnswer(const absl::Status& status);

// Returns the oldest event that can be had, where `status` is OUT_OF_RANGE and says so.
std::optional<std::uint64_t> OldestKept(const absl::Status& status);

// Returns the error with its details, and with `note` after its message.
absl::Status WithNote(const absl::Status& error, absl::string_view note);

// Returns the error with its details, and with `hint` for what to do next.
absl::Status WithHint(const absl::Status& error, absl::string_view hint);

// Several lines for people, with control characters escaped.
void PrintErrorText(const ErrorReport& report, bool color, std::ostream& err);

// One JSON object on one line, with the fields of ErrorReport.
void PrintErrorJson(const ErrorReport& report, std::ostream& err);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_ERROR_REPORT_H_
