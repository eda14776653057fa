#include "storage/merkle/checkpoint.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/base/status_macros.h"

namespace latchkey::merkle {
namespace {

absl::Status NoCheckpoint(absl::string_view why) {
  return absl::DataLossError(absl::StrCat("the checkpoint ", why));
}

}  // namespace

std::string FormatCheckpoint(const Checkpoint& checkpoint) {
  return absl::StrCat(checkpoint.origin, "\n", checkpoint.size, "\n",
                      absl::Base64Escape(AsBytes(checkpoint.root)), "\n");
}

absl::StatusOr<Checkpoint> ParseCheckpoint(absl::string_view text) {
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  // What is behind the last newline is empty.
  if (lines.size() != 4 || !lines[3].empty()) return NoCheckpoint("takes three lines");
  Checkpoint checkpoint;
  if (!IsNoteKeyName(lines[0])) return NoCheckpoint("has no origin in its first line");
  checkpoint.origin = std::string(lines[0]);
  if (!absl::SimpleAtoi(lines[1], &checkpoint.size) || absl::StrCat(checkpoint.size) != lines[1]) {
    return NoCheckpoint("has no decimal size in its second line");
  }
  std::string bytes;
  std::optional<Hash> root;
  if (absl::Base64Unescape(lines[2], &bytes) && absl::Base64Escape(bytes) == lines[2]) {
    root = HashFromBytes(bytes);
  }
  if (!root.has_value()) return NoCheckpoint("has no root of 32 bytes in base64 in its third line");
  checkpoint.root = *root;
  return checkpoint;
}

absl::StatusOr<std::string> SignCheckpoint(const NoteSigner& signer, std::uint64_t size,
                                           const Hash& root) {
  return signer.Sign(FormatCheckpoint({signer.name(), size, root}));
}

absl::StatusOr<Checkpoint> OpenCheckpoint(const NoteVerifier& verifier, absl::string_view note) {
  LATCHKEY_ASSIGN_OR_RETURN(const std::string text, verifier.Open(note));
  LATCHKEY_ASSIGN_OR_RETURN(Checkpoint checkpoint, ParseCheckpoint(text));
  if (checkpoint.origin != verifier.name()) {
    return NoCheckpoint("is of another log than the key's");
  }
  return checkpoint;
}

}  // namespace latchkey::merkle
