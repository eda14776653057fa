#include "server/authority/deadlines.h"

#include <algorithm>

#include "server/authority/actions.h"
#include "server/policy/plan_limits.h"

namespace latchkey {
namespace {

// The first of an end and its warnings that is after `now`. A token that was not there yet when a
// warning was due gets none.
absl::Time FirstAfter(absl::Time now, absl::Time begin, absl::Time end,
                      const std::vector<absl::Duration>& warnings) {
  if (end == absl::InfiniteFuture()) return end;
  absl::Time first = end;
  for (const absl::Duration before : warnings) {
    const absl::Time due = end - before;
    if (due > now && due > begin) first = std::min(first, due);
  }
  return first;
}

absl::Time BeginOf(const storage::v1::TokenRecord& record) {
  const v1::Token& token = record.token();
  const absl::Time created = FromProto(token.create_time());
  if (!token.has_regenerate_time()) return created;
  return std::max(created, FromProto(token.regenerate_time()));
}

}  // namespace

const std::vector<absl::Duration>& IdleWarnings() {
  // Never destroyed, so that a thread may still ask while the process exits.
  static const auto& warnings =
      *new std::vector<absl::Duration>{absl::Hours(24 * 7), absl::Hours(24)};
  return warnings;
}

EndingRules RulesFor(const v1::Workspace* workspace, v1::TokenKind kind) {
  EndingRules rules;
  rules.expiry_warnings = IdleWarnings();
  if (workspace == nullptr) return rules;
  const policy::PlanLimits& limits = policy::LimitsOf(ToPolicy(workspace->plan()));
  rules.retention = limits.dead_token_retention;
  rules.idle_limit =
      kind == v1::TOKEN_KIND_TEST ? limits.default_test_idle_limit : limits.default_idle_limit;
  const v1::WorkspaceSettings& settings = workspace->settings();
  for (const v1::IdleLimit& own : settings.idle_limits()) {
    if (own.kind() == kind) rules.idle_limit = FromProto(own.limit());
  }
  if (settings.expiry_warnings().empty()) return rules;
  rules.expiry_warnings.clear();
  for (const auto& before : settings.expiry_warnings()) {
    rules.expiry_warnings.push_back(FromProto(before));
  }
  return rules;
}

Ending EndingOf(const storage::v1::TokenRecord& record, const EndingRules& rules,
                absl::Time last_use, absl::Time now) {
  const v1::Token& token = record.token();
  const absl::Time begin = BeginOf(record);
  Ending ending;
  if (token.has_expire_time()) ending.expire = FromProto(token.expire_time());
  const absl::Time used = std::max(begin, last_use + kUsePrecision);
  ending.idle = used + rules.idle_limit;
  ending.next = std::min(FirstAfter(now, begin, ending.expire, rules.expiry_warnings),
                         FirstAfter(now, begin, ending.idle, IdleWarnings()));
  return ending;
}

absl::Duration WarningDue(const storage::v1::TokenRecord& record, absl::Time end,
                          const std::vector<absl::Duration>& warnings, absl::Time now) {
  absl::Duration due = absl::ZeroDuration();
  for (const absl::Duration before : warnings) {
    const bool is_due = end - before <= now && end - before > BeginOf(record);
    if (is_due && (due == absl::ZeroDuration() || before < due)) due = before;
  }
  const bool same_end = record.has_warned_end_time() && FromProto(record.warned_end_time()) == end;
  const bool left = same_end && absl::Microseconds(record.warned_before_micros()) <= due;
  return left ? absl::ZeroDuration() : due;
}

}  // namespace latchkey
