#ifndef LATCHKEY_TOOLS_LATCHKEY_OUTPUT_H_
#define LATCHKEY_TOOLS_LATCHKEY_OUTPUT_H_

#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "latchkey/v1/token_service.pb.h"
#include "tools/latchkey/exit_code.h"
#include "tools/latchkey/session.h"
#include "tools/latchkey/terminal.h"

namespace latchkey::cli {

// A column of a list: its heading, and the path of the field in it, such as
// "settings.app_approval_required".
struct Column {
  absl::string_view heading;
  absl::string_view path;
};

// Returns a field as people read it: enums by EnumText(), times in RFC 3339, the last use to
// the hour, spans as options take them, lists with commas, what is not set as "". A path that does
// not exist is a programming error.
std::string FieldText(const google::protobuf::Message& message, absl::string_view path);

// Adds a row for each field that says something; booleans always do, numbers where they are not 0,
// but for a consumer's position and lag.
void AddDetails(const google::protobuf::Message& message, Table& table);

// Returns a message in protobuf's JSON form, on one line or on many.
std::string ToJson(const google::protobuf::Message& message, bool one_line);

// Returns the repeated field of messages that a list's page consists of; null if there is none.
const google::protobuf::FieldDescriptor* ItemsField(const google::protobuf::Message& page);

// The answers of commands. Each prints `response` as JSON, or what is said here as a table, and
// returns kOk.
// UNKNOWN: standard output could not be written. A pipe whose reader has gone is not an error.

// The details of `resource`, a part of the response.
absl::StatusOr<ExitCode> ShowResource(Session& session, const google::protobuf::Message& response,
                                      const google::protobuf::Message& resource);
// The details of the response's first field, which most answers have their resource in.
absl::StatusOr<ExitCode> ShowFirstField(Session& session,
                                        const google::protobuf::Message& response);
// The list in `response`, and on standard error whether it goes on.
absl::StatusOr<ExitCode> ShowList(Session& session, const google::protobuf::Message& response,
                                  const std::vector<Column>& columns);
// One sentence.
absl::StatusOr<ExitCode> ShowSentence(Session& session, const google::protobuf::Message& response,
                                      absl::string_view sentence);
// Each token's secret on a line of its own, and nothing else, on standard output; the details on
// standard error. UNKNOWN names the way to get the secrets again.
absl::StatusOr<ExitCode> ShowSecrets(Session& session, const google::protobuf::Message& response,
                                     const std::vector<const v1::IssuedToken*>& tokens);

// Calls the server and shows its answer by ShowFirstField().
template <typename Request>
absl::StatusOr<ExitCode> CallAndShow(Session& session, Request request) {
  LATCHKEY_ASSIGN_OR_RETURN(const auto response, session.Call(std::move(request)));
  return ShowFirstField(session, response);
}

// Reads a list by ListAll() and shows it.
template <typename Request>
absl::StatusOr<ExitCode> CallAndList(Session& session, Request request, const Paging& paging,
                                     const std::vector<Column>& columns) {
  LATCHKEY_ASSIGN_OR_RETURN(const auto response, ListAll(session, std::move(request), paging));
  return ShowList(session, response, columns);
}

// Flushes standard output and says how it went, as above.
absl::StatusOr<ExitCode> FinishOutput(Session& session);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_OUTPUT_H_
