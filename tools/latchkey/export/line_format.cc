#include "tools/latchkey/export/line_format.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "tools/latchkey/export/cloud_events.h"
#include "tools/latchkey/export/ocsf.h"
#include "tools/latchkey/export/slack.h"
#include "tools/latchkey/output.h"

namespace latchkey::cli {
namespace {

std::string Line(const Json& json) {
  return absl::StrCat(json.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace),
                      "\n");
}

}  // namespace

absl::StatusOr<LineFormat> ParseLineFormat(absl::string_view text) {
  if (text == "jsonl") return LineFormat::kJsonl;
  if (text == "cloudevents") return LineFormat::kCloudEvents;
  if (text == "ocsf") return LineFormat::kOcsf;
  if (text == "slack") return LineFormat::kSlack;
  return absl::InvalidArgumentError(
      absl::StrCat("--format is '", text, "'; it takes jsonl, cloudevents, ocsf or slack"));
}

std::string MakeLine(LineFormat format, const v1::Event& event, const std::string& source) {
  switch (format) {
    case LineFormat::kJsonl:
      return ToJson(event, /*one_line=*/true);
    case LineFormat::kCloudEvents:
      return Line(ToCloudEvent(event, source));
    case LineFormat::kOcsf:
      return Line(ToOcsf(event, source));
    case LineFormat::kSlack:
      return Line(ToSlackEntry(event, source));
  }
  return "";
}

}  // namespace latchkey::cli
