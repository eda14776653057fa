#ifndef LATCHKEY_CLIENT_LOG_PROOFS_H_
#define LATCHKEY_CLIENT_LOG_PROOFS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/client.h"
#include "storage/merkle/merkle_tree.h"

namespace latchkey {

// Where a LogVerifier gets the proofs that it cannot make itself. It trusts none of them: what does
// not prove what it should is found out.
class LogProofs {
 public:
  struct Inclusion {
    merkle::Hash leaf_hash{};
    std::vector<merkle::Hash> path;
  };

  virtual ~LogProofs() = default;

  // Returns the newest checkpoint, a signed note.
  virtual absl::StatusOr<std::string> NewestCheckpoint() = 0;
  // Returns the audit path of the event `sequence` in the log of `size` events.
  // OUT_OF_RANGE: the log does not have as many.
  virtual absl::StatusOr<Inclusion> ProveInclusion(std::uint64_t sequence, std::uint64_t size) = 0;
  // Returns the proof that the log of `second` events extends that of `first`. OUT_OF_RANGE: as
  // above.
  virtual absl::StatusOr<std::vector<merkle::Hash>> ProveConsistency(std::uint64_t first,
                                                                     std::uint64_t second) = 0;
};

// Those of a server. Thread-compatible; `client` must outlive it. Errors are the call's, and
// DATA_LOSS: what the server answered is no list of hashes.
class ServerProofs final : public LogProofs {
 public:
  // `workspace` and `organization` are names of those whose events the caller may read, one of them
  // or both; both empty for who may read all.
  ServerProofs(const Client& client, std::string workspace, std::string organization)
      : client_(client), workspace_(std::move(workspace)), organization_(std::move(organization)) {}

  absl::StatusOr<std::string> NewestCheckpoint() override;
  absl::StatusOr<Inclusion> ProveInclusion(std::uint64_t sequence, std::uint64_t size) override;
  absl::StatusOr<std::vector<merkle::Hash>> ProveConsistency(std::uint64_t first,
                                                             std::uint64_t second) override;

 private:
  const Client& client_;
  const std::string workspace_;
  const std::string organization_;
};

}  // namespace latchkey

#endif  // LATCHKEY_CLIENT_LOG_PROOFS_H_
