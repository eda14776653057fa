// Organizations: who acts in them, what they force on their workspaces, and what events say.
#include <string>

#include "gmock/gmock.h"
#include "tests/server/organization_fixture.h"

namespace latchkey {
namespace {

using ::testing::ElementsAre;
using testing::OrganizationTest;
using testing::StatusIs;
using testing::TestAuthority;

TEST_F(OrganizationTest, TheOperatorAndADirectoryServiceMakeOneAndMembersDoNot) {
  v1::CreateServiceRequest service;
  service.set_service_id("hr");
  service.mutable_service()->add_roles(v1::SERVICE_ROLE_DIRECTORY);
  ASSERT_TRUE(Call(operator_, service).ok());
  v1::CreateOrganizationRequest request;
  request.set_organization_id("third");
  request.mutable_organization()->set_display_name("Third");

  EXPECT_THAT(Call(owner_, request), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(LastEvent().decision().rule(), "organization.create");
  EXPECT_EQ(LastEvent().organization(), "organizations/third");
  const auto made = Call(TestAuthority::Service("services/hr"), request);

  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->organization().name(), "organizations/third");
  EXPECT_EQ(made->organization().revision(), made->revision());
  const v1::Event event = EventAt(made->revision());
  EXPECT_EQ(event.action(), v1::ACTION_ORGANIZATION_CREATE);
  EXPECT_EQ(event.organization(), "organizations/third");
  EXPECT_EQ(event.after().organization().display_name(), "Third");
  EXPECT_THAT(Call(operator_, request), StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(OrganizationTest, OwnersAndAdminsReadItOwnersChangeItAndOthersDoNeither) {
  EXPECT_TRUE(GetOrganization(owner_, "corp").ok());
  EXPECT_TRUE(GetOrganization(admin_, "corp").ok());
  EXPECT_THAT(GetOrganization(Member("acme", "max"), "corp"),
              StatusIs(absl::StatusCode::kPermissionDenied));

  EXPECT_TRUE(Force(owner_, "corp", "app_approval_required", true).ok());
  EXPECT_EQ(LastEvent().organization(), "organizations/corp");
  EXPECT_THAT(Force(admin_, "corp", "app_approval_required", false),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(LastEvent().decision().rule(), "organization.update");
}

TEST_F(OrganizationTest, AnOwnerActsAsAnOwnerInEveryWorkspaceAndAnAdminAsAnAdmin) {
  EXPECT_TRUE(Set(owner_, "beta", "app_approval_required", true).ok());
  EXPECT_EQ(LastEvent().decision().rule(), "workspace.manage");
  EXPECT_TRUE(GetWorkspace(admin_, "beta").ok());
  EXPECT_THAT(Set(admin_, "beta", "app_approval_required", false),
              StatusIs(absl::StatusCode::kPermissionDenied));

  for (const Caller& caller : {owner_, admin_}) {
    const auto list = authority_->Read(caller, v1::ListWorkspacesRequest());
    ASSERT_TRUE(list.ok()) << list.status();
    ASSERT_EQ(list->workspaces_size(), 2);
    EXPECT_EQ(list->workspaces(0).name(), "workspaces/acme");
    EXPECT_EQ(list->workspaces(1).name(), "workspaces/beta");
  }
  EXPECT_EQ(authority_->Read(Member("acme", "max"), v1::ListWorkspacesRequest())->workspaces_size(),
            1);
}

TEST_F(OrganizationTest, NobodyActsInASuspendedWorkspaceFromAnotherOne) {
  v1::UpdateWorkspaceRequest suspend;
  suspend.mutable_workspace()->set_name("workspaces/beta");
  suspend.mutable_workspace()->set_state(v1::WORKSPACE_STATE_SUSPENDED);
  suspend.mutable_update_mask()->add_paths("state");
  ASSERT_TRUE(Call(operator_, suspend).ok());
  const Caller owner = TestAuthority::Member("workspaces/acme/members/ann");

  suspend.mutable_workspace()->set_state(v1::WORKSPACE_STATE_ACTIVE);
  EXPECT_THAT(Call(owner, suspend), StatusIs(absl::StatusCode::kPermissionDenied));
  v1::CreateAppRequest app;
  app.set_app_id("late");
  app.mutable_app()->set_home_workspace("workspaces/beta");
  app.mutable_app()->set_kind(v1::APP_KIND_CUSTOM_INTEGRATION);
  EXPECT_THAT(Call(owner, app), StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(OrganizationTest, WhoLeadsOneOrganizationIsAStrangerToAnother) {
  const auto same_words = [](const absl::Status& one, const absl::Status& none,
                             const std::string& name, const std::string& absent) {
    EXPECT_THAT(one, StatusIs(absl::StatusCode::kNotFound));
    std::string words(none.message());
    words.replace(words.find(absent), absent.size(), name);
    EXPECT_EQ(one.message(), words);
  };
  for (const Caller& caller : {stranger_, Member("rome", "adi"), Member("lone", "ann")}) {
    same_words(GetWorkspace(caller, "acme").status(), GetWorkspace(caller, "none").status(), "acme",
               "none");
    same_words(GetOrganization(caller, "corp").status(), GetOrganization(caller, "none").status(),
               "corp", "none");
    same_words(Force(caller, "corp", "app_approval_required", true),
               Force(caller, "none", "app_approval_required", true), "corp", "none");
    same_words(Set(caller, "acme", "app_approval_required", true),
               Set(caller, "none", "app_approval_required", true), "acme", "none");
  }
  MakeApp("acme", "shared", v1::APP_KIND_EXTERNAL);
  same_words(Restrict(stranger_, "organizations/corp", "shared").status(),
             Restrict(stranger_, "organizations/none", "shared").status(), "corp", "none");
  const auto list = authority_->Read(stranger_, v1::ListOrganizationsRequest());
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_EQ(list->organizations_size(), 1);
  EXPECT_EQ(list->organizations(0).name(), "organizations/rival");
  EXPECT_EQ(authority_->Read(operator_, v1::ListOrganizationsRequest())->organizations_size(), 2);
  EXPECT_THAT(authority_->Read(Member("lone", "ann"), v1::ListOrganizationsRequest()),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(OrganizationTest, ARoleLastsAsLongAsItsMemberBelongsAndIsActive) {
  v1::DeactivateMemberRequest deactivate;
  deactivate.set_name("workspaces/acme/members/adi");
  ASSERT_TRUE(Call(operator_, deactivate).ok());
  EXPECT_THAT(GetWorkspace(admin_, "beta"), StatusIs(absl::StatusCode::kPermissionDenied));

  ASSERT_TRUE(GetWorkspace(owner_, "beta").ok());
  ASSERT_TRUE(Move("acme", "").ok());
  EXPECT_THAT(GetWorkspace(owner_, "beta"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(GetOrganization(owner_, "corp"), StatusIs(absl::StatusCode::kNotFound));
  ASSERT_TRUE(Move("acme", "organizations/rival").ok());
  EXPECT_THAT(GetWorkspace(owner_, "rome"), StatusIs(absl::StatusCode::kNotFound));
  ASSERT_TRUE(Move("acme", "organizations/corp").ok());
  EXPECT_TRUE(GetWorkspace(owner_, "beta").ok());
}

TEST_F(OrganizationTest, WhoIsNamedMustBeThereAndAnOwnerNamesOnlyMembersOfItsWorkspaces) {
  const auto add_admin = [&](const Caller& caller, const std::string& name) {
    v1::UpdateOrganizationRequest request;
    request.mutable_organization()->set_name("organizations/corp");
    request.mutable_organization()->add_admins(name);
    request.mutable_update_mask()->add_paths("admins");
    return Call(caller, request).status();
  };
  const absl::Status absent = add_admin(owner_, "workspaces/rome/members/nobody");
  const absl::Status anothers = add_admin(owner_, "workspaces/rome/members/max");

  EXPECT_THAT(absent, StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(anothers, StatusIs(absl::StatusCode::kNotFound));
  EXPECT_TRUE(add_admin(owner_, "workspaces/beta/members/max").ok());
  EXPECT_TRUE(GetWorkspace(Member("beta", "max"), "acme").ok());
  // The operator may name ahead who belongs later; until then the role gives nothing.
  EXPECT_TRUE(add_admin(operator_, "workspaces/lone/members/max").ok());
  EXPECT_THAT(GetWorkspace(Member("lone", "max"), "acme"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(add_admin(operator_, "workspaces/lone/members/nobody"),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(OrganizationTest, OnlyTheOperatorAndADirectoryServiceMoveAWorkspace) {
  v1::UpdateWorkspaceRequest request;
  request.mutable_workspace()->set_name("workspaces/acme");
  request.mutable_update_mask()->add_paths("organization");

  EXPECT_THAT(Call(owner_, request), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(LastEvent().decision().rule(), "workspace.organization");
  EXPECT_THAT(Move("acme", "organizations/none"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Move("acme", "corp"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_TRUE(Move("acme", "").ok());
}

TEST_F(OrganizationTest, OnlyTheEnterprisePlanIsInOneAndADowngradeWaitsUntilItLeft) {
  const auto change_plan = [&](const std::string& workspace, bool leave) {
    v1::UpdateWorkspaceRequest request;
    request.mutable_workspace()->set_name("workspaces/" + workspace);
    request.mutable_workspace()->set_plan(v1::PLAN_PLUS);
    request.mutable_update_mask()->add_paths("plan");
    if (leave) request.mutable_update_mask()->add_paths("organization");
    return Call(operator_, request).status();
  };
  const absl::Status refused = change_plan("acme", /*leave=*/false);

  ASSERT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(InfoOf(refused).reason(), "PLAN_LIMIT");
  EXPECT_EQ(InfoOf(refused).metadata().at("plan"), "PLUS");
  EXPECT_EQ(InfoOf(refused).metadata().at("what"), "organizations");
  EXPECT_TRUE(change_plan("acme", /*leave=*/true).ok());
  EXPECT_TRUE(change_plan("lone", /*leave=*/false).ok());
  EXPECT_EQ(InfoOf(Move("lone", "organizations/corp")).reason(), "PLAN_LIMIT");
  v1::CreateWorkspaceRequest create;
  create.set_workspace_id("small");
  create.mutable_workspace()->set_organization("organizations/corp");
  EXPECT_EQ(InfoOf(Call(operator_, create).status()).reason(), "PLAN_LIMIT");
}

TEST_F(OrganizationTest, AWorkspaceTightensAndDoesNotLoosenWhatIsForced) {
  ASSERT_TRUE(Force(owner_, "corp", "app_approval_required", true).ok());
  const Caller owner_of_beta = Member("beta", "ann");

  const absl::Status loosened = Set(owner_of_beta, "beta", "app_approval_required", false);

  ASSERT_THAT(loosened, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(InfoOf(loosened).reason(), "STATE_CONFLICT");
  EXPECT_EQ(InfoOf(loosened).metadata().at("resource"), "organizations/corp");
  EXPECT_TRUE(Set(owner_of_beta, "beta", "app_approval_required", true).ok());
  EXPECT_TRUE(Set(owner_of_beta, "beta", "guests_may_use_apps", true).ok());
  ASSERT_TRUE(Force(owner_, "corp", "guests_may_use_apps", false).ok());
  EXPECT_THAT(Set(owner_of_beta, "beta", "guests_may_use_apps", true),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_TRUE(Set(owner_of_beta, "beta", "guests_may_use_apps", false).ok());
  // A workspace of no organization chooses by itself.
  EXPECT_TRUE(Set(Member("lone", "ann"), "lone", "guests_may_use_apps", true).ok());
}

TEST_F(OrganizationTest, PolicyReadsTheTighterSettingsAndTheRecordKeepsItsOwn) {
  v1::IssueTokenRequest test_token;
  test_token.set_parent("workspaces/beta");
  test_token.set_kind(v1::TOKEN_KIND_TEST);
  ASSERT_TRUE(Call(Member("beta", "max"), test_token).ok());

  ASSERT_TRUE(Force(owner_, "corp", "app_approval_required", true).ok());

  EXPECT_EQ(InfoOf(Call(Member("beta", "max"), test_token).status()).reason(), "NEEDS_APPROVAL");
  EXPECT_FALSE(GetWorkspace(operator_, "beta")->workspace().settings().app_approval_required());
  ASSERT_TRUE(Force(owner_, "corp", "app_approval_required", false).ok());
  EXPECT_TRUE(Call(Member("beta", "max"), test_token).ok());
}

TEST_F(OrganizationTest, GuestsUseAppsWhereBothTheWorkspaceAndItsOrganizationLetThem) {
  v1::CreateMemberRequest guest;
  guest.set_parent("workspaces/beta");
  guest.set_member_id("gus");
  guest.mutable_member()->set_role(v1::ROLE_MULTI_CHANNEL_GUEST);
  ASSERT_TRUE(Call(operator_, guest).ok());
  v1::ListAppsRequest apps;
  apps.set_parent("workspaces/beta");
  const auto may = [&] { return authority_->Read(Member("beta", "gus"), apps).ok(); };

  EXPECT_FALSE(may());
  ASSERT_TRUE(Set(operator_, "beta", "guests_may_use_apps", true).ok());
  EXPECT_TRUE(may());
  ASSERT_TRUE(Force(owner_, "corp", "guests_may_use_apps", false).ok());
  EXPECT_FALSE(may());
}

TEST_F(OrganizationTest, EventsCarryTheOrganizationThatTheWorkspaceBelongsToThen) {
  MakeApp("beta", "tool", v1::APP_KIND_INTERNAL);
  EXPECT_EQ(LastEvent().workspace(), "workspaces/beta");
  EXPECT_EQ(LastEvent().organization(), "organizations/corp");
  // Refusals too.
  EXPECT_FALSE(Set(Member("beta", "max"), "beta", "app_approval_required", true).ok());
  EXPECT_EQ(LastEvent().decision().outcome(), v1::OUTCOME_DENIED);
  EXPECT_EQ(LastEvent().organization(), "organizations/corp");

  ASSERT_TRUE(Move("beta", "").ok());
  EXPECT_EQ(LastEvent().organization(), "organizations/corp");
  EXPECT_EQ(LastEvent().before().workspace().organization(), "organizations/corp");
  MakeApp("beta", "later", v1::APP_KIND_INTERNAL);
  EXPECT_EQ(LastEvent().organization(), "");
  ASSERT_TRUE(Move("beta", "organizations/rival").ok());
  EXPECT_EQ(LastEvent().organization(), "organizations/rival");
  MakeWorkspace("newest", "organizations/corp");
  const v1::Event made = LastEvent();  // of its last member
  EXPECT_EQ(made.organization(), "organizations/corp");
}

TEST_F(OrganizationTest, TheEventsOfANewWorkspaceCarryItsOrganization) {
  v1::CreateWorkspaceRequest request;
  request.set_workspace_id("fresh");
  request.mutable_workspace()->set_plan(v1::PLAN_ENTERPRISE_GRID);
  request.mutable_workspace()->set_organization("organizations/corp");
  request.set_primary_owner_id("fay");

  const auto made = Call(operator_, request);

  ASSERT_TRUE(made.ok()) << made.status();
  for (const std::uint64_t sequence : {made->revision() - 1, made->revision()}) {
    EXPECT_EQ(EventAt(sequence).organization(), "organizations/corp");
  }
}

TEST_F(OrganizationTest, AnOwnerReadsTheLogOfEveryWorkspaceAndOfNoOther) {
  v1::ListEventsRequest list;
  list.mutable_filter()->set_workspace("workspaces/beta");
  const auto events = authority_->Read(owner_, list);
  ASSERT_TRUE(events.ok()) << events.status();
  ASSERT_GT(events->events_size(), 0);
  v1::GetEventRequest one;
  one.set_sequence(events->events(0).sequence());
  EXPECT_TRUE(authority_->Read(owner_, one).ok());

  EXPECT_THAT(authority_->Read(admin_, list), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(authority_->Read(stranger_, list), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(authority_->Read(stranger_, one), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_FALSE(authority_->Read(admin_, one).ok());
  list.mutable_filter()->set_workspace("workspaces/rome");
  EXPECT_THAT(authority_->Read(owner_, list), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(OrganizationTest, WhoOnlyLeadsTheOrganizationHasNoTokensOfTheirOwnInAWorkspace) {
  // beta has an ann of its own, for whom acme's ann must not be taken.
  v1::IssueTokenRequest test_token;
  test_token.set_parent("workspaces/beta");
  test_token.set_kind(v1::TOKEN_KIND_TEST);
  EXPECT_THAT(Call(owner_, test_token), StatusIs(absl::StatusCode::kPermissionDenied));
  test_token.set_member("workspaces/acme/members/ann");
  EXPECT_THAT(Call(owner_, test_token), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(LastEvent().decision().rule(), "test.own_only");

  MakeApp("beta", "speaks", v1::APP_KIND_EXTERNAL, /*user_scopes=*/true);
  MakeApp("beta", "mute", v1::APP_KIND_EXTERNAL);
  const auto refused = Install(owner_, "beta", "speaks");
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(InfoOf(refused.status()).reason(), "STATE_CONFLICT");
  EXPECT_TRUE(Install(owner_, "beta", "mute").ok());
}

TEST_F(OrganizationTest, AGrantIsItsRequestersAndNotThatOfANamesake) {
  MakeApp("beta", "shared", v1::APP_KIND_EXTERNAL);
  ASSERT_TRUE(Set(owner_, "beta", "app_approval_required", true).ok());
  // acme's adi administers corp, and beta's adi is a member; both must ask.
  ASSERT_EQ(InfoOf(Install(Member("beta", "adi"), "beta", "shared").status()).reason(),
            "NEEDS_APPROVAL");
  const auto by_admin = Install(admin_, "beta", "shared");
  ASSERT_EQ(InfoOf(by_admin.status()).reason(), "NEEDS_APPROVAL");
  v1::ListApprovalRequestsRequest list;
  list.set_parent("workspaces/beta");
  list.set_state(v1::APPROVAL_REQUEST_STATE_PENDING);
  const auto pending = authority_->Read(owner_, list);
  ASSERT_EQ(pending->approval_requests_size(), 2);
  v1::ResolveApprovalRequestRequest approve;
  approve.set_name(InfoOf(by_admin.status()).metadata().at("request"));
  approve.set_resolution(v1::ResolveApprovalRequestRequest::RESOLUTION_APPROVE);
  ASSERT_TRUE(Call(owner_, approve).ok());

  EXPECT_EQ(InfoOf(Install(Member("beta", "adi"), "beta", "shared").status()).reason(),
            "NEEDS_APPROVAL");
  EXPECT_TRUE(Install(admin_, "beta", "shared").ok());
}

TEST_F(OrganizationTest, ADryRunSaysOfAnOrganizationWhatTheActWouldBeToldOf) {
  v1::CheckPermissionRequest ask;
  ask.set_action(v1::ACTION_ORGANIZATION_UPDATE);
  ask.set_resource("organizations/corp");
  EXPECT_EQ(authority_->Read(owner_, ask)->decision().outcome(), v1::OUTCOME_ALLOWED);
  EXPECT_EQ(authority_->Read(admin_, ask)->decision().rule(), "organization.update");
  EXPECT_THAT(authority_->Read(stranger_, ask), StatusIs(absl::StatusCode::kNotFound));
  ask.set_action(v1::ACTION_APP_RESTRICT);
  ask.set_resource("organizations/corp/installations/shared");
  EXPECT_THAT(authority_->Read(admin_, ask), StatusIs(absl::StatusCode::kNotFound));
  MakeApp("beta", "shared", v1::APP_KIND_EXTERNAL);
  EXPECT_EQ(authority_->Read(admin_, ask)->decision().rule(), "organization.approval");
  EXPECT_EQ(authority_->Read(admin_, ask)->decision().outcome(), v1::OUTCOME_ALLOWED);
  ask.set_action(static_cast<v1::Action>(45));
  EXPECT_THAT(authority_->Read(admin_, ask), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace latchkey
