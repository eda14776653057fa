#ifndef LATCHKEY_TOOLS_LATCHKEY_TRUST_FILE_H_
#define LATCHKEY_TOOLS_LATCHKEY_TRUST_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace latchkey::cli {

// What whoever verifies a log remembers of it between runs.
struct LogTrust {
  std::string verifier_key;  // empty: nothing yet
  std::string checkpoint;    // the last one that was verified; empty: none
  std::string filter;        // of the events that were verified, as JSON
  std::uint64_t verified_through = 0;
};

// Reads the file at `path`; an empty LogTrust where there is none.
// INVALID_ARGUMENT: it is no such file. Else as ReadFile() and ReplaceFile().
absl::StatusOr<LogTrust> ReadTrust(const std::string& path);

// Puts `trust` in its place, durably.
absl::Status WriteTrust(const std::string& path, const LogTrust& trust);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_TRUST_FILE_H_
