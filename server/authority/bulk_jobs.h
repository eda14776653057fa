#ifndef LATCHKEY_SERVER_AUTHORITY_BULK_JOBS_H_
#define LATCHKEY_SERVER_AUTHORITY_BULK_JOBS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/authority/mutation.h"
#include "server/authority/token_selection.h"
#include "server/base/clock.h"
#include "server/base/logger.h"
#include "storage/engine/engine.h"
#include "storage/reader.h"

namespace latchkey {

// Tokens that a bulk revocation ends leave events, so they are ended in small commits, between
// which other changes pass, and at a rate that writers and subscribers do not feel: 4000 in a call
// of BulkJobs::Tick(), whatever the number of bulk revocations.
inline constexpr std::size_t kMaxRevokedInChunk = 500;
inline constexpr std::size_t kMaxChunksInTick = 8;
// A filter that matches little must not keep the ticker for long.
inline constexpr std::size_t kMaxExaminedInChunk = 10'000;

// Carries the running bulk revocations on. What is next to do is read here, off the sequencer; a
// chunk of it is a change that judges every token again, ends those that still match, and moves the
// record of the bulk revocation on, with an event of its progress, in one commit. So it goes on
// from its record after whatever stopped it, and ends nothing twice.
//
// Used by one thread. Blocks on disk.
class BulkJobs {
 public:
  using Work = std::function<absl::Status(Mutation&)>;

  struct Options {
    const engine::Engine& engine;
    const Clock& clock;
    Logger& logger;
    // Lets the sequencer carry out a change; `finished` is told whether it is durable.
    std::function<void(Work work, std::function<void(const absl::Status&)> finished)> enqueue;
  };

  explicit BulkJobs(Options options) : options_(std::move(options)) {}

  // Lets the next chunks be carried out, each in a commit of its own. The bulk revocations take
  // turns, over the calls too.
  void Tick();

 private:
  // A running one, and how far it is once the chunks that were read are carried out.
  struct Job {
    std::string key;  // in the index of those that run
    std::string workspace;
    std::string id;
    TokenSelection selection;
    std::string last_token;
  };

  // A part of the tokens of a job.
  struct Chunk {
    std::string workspace;
    std::string id;
    std::string after;                // the last token before it
    std::string through;              // its own last one; empty where it has none
    std::uint64_t examined = 0;       // tokens
    std::vector<std::string> tokens;  // ids of those that are to end
    std::size_t ending = 0;           // of those, and of what ends with them, at most
    bool last = true;
  };

  // The jobs whose turn it is, at most kMaxChunksInTick.
  absl::StatusOr<std::vector<Job>> InTurn(const storage::View& view) const;
  // `owners` remembers what generations many tokens have in common.
  absl::StatusOr<Chunk> NextChunk(const storage::View& view, const storage::Reader& owners,
                                  const Job& job) const;
  // Adds the next chunk of `job` to `chunks`; false where that was the last one, or none can be
  // read.
  bool CarryOn(const storage::View& view, const storage::Reader& owners, Job& job,
               std::deque<Chunk>& chunks) const;
  // Enqueues the first one, and the rest when that is done.
  static void CarryOutAll(std::shared_ptr<std::deque<Chunk>> chunks, const Options& options);
  static absl::Status CarryOut(Mutation& m, const Chunk& chunk, Logger& logger);

  const Options options_;
  std::string last_turn_;  // the key of the job that a chunk was last read of
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_BULK_JOBS_H_
