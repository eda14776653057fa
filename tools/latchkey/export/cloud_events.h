#ifndef LATCHKEY_TOOLS_LATCHKEY_EXPORT_CLOUD_EVENTS_H_
#define LATCHKEY_TOOLS_LATCHKEY_EXPORT_CLOUD_EVENTS_H_

#include <string>

#include "tools/latchkey/export/event_json.h"

namespace latchkey::cli {

// Returns an event in the structured JSON form of CloudEvents 1.0, with the contract's own as data.
// `source` and the sequence number name it.
Json ToCloudEvent(const v1::Event& event, const std::string& source);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_EXPORT_CLOUD_EVENTS_H_
