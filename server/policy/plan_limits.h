#ifndef LATCHKEY_SERVER_POLICY_PLAN_LIMITS_H_
#define LATCHKEY_SERVER_POLICY_PLAN_LIMITS_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace latchkey::policy {

// Numbers are those of latchkey.v1.Plan.
enum class Plan : std::uint8_t {
  kFree = 1,
  kStandard = 2,
  kPlus = 3,
  kEnterpriseGrid = 4,
};

// What one plan takes: one row of the table. A workspace whose plan comes to take less keeps what
// it has, and grows no more until below; but of events it then reads those within the new
// retention.
struct PlanLimits {
  Plan plan;
  absl::string_view name;  // as in the contract: "ENTERPRISE_GRID"

  // Living apps with this home workspace; 0: any number.
  std::uint32_t max_apps;

  // After how long without use a token ends: what a workspace may choose, and what holds where it
  // chose nothing, for a TEST token and for the others.
  absl::Duration min_idle_limit;
  absl::Duration max_idle_limit;
  absl::Duration default_idle_limit;
  absl::Duration default_test_idle_limit;

  // How long an access token lives that a refresh token was traded for.
  absl::Duration min_access_life;
  absl::Duration max_access_life;
  absl::Duration default_access_life;

  // How long the secret before may live on after a regeneration, at most.
  absl::Duration max_grace;

  // How long dead tokens stay listed.
  absl::Duration dead_token_retention;
  // What the workspace's readers get: events of this age, and of those the newest that have so many
  // bytes, about; 0: any number. The log keeps all of them for the longest time of the plans that
  // workspaces are on.
  absl::Duration audit_retention;
  std::uint64_t max_audit_bytes;

  // Named subscriptions to the events of a workspace.
  std::uint32_t max_consumers;

  // Whether its workspaces may belong to an organization.
  bool organizations;
};

// The table, the smallest plan first. Pure and thread-safe.
absl::Span<const PlanLimits> AllPlanLimits();

// Returns the row of `plan`; that of FREE for what is no plan.
const PlanLimits& LimitsOf(Plan plan);

}  // namespace latchkey::policy

#endif  // LATCHKEY_SERVER_POLICY_PLAN_LIMITS_H_
