#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/policy/policy.h"
#include "tests/policy/golden_text.h"
#include "tests/policy/reviewed_file.h"

namespace latchkey::policy {
namespace {

// The enumeration takes seconds, so that the tests share one.
const GoldenText& Golden() {
  static const auto& golden = *new GoldenText(MakeGoldenText());
  return golden;
}

TEST(PolicyGoldenTest, EveryDecisionIsAsReviewed) {
  EXPECT_TRUE(IsReviewed("tests/policy/golden/decisions.txt", Golden().text));
}

TEST(PolicyGoldenTest, CallersThatTheFileTakesForOneAreDecidedAlike) {
  EXPECT_THAT(Golden().problems, testing::IsEmpty());
}

TEST(PolicyGoldenTest, EveryRuleDecidesSomething) {
  std::set<std::string> decided, rules;
  for (const Codes::Explained& explained : Golden().explained) decided.insert(explained.rule);
  for (const Rule& rule : Rules()) rules.insert(std::string(rule.id));

  EXPECT_EQ(decided, rules);
}

TEST(PolicyGoldenTest, EveryDecisionHasAReasonThatIsASentence) {
  for (const Codes::Explained& explained : Golden().explained) {
    EXPECT_THAT(explained.reason, testing::MatchesRegex("[A-Z].*[.]")) << explained.rule;
  }
}

// What a rule says it does is what it was seen to do.
TEST(PolicyGoldenTest, EveryRuleHasTheEffectThatItStates) {
  for (const Rule& rule : Rules()) {
    const std::string effect(rule.effect);
    std::set<Outcome> stated;
    if (effect.find("allow") != std::string::npos) stated.insert(Outcome::kAllow);
    if (effect.find("deny") != std::string::npos) stated.insert(Outcome::kDeny);
    if (effect.find("needs approval") != std::string::npos) stated.insert(Outcome::kNeedsApproval);
    std::set<Outcome> seen;
    for (const Codes::Explained& explained : Golden().explained) {
      if (explained.rule == rule.id) seen.insert(explained.outcome);
    }
    EXPECT_EQ(seen, stated) << rule.id;
  }
}

}  // namespace
}  // namespace latchkey::policy
