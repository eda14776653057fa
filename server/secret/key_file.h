#ifndef LATCHKEY_SERVER_SECRET_KEY_FILE_H_
#define LATCHKEY_SERVER_SECRET_KEY_FILE_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
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
  // it once: it cannot be had again. `log_origin` names the log's key, as merkle::IsNoteKeyName()
  // wants it; where it is empty, that is "latchkey/" and a random UUID.
  static KeyFile Create(Entropy& entropy, SecretString& operator_secret,
                        absl::string_view log_origin = "");

  // Writes a new file of mode 0600 and syncs it and its folder; leaves nothing where that fails.
  // Blocks on the disk.
  // ALREADY_EXISTS: there is something of that name, which is left alone. NOT_FOUND: its folder is
  // not there. UNAVAILABLE: the disk refuses.
  absl::Status Write(const std::string& path) const;

  // Blocks on the disk.
  // NOT_FOUND: there is no file. FAILED_PRECONDITION: others than its owner may get at it, it is
  // owned by another user than this process's and root, it is no regular file or a link to one, or
  // it has no key for the log's checkpoints; says what to do. DATA_LOSS: it is damaged or too
  // large; names the line and the field. UNAVAILABLE: the system does not let it be read.
  static absl::StatusOr<KeyFile> Read(const std::string& path);

  // Gives a file that was made before there were checkpoints a key for them, and returns that with
  // the others. The file is replaced in one step, and keeps its mode. `log_origin` as in Create().
  // Blocks on the disk.
  // ALREADY_EXISTS: it has one, or another call is under way. Else as Read() and Write().
  static absl::StatusOr<KeyFile> AddLogKey(const std::string& path, Entropy& entropy,
                                           absl::string_view log_origin = "");

  // Makes what the server works with.
  Keyring MakeKeyring() const;

 private:
  // Read(), where the key for checkpoints may be missing.
  static absl::StatusOr<KeyFile> ReadAny(const std::string& path);

  explicit KeyFile(KeyFileContents contents) : contents_(std::move(contents)) {}

  KeyFileContents contents_;
};

}  // namespace latchkey::secret

#endif  // LATCHKEY_SERVER_SECRET_KEY_FILE_H_
