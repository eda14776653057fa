#ifndef LATCHKEY_SERVER_SECRET_KEY_FILE_H_
#define LATCHKEY_SERVER_SECRET_KEY_FILE_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/entropy.h"
#include "server/secret/key_file_text.h"
#include "server/secret/keyring.h"
#include "server/secret/secret_string.h"

namespace latchkey::secret {

// The server's keys on disk (docs/key_file.md): what the database must never hold. Whoever has both
// this file and the database can tell a guessed secret; whoever has the database alone can not.
// Immutable; thread-safe. Wipes the keys on destruction.
class KeyFile {
 public:
  // Makes fresh keys, and the operator's secret, of which the file keeps only the keyed hash. Show
  // it once: it cannot be had again.
  static KeyFile Create(Entropy& entropy, SecretString& operator_secret);

  // Writes a new file of mode 0600 and syncs it and its folder; leaves nothing where that fails.
  // Blocks on the disk.
  // ALREADY_EXISTS: there is something of that name, which is left alone. NOT_FOUND: its folder is
  // not there. UNAVAILABLE: the disk refuses.
  absl::Status Write(const std::string& path) const;

  // Blocks on the disk.
  // NOT_FOUND: there is no file. FAILED_PRECONDITION: others than its owner may get at it, it is
  // owned by another user than this process's and root, or it is no regular file or a link to one;
  // says what to do. DATA_LOSS: it is damaged or too large; names the line and the field.
  // UNAVAILABLE: the system does not let it be read.
  static absl::StatusOr<KeyFile> Read(const std::string& path);

  // Makes what the server works with.
  Keyring MakeKeyring() const;

 private:
  explicit KeyFile(KeyFileContents contents) : contents_(std::move(contents)) {}

  KeyFileContents contents_;
};

}  // namespace latchkey::secret

#endif  // LATCHKEY_SERVER_SECRET_KEY_FILE_H_
