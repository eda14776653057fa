#include "tools/latchkey/error_report.h"

#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/error_details.h"
#include "google/rpc/error_details.pb.h"
#include "nlohmann/json.hpp"
#include "tools/latchkey/resource_name.h"
#include "tools/latchkey/terminal.h"

namespace latchkey::cli {
namespace {

// Payloads of errors that never leave this program.
constexpr char kNoteUrl[] = "latchkey.cli/note";
constexpr char kHintUrl[] = "latchkey.cli/hint";

std::string OwnPayload(const absl::Status& status, const char* url) {
  return std::string(status.GetPayload(url).value_or(absl::Cord()));
}

std::string Metadata(const ErrorReport& report, const std::string& key) {
  const auto found = report.metadata.find(key);
  return found == report.metadata.end() ? "" : found->second;
}

// What to do about a connection that failed for what gRPC's words tell of; "" where they do not.
std::string HintForConnection(absl::string_view message, const ErrorContext& context) {
  if (absl::StrContains(message, "wrong version number")) {
    return absl::StrCat(context.target,
                        " does not talk TLS: leave out --tls, --ca-file, --cert-file, --key-file "
                        "and --server-name, here and in the context.");
  }
  if (absl::StrContains(message, "certificate verify failed")) {
    return "Nobody who is trusted signed the server's certificate: give its authority with "
           "--ca-file.";
  }
  if (absl::StrContains(message, "is not in peer certificate")) {
    return "The server's certificate is for another name: give that with --server-name, if it is "
           "the server that you mean.";
  }
  if (absl::StrContains(message, "handshake failed")) {
    return "See --ca-file and --server-name; a server may also want --cert-file and --key-file.";
  }
  if (!absl::StrContains(message, "Socket closed")) return "";
  return absl::StrCat("Is it a Latchkey server at ", context.target,
                      context.tls ? "? It may want a client's certificate: --cert-file, --key-file."
                                  : "? It may take TLS alone: --tls or --ca-file.");
}

// What to do where no answer came.
std::string HintWithoutAnswer(const absl::Status& status, const ErrorContext& context) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      if (std::string hint = HintForConnection(status.message(), context); !hint.empty()) {
        return hint;
      }
      return absl::StrCat("Is the server running at ", context.target, "? See --target.");
    case absl::StatusCode::kDeadlineExceeded:
      return absl::StrCat("Is the server running at ", context.target,
                          "? Or give it more time with --timeout.");
    default:
      return "";
  }
}

std::string RepeatHint(const ErrorContext& context) {
  if (context.request_id.empty()) return "";
  return absl::StrCat(" The change may have been made: repeat the command with --request-id ",
                      context.request_id, " within 10 minutes, and it is made once.");
}

std::string HintUnauthenticated(const ErrorReport& report, const ErrorContext& context) {
  if (!context.on_behalf_of.empty() && absl::StrContains(report.message, context.on_behalf_of)) {
    return "Nobody can be acted for by that name: check --as, LATCHKEY_ON_BEHALF_OF and the "
           "context's on_behalf_of.";
  }
  return context.has_secret
             ? "Check that the caller's secret is whole and its token active: latchkey verify."
             : "Give the caller's secret: LATCHKEY_TOKEN, --token-file, --token-env or a context.";
}

std::string HintOutOfRange(const ErrorReport& report) {
  std::uint64_t oldest = 0;
  std::uint64_t newest = 0;
  if (!absl::SimpleAtoi(Metadata(report, "oldest"), &oldest)) return "";
  const std::uint64_t first = oldest == 0 ? 0 : oldest - 1;
  // Without the end it is not known on which side of the log the position was.
  if (!absl::SimpleAtoi(Metadata(report, "newest"), &newest)) {
    return absl::StrCat("The oldest event kept is ", oldest, "; begin with --after ", first, ".");
  }
  return absl::StrCat(
      "The events kept are ", oldest, " to ", newest, "; begin with --after ", first,
      " at the least and ", newest, " at the most.",
      Metadata(report, "checkpoint").empty()
          ? ""
          : " A signed checkpoint that covers those before is in the error with -o json.");
}

std::string HintFor(const absl::Status& status, const ErrorReport& report,
                    const ErrorContext& context) {
  switch (GetErrorReason(status)) {
    case v1::ERROR_REASON_UNSPECIFIED:
      return context.target.empty() ? "" : HintWithoutAnswer(status, context);
    case v1::ERROR_REASON_UNAUTHENTICATED:
      return HintUnauthenticated(report, context);
    case v1::ERROR_REASON_DENIED:
      // A stream whose credential ended.
      if (Metadata(report, "rule") == "caller.unauthenticated") {
        return HintUnauthenticated(report, context);
      }
      return absl::StrCat("latchkey policy rules ", Metadata(report, "rule"),
                          " shows the row of the table; latchkey policy check asks for another.");
    case v1::ERROR_REASON_NEEDS_APPROVAL:
      return absl::StrCat("Somebody who may resolves it with: latchkey request approve ",
                          ShortName(Metadata(report, "request")), "  Then repeat this command.");
    case v1::ERROR_REASON_REQUEST_ID_REUSED:
      return "Leave out --request-id, or give a new random UUID.";
    case v1::ERROR_REASON_PAGE_TOKEN_INVALID:
      return "Leave out --page-token to begin anew.";
    case v1::ERROR_REASON_REVISION_MISMATCH:
      return absl::StrCat("Look at it again; it is at revision ", Metadata(report, "actual"), ".");
    case v1::ERROR_REASON_CONFIRMATION_INVALID:
      return "Leave out --confirm to preview again.";
    case v1::ERROR_REASON_PLAN_LIMIT:
      return "latchkey policy plans shows what each plan takes.";
    case v1::ERROR_REASON_TOKEN_NOT_ACTIVE:
      return "Issue a new token, or install the app again.";
    case v1::ERROR_REASON_POSITION_OUT_OF_RANGE:
      return HintOutOfRange(report);
    case v1::ERROR_REASON_STORE_UNAVAILABLE:
    case v1::ERROR_REASON_SHUTTING_DOWN:
    case v1::ERROR_REASON_REVISION_NOT_REACHED:
    case v1::ERROR_REASON_OVERLOADED:
      return "Try again in a moment.";
    case v1::ERROR_REASON_METHOD_NOT_OFFERED:
      return "This takes a newer server.";
    case v1::ERROR_REASON_INTERNAL:
    case v1::ERROR_REASON_DATA_LOSS:
      return absl::StrCat("The server's log has more under ", Metadata(report, "log_id"), ".");
    default:
      return "";
  }
}

}  // namespace

