#include "server/authority/plans_in_use.h"

#include <algorithm>
#include <cstddef>

#include "server/authority/actions.h"
#include "server/base/status_macros.h"
#include "server/policy/plan_limits.h"
#include "storage/keys.h"
#include "storage/record_codec.h"

namespace latchkey {
namespace {

constexpr std::size_t kMaxLookedAt = 1000;

absl::Duration LongestOfAll() {
  absl::Duration longest;
  for (const policy::PlanLimits& row : policy::AllPlanLimits()) {
    longest = std::max(longest, row.audit_retention);
  }
  return longest;
}

absl::Duration RetentionOf(absl::string_view key, absl::string_view stored) {
  storage::v1::WorkspaceRecord record;
  // One that does not read back may be on any plan.
  if (!storage::DecodeRecord(key, stored, record).ok()) return LongestOfAll();
  return policy::LimitsOf(ToPolicy(record.workspace().plan())).audit_retention;
}

}  // namespace

absl::Status PlansInUse::Look(const storage::View& view) {
  engine::KeyRange range = engine::PrefixRange(storage::WorkspacePrefix());
  if (!next_.empty()) range.begin = next_;
  std::size_t looked_at = 0;
  std::string next;
  LATCHKEY_RETURN_IF_ERROR(view.ForEach(
      range, engine::Direction::kForward, [&](absl::string_view key, absl::string_view stored) {
        if (looked_at++ == kMaxLookedAt) {
          next = std::string(key);
          return storage::Walk::kStop;
        }
        longest_in_this_round_ = std::max(longest_in_this_round_, RetentionOf(key, stored));
        return storage::Walk::kGoOn;
      }));
  next_ = std::move(next);
  if (!next_.empty()) return absl::OkStatus();
  longest_in_last_round_ = longest_in_this_round_;
  longest_in_this_round_ = absl::ZeroDuration();
  return absl::OkStatus();
}

std::optional<absl::Duration> PlansInUse::longest() const {
  if (!longest_in_last_round_.has_value()) return std::nullopt;
  return std::max(*longest_in_last_round_, longest_in_this_round_);
}

}  // namespace latchkey
