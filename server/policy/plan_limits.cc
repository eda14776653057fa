#include "server/policy/plan_limits.h"

#include <algorithm>
#include <vector>

namespace latchkey::policy {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

absl::Duration Days(int days) { return absl::Hours(24 * days); }

// Each row is the one before it, but for what it says.
std::vector<PlanLimits> MakeTable() {
  PlanLimits free = {};
  free.plan = Plan::kFree;
  free.name = "FREE";
  free.max_apps = 10;
  free.min_idle_limit = Days(30);
  free.max_idle_limit = Days(90);
  free.default_idle_limit = Days(90);
  free.default_test_idle_limit = Days(30);
  free.min_access_life = absl::Minutes(5);
  free.max_access_life = absl::Hours(12);
  free.default_access_life = absl::Hours(12);
  free.max_grace = absl::Hours(1);
  free.dead_token_retention = Days(30);
  free.audit_retention = Days(30);
  free.max_audit_bytes = 64 * kMiB;
  free.max_consumers = 1;
  free.organizations = false;

  PlanLimits standard = free;
  standard.plan = Plan::kStandard;
  standard.name = "STANDARD";
  standard.max_apps = 250;
  standard.min_idle_limit = Days(7);
  standard.max_idle_limit = Days(180);
  standard.max_access_life = absl::Hours(24);
  standard.max_grace = absl::Hours(24);
  standard.dead_token_retention = Days(90);
  standard.audit_retention = Days(180);
  standard.max_audit_bytes = kGiB;
  standard.max_consumers = 5;

  PlanLimits plus = standard;
  plus.plan = Plan::kPlus;
  plus.name = "PLUS";
  plus.max_apps = 1000;
  plus.min_idle_limit = Days(1);
  plus.max_idle_limit = Days(365);
  plus.dead_token_retention = Days(180);
  plus.audit_retention = Days(365);
  plus.max_audit_bytes = 8 * kGiB;
  plus.max_consumers = 20;

  PlanLimits grid = plus;
  grid.plan = Plan::kEnterpriseGrid;
  grid.name = "ENTERPRISE_GRID";
  grid.max_apps = 0;
  grid.dead_token_retention = Days(365);
  grid.audit_retention = Days(3 * 365);
  grid.max_audit_bytes = 64 * kGiB;
  grid.max_consumers = 100;
  grid.organizations = true;
  return {free, standard, plus, grid};
}

}  // namespace

absl::Span<const PlanLimits> AllPlanLimits() {
  // Never destroyed, so that a thread may still ask while the process exits.
  static const auto& table = *new std::vector<PlanLimits>(MakeTable());
  return table;
}

const PlanLimits& LimitsOf(Plan plan) {
  const absl::Span<const PlanLimits> table = AllPlanLimits();
  const auto* const row = std::find_if(
      table.begin(), table.end(), [plan](const PlanLimits& limits) { return limits.plan == plan; });
  return row == table.end() ? table.front() : *row;
}

}  // namespace latchkey::policy