ErrorReport MakeErrorReport(const absl::Status& status, const ErrorContext& context) {
  ErrorReport report;
  report.code = absl::StatusCodeToString(status.code());
  report.message = std::string(status.message());
  if (const auto info = GetErrorDetail<google::rpc::ErrorInfo>(status)) {
    report.reason = info->reason();
    report.metadata.insert(info->metadata().begin(), info->metadata().end());
    report.rule = Metadata(report, "rule");
  }
  if (const auto bad = GetErrorDetail<google::rpc::BadRequest>(status)) {
    for (const auto& violation : bad->field_violations()) {
      report.violations.emplace_back(violation.field(), violation.description());
    }
  }
  report.note = OwnPayload(status, kNoteUrl);
  report.hint = OwnPayload(status, kHintUrl);
  if (report.hint.empty()) report.hint = HintFor(status, report, context);
  // These do not say whether a mutation was made.
  if (IsWithoutAnswer(status)) {
    absl::StrAppend(&report.hint, RepeatHint(context));
  }
  return report;
}

bool IsWithoutAnswer(const absl::Status& status) {
  return status.code() == absl::StatusCode::kDeadlineExceeded ||
         (status.code() == absl::StatusCode::kUnavailable &&
          !GetErrorDetail<google::rpc::ErrorInfo>(status).has_value());
}

std::optional<std::uint64_t> OldestKept(const absl::Status& status) {
  const auto info = GetErrorDetail<google::rpc::ErrorInfo>(status);
  std::uint64_t oldest = 0;
  const bool is_known = absl::IsOutOfRange(status) && info.has_value() &&
                        info->metadata().contains("oldest") &&
                        absl::SimpleAtoi(info->metadata().at("oldest"), &oldest) && oldest > 0;
  return is_known ? std::optional(oldest) : std::nullopt;
}

absl::Status WithNote(const absl::Status& error, absl::string_view note) {
  absl::Status noted(error.code(), absl::StrCat(error.message(), " (", note, ")"));
  error.ForEachPayload([&noted](absl::string_view url, const absl::Cord& payload) {
    noted.SetPayload(url, payload);
  });
  noted.SetPayload(kNoteUrl, absl::Cord(note));
  return noted;
}

absl::Status WithHint(const absl::Status& error, absl::string_view hint) {
  absl::Status hinted = error;
  hinted.SetPayload(kHintUrl, absl::Cord(hint));
  return hinted;
}

namespace {

// The message up to the reason, which has a line of its own as what follows it has; but for a note.
std::string Headline(const ErrorReport& report) {
  if (report.message.empty()) return report.code;
  const std::string reason = Metadata(report, "reason");
  const auto end =
      reason.empty() ? std::string::npos : report.message.find(absl::StrCat(": ", reason));
  if (end == std::string::npos) return report.message;
  const std::string headline = report.message.substr(0, end);
  return report.note.empty() ? headline : absl::StrCat(headline, " (", report.note, ")");
}

}  // namespace

void PrintErrorText(const ErrorReport& report, bool color, std::ostream& err) {
  err << (color ? "\x1b[31mlatchkey:\x1b[0m " : "latchkey: ") << EscapeForTerminal(Headline(report))
      << '\n';
  Table table;
  if (!report.rule.empty()) table.AddRow({"  rule", report.rule});
  if (const std::string why = Metadata(report, "reason"); !why.empty()) {
    table.AddRow({"  reason", why});
  }
  if (const std::string request = Metadata(report, "request"); !request.empty()) {
    table.AddRow({"  request", request});
  }
  for (const auto& [field, what] : report.violations) {
    table.AddRow({absl::StrCat("  ", field), what});
  }
  if (!report.hint.empty()) table.AddRow({"  next", report.hint});
  table.Print(err);
}

void PrintErrorJson(const ErrorReport& report, std::ostream& err) {
  nlohmann::ordered_json json;
  json["code"] = report.code;
  json["reason"] = report.reason;
  json["message"] = report.message;
  json["rule"] = report.rule;
  json["metadata"] = report.metadata;
  json["violations"] = nlohmann::json::array();
  for (const auto& [field, what] : report.violations) {
    json["violations"].push_back({{"field", field}, {"description", what}});
  }
  json["hint"] = report.hint;
  err << json.dump(-1, ' ', /*ensure_ascii=*/true, nlohmann::json::error_handler_t::replace)
      << '\n';
}

}  // namespace latchkey::cli
