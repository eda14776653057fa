#ifndef LATCHKEY_SERVER_SECRET_NEW_SECRET_H_
#define LATCHKEY_SERVER_SECRET_NEW_SECRET_H_

#include "absl/strings/string_view.h"
#include "server/base/entropy.h"
#include "server/form/secret_form.h"
#include "server/secret/secret_string.h"

namespace latchkey::secret {

// Makes a new secret. `prefix` is one of TokenPrefixes, or kOperatorPrefix.
SecretString GenerateSecret(absl::string_view prefix, Entropy& entropy);

}  // namespace latchkey::secret

#endif  // LATCHKEY_SERVER_SECRET_NEW_SECRET_H_
