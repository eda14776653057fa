#include "server/secret/new_secret.h"

#include <string>
#include <utility>

namespace latchkey::secret {

SecretString GenerateSecret(absl::string_view prefix, Entropy& entropy) {
  // Made in place, since every copy would have to be wiped.
  std::string secret(SecretBytes(prefix), '_');
  SecretBits bits{};
  entropy.Fill(bits.data(), sizeof(bits));
  WriteSecret(prefix, bits, secret.data());
  Wipe(bits.data(), sizeof(bits));
  return SecretString(std::move(secret));
}

}  // namespace latchkey::secret
