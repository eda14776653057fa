#ifndef LATCHKEY_TESTS_TESTING_MADE_UP_SECRET_H_
#define LATCHKEY_TESTS_TESTING_MADE_UP_SECRET_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "server/form/secret_form.h"

namespace latchkey::testing {

// Returns a secret of the right form, and nobody's; another for each `number`.
inline std::string MadeUpSecret(absl::string_view prefix, std::uint32_t number = 7) {
  secret::SecretBits bits{};
  bits.fill(number * 2654435761U);
  std::string text(secret::SecretBytes(prefix), '\0');
  secret::WriteSecret(prefix, bits, text.data());
  return text;
}

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_TESTING_MADE_UP_SECRET_H_
