#ifndef LATCHKEY_TOOLS_LATCHKEY_EXIT_CODE_H_
#define LATCHKEY_TOOLS_LATCHKEY_EXIT_CODE_H_

#include "absl/status/status.h"

namespace latchkey::cli {

// What the command exits with; scripts depend on the numbers.
enum class ExitCode {
  kOk = 0,
  kFailed = 1,         // anything without a number of its own
  kUsage = 2,          // the command line is wrong, seen here or by the server
  kDenied = 3,         // denied, or not authenticated
  kNotFound = 4,       // no such thing, or not one that the caller may know of
  kNeedsApproval = 5,  // somebody has to approve it first
  kTokenInactive = 6,  // the token is not active
  kUnavailable = 7,    // no server, an overloaded one, or none in time
  kConflict = 8,       // the state is not what the command takes
  kSecretsFound = 9,   // secrets were found where none should be, and are not dealt with
  kDamaged = 10,       // what is stored or was sent is not what it was, or not what was signed
  kInterrupted = 130,  // ended by SIGINT
};

// Returns what a command that failed with `status` exits with.
ExitCode ExitCodeOf(const absl::Status& status);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_EXIT_CODE_H_
