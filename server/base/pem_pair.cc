#include "server/base/pem_pair.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

namespace latchkey {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

// Leaves the thread's queue of OpenSSL errors as it was: it may be another's.
class ErrorsOfOthers {
 public:
  ErrorsOfOthers() { ERR_set_mark(); }
  ~ErrorsOfOthers() { ERR_pop_to_mark(); }
  ErrorsOfOthers(const ErrorsOfOthers&) = delete;
  ErrorsOfOthers& operator=(const ErrorsOfOthers&) = delete;
};

Bio Open(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
}

// An encrypted key has nobody to type its passphrase.
int NoPassphrase(char*, int, int, void*) { return 0; }

Certificate ParseCertificate(const std::string& pem) {
  return Certificate(PEM_read_bio_X509(Open(pem).get(), nullptr, &NoPassphrase, nullptr),
                     &X509_free);
}

Key ParseKey(const std::string& pem) {
  return Key(PEM_read_bio_PrivateKey(Open(pem).get(), nullptr, &NoPassphrase, nullptr),
             &EVP_PKEY_free);
}

}  // namespace

PemPair CheckPemPair(const std::string& chain_pem, const std::string& key_pem) {
  const ErrorsOfOthers errors;
  const Certificate certificate = ParseCertificate(chain_pem);
  if (certificate == nullptr) return PemPair::kNoCertificate;
  const Key key = ParseKey(key_pem);
  if (key == nullptr) return PemPair::kNoKey;
  return X509_check_private_key(certificate.get(), key.get()) == 1 ? PemPair::kFits
                                                                   : PemPair::kOtherKey;
}

bool HoldsCertificate(const std::string& pem) {
  const ErrorsOfOthers errors;
  return ParseCertificate(pem) != nullptr;
}

}  // namespace latchkey
