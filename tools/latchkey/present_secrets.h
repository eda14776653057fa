#ifndef LATCHKEY_TOOLS_LATCHKEY_PRESENT_SECRETS_H_
#define LATCHKEY_TOOLS_LATCHKEY_PRESENT_SECRETS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "client/secret_string.h"
#include "tools/latchkey/session.h"

namespace latchkey::cli {

// What came of presenting secrets in order to end their tokens.
struct Presented {
  absl::Status status;         // OK: all of them; else why not, and how many were
  std::size_t count = 0;       // that the server answered for
  std::uint64_t revision = 0;  // as of which they are not good for anything; 0 where count is 0
};

// Presents `secrets`, in as many calls as it takes. Needs no credentials.
Presented PresentSecrets(Session& session, const std::vector<SecretString>& secrets,
                         const std::string& reason);

// What is said where the operator's secret is among secrets that are to be revoked.
inline constexpr char kOperatorIsLeft[] =
    "The operator's secret is among them, which cannot be revoked; docs/tokens.md says how to "
    "replace it.";

// Returns whether `secret` has the operator's prefix, whole or not.
bool IsOperatorSecret(absl::string_view secret);

// Says so in a sentence.
std::string PresentedSentence(const Presented& presented);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_PRESENT_SECRETS_H_
