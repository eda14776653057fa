#ifndef LATCHKEY_SERVER_BASE_PEM_PAIR_H_
#define LATCHKEY_SERVER_BASE_PEM_PAIR_H_

#include <string>

namespace latchkey {

// A certificate and its key, as TLS takes them. gRPC finds out what is wrong with them at the first
// handshake only, and says no more then than that there is no connection. Thread-safe.

enum class PemPair {
  kFits,
  kNoCertificate,  // none in PEM that can be read
  kNoKey,          // none in PEM that can be read without a passphrase
  kOtherKey,       // the key is not the certificate's
};

// Says whether the key in `key_pem` is that of the first certificate in `chain_pem`.
PemPair CheckPemPair(const std::string& chain_pem, const std::string& key_pem);

// Returns whether the first certificate in `pem` can be read.
bool HoldsCertificate(const std::string& pem);

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_BASE_PEM_PAIR_H_
