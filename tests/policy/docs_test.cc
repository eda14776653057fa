#include "gtest/gtest.h"
#include "tests/policy/plan_docs.h"
#include "tests/policy/policy_docs.h"
#include "tests/policy/reviewed_file.h"

namespace latchkey::policy {
namespace {

TEST(PolicyDocsTest, ThePageIsWhatTheTableSays) {
  EXPECT_TRUE(IsReviewed("docs/policy.md", PolicyDocs()));
}

TEST(PlanDocsTest, ThePageIsWhatTheTableSays) {
  EXPECT_TRUE(IsReviewed("docs/plans.md", PlanDocs()));
}

}  // namespace
}  // namespace latchkey::policy
