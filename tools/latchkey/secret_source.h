#ifndef LATCHKEY_TOOLS_LATCHKEY_SECRET_SOURCE_H_
#define LATCHKEY_TOOLS_LATCHKEY_SECRET_SOURCE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/secret_string.h"
#include "tools/latchkey/io.h"

namespace latchkey::cli {

// Where a secret is read from: never the command line, which other users of the machine can see.
struct SecretSource {
  enum class Kind { kNone, kStandardInput, kFile, kEnvironment };
  Kind kind = Kind::kNone;
  std::string name;  // the file's path, or the variable's name
};

// Reads "-" (standard input), "env:NAME" or a file's path.
// INVALID_ARGUMENT: it is empty.
absl::StatusOr<SecretSource> ParseSecretSource(absl::string_view text);

// Reads the one secret there. Asks for it without echo where standard input is a terminal.
// INVALID_ARGUMENT: no such file or variable, or it cannot be read, is empty, is not UTF-8, or
// holds more than one line.
absl::StatusOr<SecretString> ReadSecret(const SecretSource& source, const Io& io);

// Reads every line that is not empty; at least one.
// INVALID_ARGUMENT: as ReadSecret().
absl::StatusOr<std::vector<SecretString>> ReadSecrets(const SecretSource& source, const Io& io);

// Brings back the echo of a terminal on which a secret is being asked for, and else does nothing.
// For whoever ends the process meanwhile. Thread-safe.
void RestoreTerminal();

// Returns whether `argument` seems to hold a Latchkey secret.
bool LooksLikeSecret(absl::string_view argument);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_SECRET_SOURCE_H_
