#ifndef LATCHKEY_TESTS_SERVER_ORGANIZATION_FIXTURE_H_
#define LATCHKEY_TESTS_SERVER_ORGANIZATION_FIXTURE_H_

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "server/authority/errors.h"
#include "server/base/executor.h"
#include "storage/engine/memory_engine.h"
#include "tests/server/test_authority.h"
#include "tests/testing/status_matchers.h"

namespace latchkey::testing {

// Two organizations, corp with the workspaces acme and beta, rival with rome, and the workspace
// lone, which is in none. Each workspace has the primary owner ann and the members max and adi; of
// corp acme's ann is owner and acme's adi admin, of rival rome's ann and adi.
class OrganizationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* id : {"corp", "rival"}) MakeOrganization(id);
    MakeWorkspace("acme", "organizations/corp");
    MakeWorkspace("beta", "organizations/corp");
    MakeWorkspace("rome", "organizations/rival");
    MakeWorkspace("lone", "");
    SetPeople("corp", "acme");
    SetPeople("rival", "rome");
  }

  void MakeOrganization(const std::string& id) {
    v1::CreateOrganizationRequest request;
    request.set_organization_id(id);
    request.mutable_organization()->mutable_settings()->set_guests_may_use_apps(true);
    const auto made = Call(operator_, request);
    ASSERT_TRUE(made.ok()) << made.status();
  }
  void MakeWorkspace(const std::string& id, const std::string& organization) {
    v1::CreateWorkspaceRequest request;
    request.set_workspace_id(id);
    request.mutable_workspace()->set_plan(v1::PLAN_ENTERPRISE_GRID);
    request.mutable_workspace()->set_organization(organization);
    request.set_primary_owner_id("ann");
    const auto made = Call(operator_, request);
    ASSERT_TRUE(made.ok()) << made.status();
    for (const char* member : {"max", "adi"}) {
      v1::CreateMemberRequest add;
      add.set_parent(absl::StrCat("workspaces/", id));
      add.set_member_id(member);
      add.mutable_member()->set_role(v1::ROLE_MEMBER);
      ASSERT_TRUE(Call(operator_, add).ok());
    }
  }
  void SetPeople(const std::string& organization, const std::string& workspace) {
    v1::UpdateOrganizationRequest request;
    v1::Organization& to = *request.mutable_organization();
    to.set_name(absl::StrCat("organizations/", organization));
    to.add_owners(absl::StrCat("workspaces/", workspace, "/members/ann"));
    to.add_admins(absl::StrCat("workspaces/", workspace, "/members/adi"));
    for (const char* path : {"owners", "admins"}) request.mutable_update_mask()->add_paths(path);
    const auto set = Call(operator_, request);
    ASSERT_TRUE(set.ok()) << set.status();
  }
  absl::Status Move(const std::string& workspace, const std::string& organization) {
    v1::UpdateWorkspaceRequest request;
    request.mutable_workspace()->set_name(absl::StrCat("workspaces/", workspace));
    request.mutable_workspace()->set_organization(organization);
    request.mutable_update_mask()->add_paths("organization");
    return Call(operator_, request).status();
  }
  // Changes one setting of a workspace.
  absl::Status Set(const Caller& caller, const std::string& workspace, const std::string& setting,
                   bool value) {
    v1::UpdateWorkspaceRequest request;
    request.mutable_workspace()->set_name(absl::StrCat("workspaces/", workspace));
    v1::WorkspaceSettings& settings = *request.mutable_workspace()->mutable_settings();
    settings.set_app_approval_required(value);
    settings.set_guests_may_use_apps(value);
    request.mutable_update_mask()->add_paths(absl::StrCat("settings.", setting));
    return Call(caller, request).status();
  }
  // The same of an organization.
  absl::Status Force(const Caller& caller, const std::string& organization,
                     const std::string& setting, bool value) {
    v1::UpdateOrganizationRequest request;
    request.mutable_organization()->set_name(absl::StrCat("organizations/", organization));
    v1::OrganizationSettings& settings = *request.mutable_organization()->mutable_settings();
    settings.set_app_approval_required(value);
    settings.set_guests_may_use_apps(value);
    request.mutable_update_mask()->add_paths(absl::StrCat("settings.", setting));
    return Call(caller, request).status();
  }
  void MakeApp(const std::string& home, const std::string& id, v1::AppKind kind,
               bool user_scopes = false) {
    v1::CreateAppRequest request;
    request.set_app_id(id);
    request.mutable_app()->set_home_workspace(absl::StrCat("workspaces/", home));
    request.mutable_app()->set_kind(kind);
    request.mutable_app()->add_bot_scopes("chat:write");
    if (user_scopes) request.mutable_app()->add_user_scopes("files:read");
    const auto made = Call(Member(home, "ann"), request);
    ASSERT_TRUE(made.ok()) << made.status();
  }
  absl::StatusOr<v1::InstallAppResponse> Install(const Caller& caller, const std::string& workspace,
                                                 const std::string& app) {
    v1::InstallAppRequest request;
    request.set_parent(absl::StrCat("workspaces/", workspace));
    request.set_app(absl::StrCat("apps/", app));
    return Call(caller, request);
  }
  // Installs by the workspace's owner, and returns the bot's secret.
  std::string InstalledSecret(const std::string& workspace, const std::string& app) {
    const auto installed = Install(Member(workspace, "ann"), workspace, app);
    EXPECT_TRUE(installed.ok()) << installed.status();
    return installed.ok() ? installed->bot_token().secret() : "";
  }
  absl::StatusOr<v1::RestrictAppResponse> Restrict(const Caller& caller, const std::string& parent,
                                                   const std::string& app) {
    v1::RestrictAppRequest request;
    request.set_parent(parent);
    request.set_app(absl::StrCat("apps/", app));
    return Call(caller, request);
  }
  absl::StatusOr<v1::ApproveAppResponse> Approve(const Caller& caller, const std::string& parent,
                                                 const std::string& app) {
    v1::ApproveAppRequest request;
    request.set_parent(parent);
    request.set_app(absl::StrCat("apps/", app));
    return Call(caller, request);
  }

  absl::StatusOr<v1::GetWorkspaceResponse> GetWorkspace(const Caller& caller,
                                                        const std::string& id) {
    v1::GetWorkspaceRequest request;
    request.set_name(absl::StrCat("workspaces/", id));
    return authority_->Read(caller, request);
  }
  absl::StatusOr<v1::GetOrganizationResponse> GetOrganization(const Caller& caller,
                                                              const std::string& id) {
    v1::GetOrganizationRequest request;
    request.set_name(absl::StrCat("organizations/", id));
    return authority_->Read(caller, request);
  }
  v1::Event EventAt(std::uint64_t sequence) {
    v1::GetEventRequest request;
    request.set_sequence(sequence);
    const auto event = authority_->Read(operator_, request);
    EXPECT_TRUE(event.ok()) << event.status();
    return event.ok() ? event->event() : v1::Event();
  }
  v1::Event LastEvent() { return EventAt(authority_->events().newest()); }

  static Caller Member(const std::string& workspace, const std::string& id) {
    return TestAuthority::Member(absl::StrCat("workspaces/", workspace, "/members/", id));
  }
  static google::rpc::ErrorInfo InfoOf(const absl::Status& status) {
    return GetDetail<google::rpc::ErrorInfo>(status);
  }

  template <typename Request>
  absl::StatusOr<ResponseOf<Request>> Call(const Caller& caller, const Request& request) {
    return authority_.Call(caller, request);
  }

  engine::MemoryEngine engine_;
  ManualExecutor executor_;
  TestAuthority authority_{engine_, executor_, &executor_};
  const Caller operator_ = TestAuthority::Operator();
  const Caller owner_ = Member("acme", "ann");     // of corp
  const Caller admin_ = Member("acme", "adi");     // of corp
  const Caller stranger_ = Member("rome", "ann");  // owner of rival
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_SERVER_ORGANIZATION_FIXTURE_H_
