#ifndef LATCHKEY_TOOLS_LATCHKEY_EXPORT_SLACK_H_
#define LATCHKEY_TOOLS_LATCHKEY_EXPORT_SLACK_H_

#include <string>

#include "tools/latchkey/export/event_json.h"

namespace latchkey::cli {

// Returns an event in the shape of an entry of Slack's Audit Logs API. What that has no place for
// is in `details`, so that nothing is lost.
Json ToSlackEntry(const v1::Event& event, const std::string& source);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_EXPORT_SLACK_H_
