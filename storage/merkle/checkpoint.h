#ifndef LATCHKEY_STORAGE_MERKLE_CHECKPOINT_H_
#define LATCHKEY_STORAGE_MERKLE_CHECKPOINT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/merkle/merkle_tree.h"
#include "storage/merkle/signed_note.h"

namespace latchkey::merkle {

// What a checkpoint states: that the log of this name had this root when it had this size. Signed,
// it is the text of a note, as C2SP's tlog-checkpoint has it: a line each for origin, size and
// root.
struct Checkpoint {
  std::string origin;  // the name of the log's key
  std::uint64_t size = 0;
  Hash root{};
};

// The text: origin, decimal size, base64 of the root.
std::string FormatCheckpoint(const Checkpoint& checkpoint);

// Reads it, where it is written in the one way that FormatCheckpoint() does.
// DATA_LOSS: it is no such text; names the line.
absl::StatusOr<Checkpoint> ParseCheckpoint(absl::string_view text);

// Signs a checkpoint whose origin is the signer's name. INTERNAL: the library cannot sign.
absl::StatusOr<std::string> SignCheckpoint(const NoteSigner& signer, std::uint64_t size,
                                           const Hash& root);

// Opens a signed checkpoint. DATA_LOSS: as NoteVerifier::Open() and ParseCheckpoint(), or its
// origin is not the key's name.
absl::StatusOr<Checkpoint> OpenCheckpoint(const NoteVerifier& verifier, absl::string_view note);

}  // namespace latchkey::merkle

#endif  // LATCHKEY_STORAGE_MERKLE_CHECKPOINT_H_
