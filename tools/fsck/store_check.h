#ifndef LATCHKEY_TOOLS_FSCK_STORE_CHECK_H_
#define LATCHKEY_TOOLS_FSCK_STORE_CHECK_H_

#include <map>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "storage/engine/engine.h"
#include "storage/merkle/signed_note.h"

namespace latchkey::fsck {

struct StoreCheckOptions {
  const engine::Engine& engine;
  // The key of the log's checkpoints.
  const merkle::NoteSigner& signer;
  // Signed checkpoints that were kept elsewhere: each by where it comes from.
  std::map<std::string, std::string> remembered;
  // A line for each thing that is wrong, and one at the end.
  std::ostream& out;
};

// Checks a store: every record's checksum, and the log as LogCheck does. Nothing may write to it
// meanwhile. Returns whether nothing is wrong. Blocks on disk.
// FAILED_PRECONDITION: the store has another format than this program reads. DATA_LOSS,
// UNAVAILABLE: the engine does not read.
absl::StatusOr<bool> CheckStore(const StoreCheckOptions& options);

}  // namespace latchkey::fsck

#endif  // LATCHKEY_TOOLS_FSCK_STORE_CHECK_H_
