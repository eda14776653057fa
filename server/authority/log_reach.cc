#include "server/authority/log_reach.h"

#include <algorithm>

#include "server/authority/actions.h"
#include "server/authority/log_sizes.h"
#include "server/authority/names.h"
#include "server/base/status_macros.h"
#include "server/policy/plan_limits.h"
#include "storage/keys.h"

namespace latchkey {
namespace {

// What the readers of a filter get: nothing before `oldest`, and of the rest nothing older than
// `cutoff`.
struct Reach {
  std::uint64_t oldest = 1;
  absl::Time cutoff = absl::InfinitePast();
};

absl::StatusOr<Reach> ReachOf(const storage::Reader& reader, const v1::EventFilter& filter,
                              std::uint64_t newest, absl::Time now) {
  Reach reach;
  LATCHKEY_ASSIGN_OR_RETURN(reach.oldest, OldestRetained(reader));
  const auto id = ParseWorkspace(filter.workspace());
  if (!id.has_value() || newest == 0) return reach;
  LATCHKEY_ASSIGN_OR_RETURN(const auto workspace, reader.Get(storage::WorkspaceKey(*id)));
  if (!workspace.has_value()) return reach;
  const policy::PlanLimits& plan = policy::LimitsOf(ToPolicy(workspace->workspace().plan()));
  LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t within,
                            OldestWithin(reader, *id, plan.max_audit_bytes));
  // What was counted may have been committed a moment after `newest` was asked for.
  reach.oldest = std::max(reach.oldest, std::min(within, newest + 1));
  reach.cutoff = now - plan.audit_retention;
  return reach;
}

// Who was told where the events begin gets them, though they grew older on the way.
constexpr absl::Duration kStartSlack = absl::Minutes(1);

absl::StatusOr<bool> IsOlder(const storage::Reader& reader, std::uint64_t sequence,
                             absl::Time cutoff) {
  LATCHKEY_ASSIGN_OR_RETURN(const auto event, reader.Get(storage::EventKey(sequence)));
  return !event.has_value() || FromProto(event->time()) < cutoff;
}

// The first from `reach.oldest` on that is not older than the cutoff.
absl::StatusOr<std::uint64_t> FirstOf(const storage::Reader& reader, const Reach& reach,
                                      std::uint64_t newest) {
  if (reach.cutoff == absl::InfinitePast() || reach.oldest > newest) return reach.oldest;
  LATCHKEY_ASSIGN_OR_RETURN(const bool some_are_older, IsOlder(reader, reach.oldest, reach.cutoff));
  if (!some_are_older) return reach.oldest;
  // Where the clock stepped back, this finds one of the borders between older and younger.
  std::uint64_t low = reach.oldest + 1;
  for (std::uint64_t high = newest + 1; low < high;) {
    const std::uint64_t middle = low + (high - low) / 2;
    LATCHKEY_ASSIGN_OR_RETURN(const bool older, IsOlder(reader, middle, reach.cutoff));
    (older ? low : high) = older ? middle + 1 : middle;
  }
  return low;
}

}  // namespace

absl::StatusOr<std::uint64_t> OldestRetained(const storage::Reader& reader) {
  LATCHKEY_ASSIGN_OR_RETURN(const auto record, reader.Get(storage::RetentionKey()));
  return record.has_value() ? record->oldest_sequence() : 1;
}

absl::StatusOr<std::uint64_t> OldestFor(const storage::Reader& reader,
                                        const v1::EventFilter& filter, std::uint64_t newest,
                                        absl::Time now) {
  LATCHKEY_ASSIGN_OR_RETURN(const Reach reach, ReachOf(reader, filter, newest, now));
  return FirstOf(reader, reach, newest);
}

absl::StatusOr<bool> IsRetainedFor(const storage::Reader& reader, const v1::EventFilter& filter,
                                   std::uint64_t after, std::uint64_t newest, absl::Time now) {
  LATCHKEY_ASSIGN_OR_RETURN(const Reach reach, ReachOf(reader, filter, newest, now - kStartSlack));
  if (!IsRetained(after, reach.oldest, newest)) return false;
  if (after == newest || reach.cutoff == absl::InfinitePast()) return true;
  LATCHKEY_ASSIGN_OR_RETURN(const bool is_older, IsOlder(reader, after + 1, reach.cutoff));
  if (!is_older) return true;
  LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t oldest, FirstOf(reader, reach, newest));
  return IsRetained(after, oldest, newest);
}

}  // namespace latchkey
