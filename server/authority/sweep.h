#ifndef LATCHKEY_SERVER_AUTHORITY_SWEEP_H_
#define LATCHKEY_SERVER_AUTHORITY_SWEEP_H_

#include <string>

#include "absl/container/btree_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/authority/mutation.h"

namespace latchkey {

// What the service does to tokens by itself when their time comes. Every token has one entry in the
// index of deadlines, so that the work is in the number of tokens that are due.

// Moves the entry of `record` to `time` (InfiniteFuture: it has none). The caller writes the
// record.
void SetDeadline(Mutation& m, absl::Time time, storage::v1::TokenRecord& record);

// Sets the entry of a live token that is about to be written; a new one was never used.
// UNAVAILABLE, DATA_LOSS: as storage::Reader.
absl::Status ScheduleLive(Mutation& m, storage::v1::TokenRecord& record, bool is_new = false);

// Sets the entry of a token anew, after the settings of its workspace changed.
absl::Status ScheduleAnew(Mutation& m, absl::string_view token);

// Sets the entry of a token that ended at `end`: when it will be purged.
absl::Status SchedulePurge(Mutation& m, absl::Time end, storage::v1::TokenRecord& record);

// Handles what is due: warns, tells of expiry, revokes what was not used, and purges what was dead
// long enough. `finish()` writes one summary of what was purged for each workspace.
class Sweep {
 public:
  // `use_in_memory` is the verifier's knowledge of a token's last use that was not written yet.
  Sweep(Mutation& m, absl::FunctionRef<absl::Time(absl::string_view token)> use_in_memory)
      : m_(m), use_in_memory_(use_in_memory) {}

  // Handles one entry of the index of deadlines. UNAVAILABLE, DATA_LOSS: as storage::Reader; then
  // nothing was written for it.
  absl::Status Handle(const std::string& deadline_key);

  absl::Status Finish();

 private:
  absl::Status HandleLive(const storage::v1::TokenRecord& before);
  absl::Status HandleDead(const storage::v1::TokenRecord& before, const v1::Token& published);
  absl::Status WriteNotice(const v1::Token& token, v1::Action action, absl::Time end);
  void Purge(const storage::v1::TokenRecord& record, absl::Time end);

  Mutation& m_;
  const absl::FunctionRef<absl::Time(absl::string_view token)> use_in_memory_;
  absl::btree_map<std::string, v1::Summary> purged_;  // by the id of the workspace, "" for services
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_SWEEP_H_
