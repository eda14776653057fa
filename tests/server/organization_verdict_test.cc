// What an organization decides about an app, in all its workspaces at once.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/server/organization_fixture.h"

namespace latchkey {
namespace {

using testing::OrganizationTest;
using testing::StatusIs;

constexpr char kCorp[] = "organizations/corp";

class OrganizationVerdictTest : public OrganizationTest {
 protected:
  void SetUp() override {
    OrganizationTest::SetUp();
    MakeApp("acme", "shared", v1::APP_KIND_EXTERNAL);
  }
  std::string IssuedSecret(const std::string& workspace, const std::string& app) {
    v1::IssueTokenRequest request;
    request.set_parent("workspaces/" + workspace);
    request.set_kind(v1::TOKEN_KIND_CUSTOM_BOT);
    request.set_app("apps/" + app);
    const auto issued = Call(Member(workspace, "ann"), request);
    EXPECT_TRUE(issued.ok()) << issued.status();
    return issued.ok() ? issued->issued_token().secret() : "";
  }
};

TEST_F(OrganizationVerdictTest, ARestrictionEndsTheTokensInEveryWorkspaceOfTheOrganization) {
  const std::string in_acme = InstalledSecret("acme", "shared");
  const std::string in_beta = InstalledSecret("beta", "shared");
  const std::string in_rome = InstalledSecret("rome", "shared");
  const std::string in_lone = InstalledSecret("lone", "shared");
  for (const std::string& secret : {in_acme, in_beta, in_rome, in_lone}) {
    ASSERT_TRUE(authority_.IsActive(secret));
  }
  const std::uint64_t before = authority_->events().newest();

  const auto restricted = Restrict(admin_, kCorp, "shared");

  ASSERT_TRUE(restricted.ok()) << restricted.status();
  EXPECT_FALSE(authority_.IsActive(in_acme));
  EXPECT_FALSE(authority_.IsActive(in_beta));
  EXPECT_TRUE(authority_.IsActive(in_rome));
  EXPECT_TRUE(authority_.IsActive(in_lone));
  EXPECT_EQ(restricted->installation().name(), "organizations/corp/installations/shared");
  EXPECT_EQ(restricted->installation().approval(), v1::APP_APPROVAL_RESTRICTED);
  // One event for the verdict, and one for each workspace that had the app.
  ASSERT_EQ(restricted->revision(), before + 3);
  EXPECT_EQ(EventAt(before + 1).resource(), "organizations/corp/installations/shared");
  EXPECT_EQ(EventAt(before + 2).workspace(), "workspaces/acme");
  EXPECT_EQ(EventAt(before + 3).workspace(), "workspaces/beta");
  for (std::uint64_t i = before + 1; i <= before + 3; ++i) {
    EXPECT_EQ(EventAt(i).action(), v1::ACTION_APP_RESTRICT);
    EXPECT_EQ(EventAt(i).organization(), kCorp);
    EXPECT_EQ(EventAt(i).app(), "apps/shared");
    EXPECT_EQ(EventAt(i).decision().rule(), "organization.approval");
  }
}

TEST_F(OrganizationVerdictTest, ARestrictionEndsTokensThatWereIssuedSinglyToo) {
  MakeApp("beta", "bot", v1::APP_KIND_CUSTOM_INTEGRATION);
  const std::string secret = IssuedSecret("beta", "bot");
  ASSERT_TRUE(authority_.IsActive(secret));

  ASSERT_TRUE(Restrict(owner_, kCorp, "bot").ok());

  EXPECT_FALSE(authority_.IsActive(secret));
  v1::ListTokensRequest list;
  list.set_parent("workspaces/beta");
  const auto tokens = authority_->Read(operator_, list);
  ASSERT_EQ(tokens->tokens_size(), 1);
  EXPECT_EQ(tokens->tokens(0).revocation().action(), v1::ACTION_APP_RESTRICT);
  EXPECT_EQ(tokens->tokens(0).revocation().principal(), "workspaces/acme/members/ann");
}

TEST_F(OrganizationVerdictTest, WhatTheOrganizationRestrictsNoWorkspaceLetsIn) {
  ASSERT_TRUE(Restrict(owner_, kCorp, "shared").ok());
  const Caller owner_of_beta = Member("beta", "ann");

  EXPECT_THAT(Install(owner_of_beta, "beta", "shared"),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(LastEvent().decision().rule(), "app.restricted");
  ASSERT_TRUE(Approve(owner_of_beta, "workspaces/beta", "shared").ok());
  EXPECT_THAT(Install(owner_of_beta, "beta", "shared"),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_TRUE(Install(Member("lone", "ann"), "lone", "shared").ok());

  ASSERT_TRUE(Approve(owner_, kCorp, "shared").ok());
  EXPECT_TRUE(Install(owner_of_beta, "beta", "shared").ok());
}

TEST_F(OrganizationVerdictTest, AnApprovalCountsInEveryWorkspaceUnlessThatRestricts) {
  for (const char* workspace : {"acme", "beta", "lone"}) {
    ASSERT_TRUE(Set(operator_, workspace, "app_approval_required", true).ok());
  }
  ASSERT_EQ(InfoOf(Install(Member("beta", "max"), "beta", "shared").status()).reason(),
            "NEEDS_APPROVAL");

  ASSERT_TRUE(Approve(admin_, kCorp, "shared").ok());

  EXPECT_TRUE(Install(Member("beta", "max"), "beta", "shared").ok());
  EXPECT_EQ(InfoOf(Install(Member("lone", "max"), "lone", "shared").status()).reason(),
            "NEEDS_APPROVAL");
  ASSERT_TRUE(Restrict(Member("acme", "ann"), "workspaces/acme", "shared").ok());
  EXPECT_THAT(Install(Member("acme", "max"), "acme", "shared"),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(OrganizationVerdictTest, AnApprovalIsForItsScopes) {
  ASSERT_TRUE(Set(operator_, "beta", "app_approval_required", true).ok());
  ASSERT_TRUE(Approve(admin_, kCorp, "shared").ok());
  v1::UpdateAppRequest grow;
  grow.mutable_app()->set_name("apps/shared");
  grow.mutable_app()->add_bot_scopes("admin");
  grow.mutable_update_mask()->add_paths("bot_scopes");
  ASSERT_TRUE(Call(owner_, grow).ok());

  EXPECT_EQ(InfoOf(Install(Member("beta", "max"), "beta", "shared").status()).reason(),
            "NEEDS_APPROVAL");
}

TEST_F(OrganizationVerdictTest, AGrantFromBeforeARestrictionCountsNoMoreAfterIt) {
  ASSERT_TRUE(Set(operator_, "beta", "app_approval_required", true).ok());
  const auto asked = Install(Member("beta", "max"), "beta", "shared");
  v1::ResolveApprovalRequestRequest approve;
  approve.set_name(InfoOf(asked.status()).metadata().at("request"));
  approve.set_resolution(v1::ResolveApprovalRequestRequest::RESOLUTION_APPROVE);
  ASSERT_TRUE(Call(Member("beta", "ann"), approve).ok());
  ASSERT_TRUE(Restrict(owner_, kCorp, "shared").ok());

  // Lifts the restriction, and approves nothing that the app asks for.
  v1::ApproveAppRequest lift;
  lift.set_parent(kCorp);
  lift.set_app("apps/shared");
  lift.add_scopes("other:scope");
  ASSERT_TRUE(Call(owner_, lift).ok());

  EXPECT_EQ(InfoOf(Install(Member("beta", "max"), "beta", "shared").status()).reason(),
            "NEEDS_APPROVAL");
}

TEST_F(OrganizationVerdictTest, OwnersAndAdminsDecideForItAndNobodyElse) {
  const Caller manager = Member("beta", "ann");  // owns a workspace of it

  EXPECT_THAT(Restrict(manager, kCorp, "shared"), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(LastEvent().decision().rule(), "organization.approval");
  EXPECT_EQ(LastEvent().organization(), kCorp);
  EXPECT_THAT(Restrict(operator_, kCorp, "shared"), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(Approve(stranger_, kCorp, "shared"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_TRUE(Approve(admin_, kCorp, "shared").ok());
}

TEST_F(OrganizationVerdictTest, AnAppThatTheOrganizationCannotHaveIsAsIfItWereNot) {
  MakeApp("rome", "hidden", v1::APP_KIND_INTERNAL);

  const auto one = Restrict(owner_, kCorp, "hidden");
  const auto none = Restrict(owner_, kCorp, "absent");

  EXPECT_THAT(one, StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(none, StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(OrganizationVerdictTest, AWorkspaceThatJoinsLosesTheTokensOfWhatIsRestricted) {
  const std::string in_lone = InstalledSecret("lone", "shared");
  ASSERT_TRUE(Restrict(owner_, kCorp, "shared").ok());
  ASSERT_TRUE(authority_.IsActive(in_lone));

  ASSERT_TRUE(Move("lone", kCorp).ok());

  EXPECT_FALSE(authority_.IsActive(in_lone));
  EXPECT_EQ(LastEvent().action(), v1::ACTION_APP_RESTRICT);
  EXPECT_EQ(LastEvent().organization(), kCorp);
  EXPECT_FALSE(Install(Member("lone", "ann"), "lone", "shared").ok());
  // What is decided later reaches it too.
  ASSERT_TRUE(Approve(owner_, kCorp, "shared").ok());
  const std::string again = [&] {
    v1::ReinstallAppRequest request;
    request.set_name("workspaces/lone/installations/shared");
    const auto installed = Call(Member("lone", "ann"), request);
    EXPECT_TRUE(installed.ok()) << installed.status();
    return installed.ok() ? installed->bot_token().secret() : "";
  }();
  ASSERT_TRUE(authority_.IsActive(again));
  ASSERT_TRUE(Restrict(owner_, kCorp, "shared").ok());
  EXPECT_FALSE(authority_.IsActive(again));
}

TEST_F(OrganizationVerdictTest, WhatWasDecidedCanBeRead) {
  ASSERT_TRUE(Restrict(owner_, kCorp, "shared").ok());
  v1::ListInstallationsRequest list;
  list.set_parent(kCorp);

  for (const Caller& caller : {admin_, operator_}) {
    const auto verdicts = authority_->Read(caller, list);
    ASSERT_TRUE(verdicts.ok()) << verdicts.status();
    ASSERT_EQ(verdicts->installations_size(), 1);
    EXPECT_EQ(verdicts->installations(0).approval(), v1::APP_APPROVAL_RESTRICTED);
  }
  EXPECT_THAT(authority_->Read(stranger_, list), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(OrganizationVerdictTest, ARestrictionIsOneSmallWriteAWorkspaceWhateverTheTokens) {
  MakeApp("beta", "bot", v1::APP_KIND_CUSTOM_INTEGRATION);
  const auto events_of_restricting = [&] {
    const std::uint64_t before = authority_->events().newest();
    EXPECT_TRUE(Restrict(owner_, kCorp, "bot").ok());
    EXPECT_TRUE(Approve(owner_, kCorp, "bot").ok());
    return authority_->events().newest() - before;
  };
  IssuedSecret("beta", "bot");
  const std::uint64_t with_one = events_of_restricting();
  std::vector<std::string> secrets;
  for (int i = 0; i < 200; ++i) secrets.push_back(IssuedSecret("beta", "bot"));

  EXPECT_EQ(events_of_restricting(), with_one);

  for (const std::string& secret : secrets) EXPECT_FALSE(authority_.IsActive(secret));
}

}  // namespace
}  // namespace latchkey
