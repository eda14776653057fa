#ifndef LATCHKEY_SERVER_SECRET_DIGEST_H_
#define LATCHKEY_SERVER_SECRET_DIGEST_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace latchkey::secret {

// 32 bytes of SHA-256 or HMAC-SHA-256.
using Digest = std::array<std::uint8_t, 32>;

inline absl::string_view AsBytes(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// SHA-256 (FIPS 180-4).
Digest Sha256(absl::string_view bytes);

// HMAC-SHA-256 (RFC 2104) under one key, with the two padded key blocks hashed beforehand, since it
// runs on every verification. Immutable; thread-safe. Wipes its state on destruction. One that was
// moved from may only be assigned to or destroyed.
class KeyedHash {
 public:
  // `key` may be of any size; the server's are 32 random bytes.
  explicit KeyedHash(absl::string_view key);
  ~KeyedHash();
  KeyedHash(KeyedHash&&) noexcept;
  KeyedHash& operator=(KeyedHash&&) noexcept;

  Digest Hash(absl::string_view bytes) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// HKDF-SHA-256 (RFC 5869), extract and expand, giving its first 32 bytes. `salt` is the keyed hash
// under the salt.
Digest HkdfSha256(const KeyedHash& salt, absl::string_view input_key, absl::string_view info);

}  // namespace latchkey::secret

#endif  // LATCHKEY_SERVER_SECRET_DIGEST_H_
