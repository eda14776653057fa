#include "server/secret/sealer.h"

#include <openssl/evp.h>

#include <limits>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

namespace latchkey::secret {
namespace {

constexpr std::size_t kNonceSize = 12;
constexpr std::size_t kTagSize = 16;
constexpr absl::string_view kReplayInfo = "latchkey replay v1";
constexpr absl::string_view kRequestIdLabel("latchkey request id\0", 20);

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

const unsigned char* Data(absl::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* Data(std::string& bytes, std::size_t at = 0) {
  return reinterpret_cast<unsigned char*>(bytes.data()) + at;
}

absl::Status Failed() { return absl::InternalError("the cipher failed"); }

// Runs AES-256-GCM over `in` into `out`, which has room. Leaves the tag to the caller.
bool Run(EVP_CIPHER_CTX* c, bool encrypt, const Digest& key, absl::string_view nonce,
         absl::string_view context, absl::string_view in, unsigned char* out) {
  constexpr std::size_t kMax = std::numeric_limits<int>::max();
  if (context.size() > kMax || in.size() > kMax) return false;
  int size = 0;
  return EVP_CipherInit_ex(c, EVP_aes_256_gcm(), nullptr, key.data(), Data(nonce),
                           encrypt ? 1 : 0) == 1 &&
         EVP_CipherUpdate(c, nullptr, &size, Data(context), static_cast<int>(context.size())) ==
             1 &&
         EVP_CipherUpdate(c, out, &size, Data(in), static_cast<int>(in.size())) == 1;
}

}  // namespace

std::string RequestIdHash(absl::string_view request_id, absl::string_view caller) {
  const Digest digest =
      Sha256(absl::StrCat(kRequestIdLabel, caller, absl::string_view("\0", 1), request_id));
  return std::string(AsBytes(digest));
}

Digest Sealer::KeyOf(absl::string_view request_id) const {
  return HkdfSha256(salt_, request_id, kReplayInfo);
}

absl::StatusOr<std::string> Sealer::Seal(absl::string_view request_id, absl::string_view context,
                                         absl::string_view plain, Entropy& entropy) const {
  std::string sealed(kNonceSize + plain.size() + kTagSize, '\0');
  entropy.Fill(sealed.data(), kNonceSize);
  Digest key = KeyOf(request_id);
  const Cipher cipher(EVP_CIPHER_CTX_new());
  int rest = 0;
  const bool ok =
      cipher != nullptr &&
      Run(cipher.get(), true, key, absl::string_view(sealed).substr(0, kNonceSize), context, plain,
          Data(sealed, kNonceSize)) &&
      EVP_CipherFinal_ex(cipher.get(), Data(sealed, kNonceSize + plain.size()), &rest) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagSize,
                          Data(sealed, kNonceSize + plain.size())) == 1;
  Wipe(key.data(), key.size());
  if (!ok) return Failed();
  return sealed;
}

absl::StatusOr<std::string> Sealer::Open(absl::string_view request_id, absl::string_view context,
                                         absl::string_view sealed) const {
  const absl::Status altered = absl::DataLossError("a sealed answer does not open");
  if (sealed.size() < kNonceSize + kTagSize) return altered;
  const std::size_t size = sealed.size() - kNonceSize - kTagSize;
  std::string tag(sealed.substr(kNonceSize + size));
  std::string plain(size + 1, '\0');  // never empty, so that there is always room to point at
  Digest key = KeyOf(request_id);
  const Cipher cipher(EVP_CIPHER_CTX_new());
  int rest = 0;
  const bool ok =
      cipher != nullptr &&
      Run(cipher.get(), false, key, sealed.substr(0, kNonceSize), context,
          sealed.substr(kNonceSize, size), Data(plain)) &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagSize, Data(tag)) == 1 &&
      EVP_CipherFinal_ex(cipher.get(), Data(plain, size), &rest) == 1;
  Wipe(key.data(), key.size());
  if (!ok) {
    Wipe(plain.data(), plain.size());
    return altered;
  }
  plain.resize(size);
  return plain;
}

}  // namespace latchkey::secret
