#ifndef LATCHKEY_STORAGE_MERKLE_SIGNED_NOTE_H_
#define LATCHKEY_STORAGE_MERKLE_SIGNED_NOTE_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace latchkey::merkle {

// Signed notes as C2SP's signed-note has them, with Ed25519: a text that ends with a newline, an
// empty line, and a line for each signature, "\u2014 NAME BASE64", where what is encoded is the
// key's id of 4 bytes and the signature of the text.

// A note that is larger is none.
inline constexpr std::size_t kMaxNoteSize = std::size_t{64} << 10;
// The size of an Ed25519 private key's seed.
inline constexpr std::size_t kNoteSeedSize = 32;

// Whether a key may have this name here: 1 to 128 of [a-zA-Z0-9./:_-].
bool IsNoteKeyName(absl::string_view name);

// A key of OpenSSL's. Declared here so that no header of OpenSSL's is needed to have one.
struct NoteKeyDeleter {
  void operator()(void* key) const;
};
using NoteKeyHandle = std::unique_ptr<void, NoteKeyDeleter>;

// Signs notes with one key. Immutable; thread-safe. The key is wiped on destruction.
class NoteSigner {
 public:
  // `seed` is 32 random bytes, the caller's to wipe.
  // INVALID_ARGUMENT: the name is not one of IsNoteKeyName(), or the seed is of another size.
  static absl::StatusOr<NoteSigner> Create(absl::string_view name, absl::string_view seed);

  // Returns the note of a text. The same text gives the same note.
  // INVALID_ARGUMENT: the text is none that a note can have. INTERNAL: the library cannot sign.
  absl::StatusOr<std::string> Sign(absl::string_view text) const;

  const std::string& name() const { return name_; }
  // The key that verifies, as text: "NAME+HEX8+BASE64".
  std::string VerifierKey() const;

 private:
  NoteSigner() = default;

  std::string name_;
  std::string public_key_;
  NoteKeyHandle key_;
};

// Verifies notes with one key. Immutable; thread-safe.
class NoteVerifier {
 public:
  // Reads what NoteSigner::VerifierKey() writes. INVALID_ARGUMENT: it is no such text.
  static absl::StatusOr<NoteVerifier> Parse(absl::string_view verifier_key);

  // Returns the text of a note that this key signed, with its last newline. Signatures of other
  // keys are passed over.
  // DATA_LOSS: it is no note, it is larger than kMaxNoteSize, this key did not sign it, or its
  // signature is not of this text.
  absl::StatusOr<std::string> Open(absl::string_view note) const;

  // Returns whether a signature of the note says that it is this key's, be it good or not.
  // DATA_LOSS: it is no note.
  absl::StatusOr<bool> IsOfKey(absl::string_view note) const;

  const std::string& name() const { return name_; }

 private:
  NoteVerifier() = default;

  std::string name_;
  std::string id_;
  NoteKeyHandle key_;
};

}  // namespace latchkey::merkle

#endif  // LATCHKEY_STORAGE_MERKLE_SIGNED_NOTE_H_
