#ifndef LATCHKEY_SERVER_SECRET_SEALER_H_
#define LATCHKEY_SERVER_SECRET_SEALER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/base/entropy.h"
#include "server/secret/digest.h"
#include "server/secret/secret_string.h"

namespace latchkey::secret {

// Returns 32 bytes that stand for a request id in the store: SHA-256 of
// "latchkey request id\0" + caller + "\0" + request_id. The id cannot be had back from it, since it
// is 122 random bits (uuid.h says how they must be written; a caller's name has no zero byte).
std::string RequestIdHash(absl::string_view request_id, absl::string_view caller);

// Seals the answer to a request id, which holds a secret, so that it can be given again while the
// store cannot be made to tell it: to open it takes both the server's key file and the request id,
// of which the store holds neither.
//
//   sealed = nonce (12 random bytes) | ciphertext | tag (16 bytes)       AES-256-GCM
//   key = HKDF-SHA-256(salt: the sealing key, input: request_id, info: "latchkey replay v1")
//   additional data = context
//
// Immutable; thread-safe. Wipes its key on destruction.
class Sealer {
 public:
  // `sealing_key` is 32 random bytes.
  explicit Sealer(absl::string_view sealing_key) : salt_(sealing_key) {}

  // `context` says what is sealed, so that it opens as nothing else. INTERNAL: OpenSSL fails.
  absl::StatusOr<std::string> Seal(absl::string_view request_id, absl::string_view context,
                                   absl::string_view plain, Entropy& entropy) const;

  // Returns all that was sealed, or nothing of it. The caller wipes it.
  // DATA_LOSS: it was altered, or sealed with another key, request id or context.
  absl::StatusOr<std::string> Open(absl::string_view request_id, absl::string_view context,
                                   absl::string_view sealed) const;

 private:
  Digest KeyOf(absl::string_view request_id) const;

  KeyedHash salt_;
};

}  // namespace latchkey::secret

#endif  // LATCHKEY_SERVER_SECRET_SEALER_H_
