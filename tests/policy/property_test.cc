#include <cstddef>
#include <random>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "gtest/gtest.h"
#include "server/policy/policy.h"
#include "tests/policy/enumeration.h"
#include "tests/policy/names.h"

namespace latchkey::policy {
namespace {

// How much a decision gives.
int Worth(const Facts& facts) {
  switch (Decide(facts).outcome) {
    case Outcome::kAllow:
      return 2;
    case Outcome::kNeedsApproval:
      return 1;
    case Outcome::kDeny:
      return 0;
  }
  return 0;
}

// Calls `visit` with every action and combination of its facts, for a caller who satisfies `whom`.
void ForCallers(absl::FunctionRef<bool(const Facts&)> whom,
                absl::FunctionRef<void(const Facts&)> visit) {
  for (std::size_t caller = 0; caller < CallerCount(); ++caller) {
    Facts facts;
    SetCaller(facts, caller);
    if (!whom(facts)) continue;
    for (const Action action : AllActions()) {
      facts.action = action;
      ForEachCombination(DimensionsOf(action), facts, visit);
    }
  }
}

bool IsActiveAtHome(const Facts& f) {
  return f.caller == CallerKind::kMember && !f.deactivated && f.same_workspace &&
         f.org_role == OrgRole::kNone;
}

// Says whether a change to the facts of a member at home, who satisfies `whom`, never takes
// anything away.
testing::AssertionResult NeverTakesAway(
    absl::FunctionRef<void(Facts&)> change,
    absl::FunctionRef<bool(const Facts&)> whom = [](const Facts&) { return true; }) {
  std::size_t losses = 0;
  Facts example;
  const auto is_asked = [whom](const Facts& f) { return IsActiveAtHome(f) && whom(f); };
  ForCallers(is_asked, [&](const Facts& before) {
    Facts after = before;
    change(after);
    if (Worth(after) >= Worth(before)) return;
    example = before;
    ++losses;
  });
  if (losses == 0) return testing::AssertionSuccess();
  return testing::AssertionFailure() << losses << " losses, one of them of " << Name(example.action)
                                     << ", by rule " << Decide(example).rule << " before";
}

TEST(PolicyPropertyTest, AnonymousCallersGetNothingButToRevokeWhatTheyHold) {
  ForCallers([](const Facts& f) { return f.caller == CallerKind::kAnonymous; },
             [](const Facts& f) {
               const bool bearer =
                   f.presents_secret && (f.action == Action::kTokenRevoke ||
                                         (f.action == Action::kTokenRotate && !f.secret_spent));
               ASSERT_EQ(Worth(f), bearer ? 2 : 0) << Name(f.action);
             });
}

TEST(PolicyPropertyTest, DeactivatedMembersGetNothingButToRevokeWhatTheyHold) {
  const auto get_nothing = [](const Facts& f) {
    const bool bearer =
        f.presents_secret && (f.action == Action::kTokenRevoke || f.action == Action::kTokenRotate);
    if (bearer) return;
    ASSERT_EQ(Decide(f).rule, "caller.deactivated");
  };
  ForCallers([](const Facts& f) { return f.deactivated && !f.same_workspace; }, get_nothing);
  ForCallers([](const Facts& f) { return f.deactivated && f.role == Role::kPrimaryOwner; },
             get_nothing);
}

TEST(PolicyPropertyTest, MembersGetNothingElsewhereButToRevokeWhatTheyHold) {
  ForCallers(
      [](const Facts& f) {
        return f.caller == CallerKind::kMember && !f.deactivated && !f.same_workspace &&
               f.org_role == OrgRole::kNone;
      },
      [](const Facts& f) {
        const bool bearer =
            f.presents_secret && (f.action == Action::kTokenRevoke ||
                                  (f.action == Action::kTokenRotate && !f.secret_spent));
        ASSERT_EQ(Worth(f), bearer ? 2 : 0) << Name(f.action);
      });
}

TEST(PolicyPropertyTest, AHigherRoleNeverTakesAway) {
  const std::vector<std::pair<Role, Role>> steps = {
      {Role::kNone, Role::kSingleChannelGuest},
      {Role::kSingleChannelGuest, Role::kMultiChannelGuest},
      {Role::kMultiChannelGuest, Role::kMember},
      {Role::kMember, Role::kAdmin},
      {Role::kAdmin, Role::kOwner},
      {Role::kOwner, Role::kPrimaryOwner},
  };
  for (const auto& [lower, higher] : steps) {
    EXPECT_TRUE(NeverTakesAway([to = higher](Facts& f) { f.role = to; },
                               [from = lower](const Facts& f) { return f.role == from; }))
        << static_cast<int>(lower) << " to " << static_cast<int>(higher);
  }
}

TEST(PolicyPropertyTest, AGuestOfSeveralChannelsGetsNoMoreThanOneOfASingleChannel) {
  EXPECT_TRUE(NeverTakesAway([](Facts& f) { f.role = Role::kSingleChannelGuest; },
                             [](const Facts& f) { return f.role == Role::kMultiChannelGuest; }));
}

TEST(PolicyPropertyTest, TheRightToManageAppsNeverTakesAway) {
  EXPECT_TRUE(NeverTakesAway([](Facts& f) { f.can_manage_apps = true; }));
}

TEST(PolicyPropertyTest, ARoleInTheOrganizationNeverTakesAway) {
  EXPECT_TRUE(NeverTakesAway([](Facts& f) { f.org_role = OrgRole::kAdmin; }));
  EXPECT_TRUE(NeverTakesAway([](Facts& f) { f.org_role = OrgRole::kOwner; }));
}

TEST(PolicyPropertyTest, AnApprovalNeverTakesAway) {
  EXPECT_TRUE(NeverTakesAway([](Facts& f) { f.approved = true; }));
}

TEST(PolicyPropertyTest, LettingGuestsUseAppsNeverTakesAway) {
  EXPECT_TRUE(NeverTakesAway([](Facts& f) { f.guests_may_use_apps = true; }));
}

TEST(PolicyPropertyTest, BeingACollaboratorNeverTakesAway) {
  EXPECT_TRUE(NeverTakesAway([](Facts& f) {
    if (f.app_relation == AppRelation::kNone) f.app_relation = AppRelation::kCollaborator;
  }));
  EXPECT_TRUE(NeverTakesAway([](Facts& f) { f.app_relation = AppRelation::kCreator; }));
}

TEST(PolicyPropertyTest, LiftingARestrictionOrTheNeedOfApprovalNeverTakesAway) {
  EXPECT_TRUE(NeverTakesAway([](Facts& f) { f.app_restricted = false; }));
  EXPECT_TRUE(NeverTakesAway([](Facts& f) { f.app_approval_required = false; }));
  EXPECT_TRUE(NeverTakesAway([](Facts& f) { f.scopes_grow = false; }));
}

TEST(PolicyPropertyTest, AServiceRoleNeverTakesAway) {
  for (unsigned role = ServiceRoles::kOperator; role <= ServiceRoles::kAuditor; ++role) {
    ForCallers(
        [role](const Facts& f) {
          return f.caller == CallerKind::kService && !f.service_roles.Has(role) &&
                 f.guests_may_use_apps;
        },
        [role](const Facts& before) {
          Facts after = before;
          after.service_roles.Add(role);
          ASSERT_GE(Worth(after), Worth(before)) << Name(before.action) << " with " << role;
        });
  }
}

TEST(PolicyPropertyTest, AServiceWithTheOperatorRoleMayWhatTheOperatorMay) {
  ForCallers([](const Facts& f) { return f.caller == CallerKind::kOperator; },
             [](const Facts& by_operator) {
               Facts by_service = by_operator;
               by_service.caller = CallerKind::kService;
               by_service.service_roles.Add(ServiceRoles::kOperator);
               ASSERT_EQ(Worth(by_service), Worth(by_operator)) << Name(by_operator.action);
             });
}

TEST(PolicyPropertyTest, OnlyTheOperatorAndItsOwnServiceTouchAServiceToken) {
  ForCallers(
      [](const Facts& f) {
        return f.caller == CallerKind::kMember && f.role == Role::kPrimaryOwner;
      },
      [](const Facts& f) {
        if (f.token_kind != TokenKind::kService || f.presents_secret) return;
        ASSERT_EQ(Worth(f), 0) << Name(f.action);
      });
}

// The enumeration leaves out the facts that do not apply to an action.
TEST(PolicyPropertyTest, FactsThatDoNotApplyChangeNothing) {
  std::mt19937 random(20240229);  // NOLINT(cert-msc51-cpp): the same facts in every run
  const auto below = [&random](std::size_t bound) { return random() % bound; };
  for (const Action action : AllActions()) {
    const std::vector<Dimension> dimensions = DimensionsOf(action);
    for (int i = 0; i < 5'000; ++i) {
      Facts everything;
      everything.action = action;
      SetCaller(everything, below(CallerCount()));
      Facts applying = everything;
      for (const Dimension& dimension : AllDimensions()) {
        const std::size_t value = below(dimension.values.size());
        dimension.set(everything, value);
        for (const Dimension& applies : dimensions) {
          if (applies.name == dimension.name) applies.set(applying, value);
        }
      }
      ASSERT_EQ(Decide(everything).rule, Decide(applying).rule) << Name(action);
      ASSERT_EQ(Decide(everything).outcome, Decide(applying).outcome) << Name(action);
    }
  }
}

}  // namespace
}  // namespace latchkey::policy
