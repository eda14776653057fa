#ifndef LATCHKEY_SERVER_SECRET_KEY_FILE_TEXT_H_
#define LATCHKEY_SERVER_SECRET_KEY_FILE_TEXT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/secret/digest.h"
#include "server/secret/secret_string.h"

namespace latchkey::secret {

// What a key file says. Every key is of 32 bytes.
struct KeyFileContents {
  struct HashKey {
    std::uint32_t id = 0;
    SecretString key;
  };

  std::vector<HashKey> hash_keys;  // the one in use first; ids are distinct and not 0
  SecretString sealing_key;
  Digest operator_hash{};
  // The key that signs the log's checkpoints: its name, and the seed of an Ed25519 key. Both are
  // empty in a file that was made before there were checkpoints.
  std::string log_origin;
  SecretString log_seed;

  bool has_log_key() const { return !log_seed.empty(); }
};

// Writes the format that docs/key_file.md describes.
SecretString FormatKeyFile(const KeyFileContents& contents);

// Reads it; the two fields of the log's key may be missing together. DATA_LOSS: it is no such text,
// or a field is unknown, missing, twice there, or malformed; names the line and the field, and
// shows no value.
absl::StatusOr<KeyFileContents> ParseKeyFile(absl::string_view text);

}  // namespace latchkey::secret

#endif  // LATCHKEY_SERVER_SECRET_KEY_FILE_TEXT_H_
