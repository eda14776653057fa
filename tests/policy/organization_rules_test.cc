// What the rows about organizations decide.
#include <vector>

#include "gtest/gtest.h"
#include "server/policy/policy.h"
#include "tests/policy/cases.h"

namespace latchkey::policy {
namespace {

const std::vector<Case>& Cases() {
  static const auto& cases = *new std::vector<Case>{
      {"ADirectoryServiceMakesAnOrganization",
       {.action = Action::kOrganizationCreate,
        .caller = kAService,
        .service_roles = Roles({ServiceRoles::kDirectory})},
       kAllow,
       "organization.create"},
      {"AnOrgOwnerMakesNoOrganization",
       {.action = Action::kOrganizationCreate,
        .caller = kAMember,
        .org_role = OrgRole::kOwner,
        .role = Role::kPrimaryOwner},
       kDeny,
       "organization.create"},
      {"AnOrgAdminReadsTheOrganization",
       {.action = Action::kOrganizationRead,
        .caller = kAMember,
        .org_role = OrgRole::kAdmin,
        .role = Role::kMember},
       kAllow,
       "organization.read"},
      {"AnOwnerOfAWorkspaceDoesNotReadItsOrganization",
       {.action = Action::kOrganizationRead, .caller = kAMember, .role = Role::kPrimaryOwner},
       kDeny,
       "organization.read"},
      {"AnAuditorReadsNoOrganization",
       {.action = Action::kOrganizationRead,
        .caller = kAService,
        .service_roles = Roles({ServiceRoles::kAuditor})},
       kDeny,
       "caller.service_role"},
      {"AnOrgOwnerChangesTheOrganization",
       {.action = Action::kOrganizationUpdate,
        .caller = kAMember,
        .org_role = OrgRole::kOwner,
        .role = Role::kMember},
       kAllow,
       "organization.update"},
      {"AnOrgAdminDoesNotChangeTheOrganization",
       {.action = Action::kOrganizationUpdate,
        .caller = kAMember,
        .org_role = OrgRole::kAdmin,
        .role = Role::kPrimaryOwner},
       kDeny,
       "organization.update"},
      {"AStrangerIsNobodyInAnOrganization",
       {.action = Action::kOrganizationUpdate,
        .caller = kAMember,
        .same_workspace = false,
        .role = Role::kPrimaryOwner},
       kDeny,
       "caller.cross_workspace"},
      {"AnOrgAdminRestrictsForTheWholeOrganization",
       {.action = Action::kAppRestrict,
        .caller = kAMember,
        .org_role = OrgRole::kAdmin,
        .role = Role::kMember,
        .org_wide = true},
       kAllow,
       "organization.approval"},
      {"AnOwnerOfAWorkspaceDoesNotRestrictForTheWholeOrganization",
       {.action = Action::kAppRestrict,
        .caller = kAMember,
        .role = Role::kPrimaryOwner,
        .can_manage_apps = true,
        .org_wide = true},
       kDeny,
       "organization.approval"},
      {"TheOperatorRestrictsNoApps",
       {.action = Action::kAppRestrict, .caller = CallerKind::kOperator, .org_wide = true},
       kDeny,
       "default.deny"},
      {"AnOrgOwnerDoesNotMoveWorkspaces",
       {.action = Action::kWorkspaceUpdate,
        .caller = kAMember,
        .org_role = OrgRole::kOwner,
        .role = Role::kPrimaryOwner,
        .moves_workspace = true},
       kDeny,
       "workspace.organization"},
      {"ADirectoryServiceMovesWorkspaces",
       {.action = Action::kWorkspaceUpdate,
        .caller = kAService,
        .service_roles = Roles({ServiceRoles::kDirectory}),
        .moves_workspace = true},
       kAllow,
       "workspace.manage"},
      {"AnOrgOwnerReadsTheLogOfAWorkspaceOfTheOrganization",
       {.action = Action::kAuditRead,
        .caller = kAMember,
        .same_workspace = false,
        .org_role = OrgRole::kOwner,
        .role = Role::kMember},
       kAllow,
       "audit.read"},
      {"AnOrgAdminReadsNoLog",
       {.action = Action::kAuditRead,
        .caller = kAMember,
        .same_workspace = false,
        .org_role = OrgRole::kAdmin,
        .role = Role::kOwner},
       kDeny,
       "audit.read"},
  };
  return cases;
}

class OrganizationRulesTest : public testing::TestWithParam<Case> {};

TEST_P(OrganizationRulesTest, IsDecidedByTheRule) {
  const Decision decision = Decide(GetParam().facts);

  EXPECT_EQ(decision.outcome, GetParam().outcome) << decision.rule << ": " << decision.reason;
  EXPECT_EQ(decision.rule, GetParam().rule) << decision.reason;
}

INSTANTIATE_TEST_SUITE_P(Cases, OrganizationRulesTest, testing::ValuesIn(Cases()),
                         [](const auto& suite) { return suite.param.name; });

}  // namespace
}  // namespace latchkey::policy
