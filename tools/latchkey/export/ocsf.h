#ifndef LATCHKEY_TOOLS_LATCHKEY_EXPORT_OCSF_H_
#define LATCHKEY_TOOLS_LATCHKEY_EXPORT_OCSF_H_

#include <string>

#include "tools/latchkey/export/event_json.h"

namespace latchkey::cli {

// Returns an event in the Open Cybersecurity Schema Framework's form, version 1.4.0, with the
// profile "cloud". The event in the contract's own form is in `raw_data`, so that nothing is lost,
// and what that framework has no place for in `unmapped`.
Json ToOcsf(const v1::Event& event, const std::string& source);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_EXPORT_OCSF_H_
