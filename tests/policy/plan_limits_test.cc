#include "server/policy/plan_limits.h"

#include <cstddef>
#include <cstdint>
#include <limits>

#include "gtest/gtest.h"

namespace latchkey::policy {
namespace {

template <typename Limit>
Limit Number(Limit limit) {
  return limit == 0 ? std::numeric_limits<Limit>::max() : limit;
}

TEST(PlanLimitsTest, EveryPlanHasItsRowAndWhatIsNoPlanThatOfTheSmallest) {
  ASSERT_EQ(AllPlanLimits().size(), 4U);
  for (const Plan plan : {Plan::kFree, Plan::kStandard, Plan::kPlus, Plan::kEnterpriseGrid}) {
    EXPECT_EQ(LimitsOf(plan).plan, plan);
  }
  EXPECT_EQ(LimitsOf(static_cast<Plan>(0)).plan, Plan::kFree);
  EXPECT_EQ(LimitsOf(static_cast<Plan>(99)).plan, Plan::kFree);
}

TEST(PlanLimitsTest, ALargerPlanNeverTakesLess) {
  for (std::size_t i = 1; i < AllPlanLimits().size(); ++i) {
    const PlanLimits& smaller = AllPlanLimits()[i - 1];
    const PlanLimits& larger = AllPlanLimits()[i];
    SCOPED_TRACE(larger.name);
    EXPECT_GT(Number(larger.max_apps), Number(smaller.max_apps));
    EXPECT_LE(larger.min_idle_limit, smaller.min_idle_limit);
    EXPECT_GE(larger.max_idle_limit, smaller.max_idle_limit);
    EXPECT_LE(larger.min_access_life, smaller.min_access_life);
    EXPECT_GE(larger.max_access_life, smaller.max_access_life);
    EXPECT_GE(larger.max_grace, smaller.max_grace);
    EXPECT_GE(larger.dead_token_retention, smaller.dead_token_retention);
    EXPECT_GE(larger.audit_retention, smaller.audit_retention);
    EXPECT_GE(Number(larger.max_audit_bytes), Number(smaller.max_audit_bytes));
    EXPECT_GE(larger.max_consumers, smaller.max_consumers);
    EXPECT_GE(larger.organizations, smaller.organizations);
  }
}

TEST(PlanLimitsTest, WhatIsNotChosenIsWithinTheBounds) {
  for (const PlanLimits& limits : AllPlanLimits()) {
    SCOPED_TRACE(limits.name);
    for (const absl::Duration idle : {limits.default_idle_limit, limits.default_test_idle_limit}) {
      EXPECT_GE(idle, limits.min_idle_limit);
      EXPECT_LE(idle, limits.max_idle_limit);
    }
    EXPECT_GE(limits.default_access_life, limits.min_access_life);
    EXPECT_LE(limits.default_access_life, limits.max_access_life);
    EXPECT_LE(limits.max_grace, absl::Hours(24));
    // The event that tells of a token's end is there as long as the token is listed.
    EXPECT_LE(limits.dead_token_retention, limits.audit_retention);
  }
}

TEST(PlanLimitsTest, OnlyTheEnterprisePlanHasOrganizations) {
  for (const PlanLimits& limits : AllPlanLimits()) {
    EXPECT_EQ(limits.organizations, limits.plan == Plan::kEnterpriseGrid) << limits.name;
  }
}

}  // namespace
}  // namespace latchkey::policy
