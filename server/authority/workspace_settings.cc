#include <algorithm>
#include <optional>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "server/authority/common.h"
#include "server/base/status_macros.h"
#include "server/policy/plan_limits.h"

namespace latchkey {
namespace {

constexpr int kMaxWarnings = 8;

std::string NameOf(v1::TokenKind kind) {
  const std::string& name = v1::TokenKind_Name(kind);
  return name.empty() ? absl::StrCat(static_cast<int>(kind)) : name;
}

bool MayIdle(v1::TokenKind kind) {
  return v1::TokenKind_IsValid(kind) && kind != v1::TOKEN_KIND_UNSPECIFIED &&
         kind != v1::TOKEN_KIND_SERVICE;
}

// What a setting takes by the plan.
struct PlanBounds {
  absl::string_view min_name;
  absl::Duration min;
  absl::string_view max_name;
  absl::Duration max;
};

// `asked` is beyond `value`, which the plan takes at least or at most, and beyond what the
// workspace has from before, where that is `had`.
absl::Status OutsideOfPlan(const v1::Workspace& workspace, const policy::PlanLimits& plan,
                           absl::string_view limit, absl::Duration value, absl::string_view field,
                           absl::Duration asked, std::optional<absl::Duration> had) {
  const std::string what_to_do =
      had.has_value() ? absl::StrCat("it has ", absl::FormatDuration(*had),
                                     " from before, which may only come nearer to that")
                      : "choose another";
  return PlanLimitError(
      workspace.name(), plan.name, limit, static_cast<std::uint64_t>(absl::ToInt64Seconds(value)),
      static_cast<std::uint64_t>(absl::ToInt64Seconds(asked)),
      absl::StrCat(field, " is ", absl::FormatDuration(asked), "; the plan ", plan.name, " of ",
                   workspace.name(), " takes a ", limit, " of ", absl::FormatDuration(value), ": ",
                   what_to_do, ", or change the plan"));
}

// A change of plan takes nothing away, so what a workspace `had` is within its bounds.
absl::Status CheckWithin(const v1::Workspace& workspace, absl::string_view field,
                         absl::Duration asked, const PlanBounds& bounds,
                         std::optional<absl::Duration> had = std::nullopt) {
  const policy::PlanLimits& plan = policy::LimitsOf(ToPolicy(workspace.plan()));
  const bool had_less = had.has_value() && *had < bounds.min;
  const bool had_more = had.has_value() && *had > bounds.max;
  if (asked < (had_less ? *had : bounds.min)) {
    return OutsideOfPlan(workspace, plan, bounds.min_name, bounds.min, field, asked,
                         had_less ? had : std::nullopt);
  }
  if (asked > (had_more ? *had : bounds.max)) {
    return OutsideOfPlan(workspace, plan, bounds.max_name, bounds.max, field, asked,
                         had_more ? had : std::nullopt);
  }
  return absl::OkStatus();
}

std::optional<absl::Duration> IdleLimitOf(const v1::WorkspaceSettings& settings,
                                          v1::TokenKind kind) {
  for (const v1::IdleLimit& limit : settings.idle_limits()) {
    if (limit.kind() == kind) return FromProto(limit.limit());
  }
  return std::nullopt;
}

}  // namespace

void CheckSettings(const v1::WorkspaceSettings& settings, Validator& validator) {
  const std::string field = "workspace.settings.";
  if (settings.has_access_token_life()) {
    validator.Span(field + "access_token_life", settings.access_token_life(), kMinAccessTokenLife,
                   kMaxAccessTokenLife);
  }
  absl::flat_hash_set<int> kinds;
  for (const v1::IdleLimit& limit : settings.idle_limits()) {
    if (validator.full()) return;
    const std::string kind = NameOf(limit.kind());
    validator.Check(MayIdle(limit.kind()), field + "idle_limits.kind",
                    absl::StrCat("is ", kind, ", which has no idle limit"));
    validator.Check(kinds.insert(limit.kind()).second, field + "idle_limits",
                    absl::StrCat("holds the kind ", kind, " twice; it takes each once"));
    validator.Span(field + "idle_limits.limit", limit.limit(), absl::Hours(1),
                   absl::Hours(24 * 3660));
  }
  validator.Check(
      settings.expiry_warnings_size() <= kMaxWarnings, field + "expiry_warnings",
      absl::StrCat("has ", settings.expiry_warnings_size(), "; it takes at most ", kMaxWarnings));
  for (const auto& before : settings.expiry_warnings()) {
    if (validator.full()) return;
    validator.Span(field + "expiry_warnings", before, absl::Minutes(1), absl::Hours(24 * 90));
  }
}

absl::Status CheckSettingsFit(const v1::Workspace& workspace, const v1::WorkspaceSettings& before) {
  const policy::PlanLimits& plan = policy::LimitsOf(ToPolicy(workspace.plan()));
  const v1::WorkspaceSettings& settings = workspace.settings();
  for (const v1::IdleLimit& limit : settings.idle_limits()) {
    LATCHKEY_RETURN_IF_ERROR(CheckWithin(
        workspace,
        absl::StrCat("workspace.settings.idle_limits of ", v1::TokenKind_Name(limit.kind())),
        FromProto(limit.limit()),
        {"min_idle_limit", plan.min_idle_limit, "max_idle_limit", plan.max_idle_limit},
        IdleLimitOf(before, limit.kind())));
  }
  if (!settings.has_access_token_life()) return absl::OkStatus();
  return CheckWithin(
      workspace, "workspace.settings.access_token_life", AccessTokenLife(settings),
      {"min_access_life", plan.min_access_life, "max_access_life", plan.max_access_life},
      before.has_access_token_life() ? std::optional(AccessTokenLife(before)) : std::nullopt);
}

absl::Status CheckGraceFits(const v1::Workspace& workspace, absl::Duration grace) {
  return CheckWithin(workspace, "grace", grace,
                     {"min_grace", absl::ZeroDuration(), "max_grace",
                      policy::LimitsOf(ToPolicy(workspace.plan())).max_grace});
}

}  // namespace latchkey
