#include "server/secret/secret_string.h"

#include <openssl/crypto.h>

namespace latchkey::secret {

void Wipe(void* data, std::size_t size) { OPENSSL_cleanse(data, size); }

void Wipe(std::string& text) {
  // Also what lies beyond the end: a short string that was moved from leaves its characters there.
  text.resize(text.capacity());
  Wipe(text.data(), text.size());
  text.clear();
}

bool ConstantTimeEquals(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

SecretString& SecretString::operator=(SecretString&& other) noexcept {
  if (this == &other) return *this;
  Clear();
  bytes_ = std::move(other.bytes_);
  other.Clear();
  return *this;
}

}  // namespace latchkey::secret
