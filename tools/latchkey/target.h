#ifndef LATCHKEY_TOOLS_LATCHKEY_TARGET_H_
#define LATCHKEY_TOOLS_LATCHKEY_TARGET_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace latchkey::cli {

// INVALID_ARGUMENT: `target` does not say where a server is, judged by the text alone; says what a
// target takes. gRPC would try another port, or look for a host of that name.
absl::Status CheckTarget(absl::string_view target);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_TARGET_H_
