#ifndef LATCHKEY_SERVER_AUTHORITY_CHECKPOINTS_H_
#define LATCHKEY_SERVER_AUTHORITY_CHECKPOINTS_H_

#include <cstdint>
#include <deque>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "server/base/mutex.h"
#include "storage/engine/engine.h"
#include "storage/merkle/signed_note.h"

namespace latchkey {

// Signs checkpoints of the log, and remembers the last few hundred: many streams ask for the same
// one. Thread-safe. What it is given outlives it.
class Checkpoints {
 public:
  Checkpoints(const engine::Engine& engine, const merkle::NoteSigner& signer)
      : engine_(engine), signer_(signer) {}

  // Returns the signed checkpoint of the first `size` events, all of which are committed. Blocks on
  // disk where it is not remembered; who asks meanwhile waits, and does not sign as well.
  // DATA_LOSS, UNAVAILABLE: the tree does not read.
  absl::StatusOr<std::string> At(std::uint64_t size);

 private:
  const engine::Engine& engine_;
  const merkle::NoteSigner& signer_;
  Mutex mu_;
  absl::flat_hash_map<std::uint64_t, std::string> notes_ ABSL_GUARDED_BY(mu_);
  std::deque<std::uint64_t> order_ ABSL_GUARDED_BY(mu_);  // of notes_, the oldest first
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_CHECKPOINTS_H_
