#ifndef LATCHKEY_SERVER_AUTHORITY_PLANS_IN_USE_H_
#define LATCHKEY_SERVER_AUTHORITY_PLANS_IN_USE_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "storage/reader.h"

namespace latchkey {

// Which plans workspaces are on, as far as it is about the age of events. It goes round and round
// over all workspaces, a thousand at a time, so what it says is as old as one round: seconds.
// Used by one thread. Blocks on disk.
class PlansInUse {
 public:
  // Looks at the next workspaces.
  absl::Status Look(const storage::View& view);

  // Returns the longest retention of events of the plans that were in use in the last round or
  // since, 0 where there are no workspaces; nullopt in the first round.
  std::optional<absl::Duration> longest() const;

 private:
  std::string next_;  // the key to go on from; empty: a new round
  absl::Duration longest_in_this_round_;
  std::optional<absl::Duration> longest_in_last_round_;
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_PLANS_IN_USE_H_
