#include "server/secret/keyring.h"

#include "server/form/secret_form.h"

namespace latchkey::secret {

Keyring::Keyring(std::vector<std::pair<std::uint32_t, KeyedHash>> keys, Sealer sealer,
                 const Digest& operator_hash, merkle::NoteSigner log_signer)
    : keys_(std::move(keys)),
      sealer_(std::move(sealer)),
      operator_hash_(operator_hash),
      log_signer_(std::move(log_signer)) {
  for (const auto& [id, key] : keys_) key_ids_.push_back(id);
}

Digest Keyring::HashUnder(std::uint32_t key_id, absl::string_view presented) const {
  for (const auto& [id, key] : keys_) {
    if (id == key_id) return key.Hash(presented);
  }
  return keys_.front().second.Hash(presented);
}

bool Keyring::IsOperatorSecret(absl::string_view presented) const {
  if (!HasSecretForm(kOperatorPrefix, presented)) return false;
  // Under every key there is, so that putting a new one first does not lock the operator out.
  bool found = false;
  for (const auto& [id, key] : keys_) {
    const Digest digest = key.Hash(presented);
    found = ConstantTimeEquals(AsBytes(digest), AsBytes(operator_hash_)) || found;
  }
  return found;
}

}  // namespace latchkey::secret
