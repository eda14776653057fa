#ifndef LATCHKEY_TOOLS_LATCHKEY_EXPORT_LINE_FORMAT_H_
#define LATCHKEY_TOOLS_LATCHKEY_EXPORT_LINE_FORMAT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "latchkey/v1/audit_service.pb.h"

namespace latchkey::cli {

// The forms in which the log is exported; docs/export.md tells what each holds.
enum class LineFormat { kJsonl, kCloudEvents, kOcsf, kSlack };

// Reads "jsonl", "cloudevents", "ocsf" or "slack".
// INVALID_ARGUMENT: it is none of them.
absl::StatusOr<LineFormat> ParseLineFormat(absl::string_view text);

// Returns an event as JSON on one line, with the line's end. `source` names the log, for the forms
// that have a place for it. The same event gives the same bytes.
std::string MakeLine(LineFormat format, const v1::Event& event, const std::string& source);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_EXPORT_LINE_FORMAT_H_
