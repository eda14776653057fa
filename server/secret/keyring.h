#ifndef LATCHKEY_SERVER_SECRET_KEYRING_H_
#define LATCHKEY_SERVER_SECRET_KEYRING_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/secret/digest.h"
#include "server/secret/sealer.h"
#include "storage/merkle/signed_note.h"

namespace latchkey::secret {

// The keys of a server in use, made from its key file. Immutable; thread-safe. Keys are wiped when
// it is destroyed.
class Keyring {
 public:
  // `keys` are ids and keys of 32 bytes, the one in use first; at least one, ids distinct.
  Keyring(std::vector<std::pair<std::uint32_t, KeyedHash>> keys, Sealer sealer,
          const Digest& operator_hash, merkle::NoteSigner log_signer);

  // The id of the key that new secrets are hashed under.
  std::uint32_t current_key_id() const { return key_ids_.front(); }
  // Every id, the one in use first.
  const std::vector<std::uint32_t>& key_ids() const { return key_ids_; }

  // Hashes a secret under a key there is: `key_id` must be one of key_ids().
  Digest HashUnder(std::uint32_t key_id, absl::string_view presented) const;
  Digest HashUnderCurrent(absl::string_view presented) const {
    return keys_.front().second.Hash(presented);
  }

  // Returns whether `presented`, which may be any bytes, is the operator's secret. Compares in
  // constant time.
  bool IsOperatorSecret(absl::string_view presented) const;

  const Sealer& sealer() const { return sealer_; }
  // Signs the log's checkpoints.
  const merkle::NoteSigner& log_signer() const { return log_signer_; }

 private:
  std::vector<std::pair<std::uint32_t, KeyedHash>> keys_;
  std::vector<std::uint32_t> key_ids_;
  Sealer sealer_;
  Digest operator_hash_;
  merkle::NoteSigner log_signer_;
};

}  // namespace latchkey::secret

#endif  // LATCHKEY_SERVER_SECRET_KEYRING_H_
