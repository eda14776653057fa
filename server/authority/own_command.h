#ifndef LATCHKEY_SERVER_AUTHORITY_OWN_COMMAND_H_
#define LATCHKEY_SERVER_AUTHORITY_OWN_COMMAND_H_

#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "server/authority/caller.h"
#include "server/authority/effects.h"
#include "server/authority/mutation.h"
#include "server/authority/sequencer.h"
#include "server/base/clock.h"
#include "server/base/logger.h"
#include "storage/transaction.h"

namespace latchkey {

// A change that the service makes by itself; nobody waits for it. What fails is logged. What it is
// given outlives it.
class OwnCommand final : public Command {
 public:
  using Work = std::function<absl::Status(Mutation&)>;
  // Is told whether what was kept of it is durable.
  using Finished = std::function<void(const absl::Status&)>;

  OwnCommand(const Clock& clock, const MutationTools& tools, Logger& logger, Work work,
             Finished finished)
      : clock_(clock),
        tools_(tools),
        logger_(logger),
        work_(std::move(work)),
        finished_(std::move(finished)) {
    caller_.principal = kSystemPrincipal;
  }

  void Run(storage::Transaction& transaction, Effects& effects) override {
    Mutation mutation(transaction, caller_, clock_.Now(), tools_);
    if (const absl::Status done = work_(mutation); !done.ok()) {
      logger_.Log(LogLevel::kError, "housekeeping failed", {{"error", done.ToString()}});
      transaction.Drop();
      return;
    }
    transaction.Keep();
    effects.MergeFrom(std::move(mutation.effects()));
  }

  void Finish(const absl::Status& committed) override {
    if (finished_) finished_(committed);
    if (committed.ok()) return;
    logger_.Log(LogLevel::kWarning, "housekeeping was not committed",
                {{"error", committed.ToString()}});
  }

 private:
  const Clock& clock_;
  const MutationTools& tools_;
  Logger& logger_;
  Work work_;
  Finished finished_;
  Caller caller_;
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_OWN_COMMAND_H_
