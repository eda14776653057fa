// Makes every change once, and checks what its events hold against the contract's table of actions.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "server/authority/actions.h"
#include "server/base/executor.h"
#include "storage/engine/memory_engine.h"
#include "tests/server/events_of.h"
#include "tests/server/test_authority.h"
#include "tests/testing/status_matchers.h"

namespace latchkey {
namespace {

using testing::StatusIs;
using testing::TestAuthority;

constexpr char kAcme[] = "workspaces/acme";
constexpr char kBo[] = "workspaces/acme/members/bo";
constexpr absl::Duration kDay = absl::Hours(24);

bool Has(const google::protobuf::RepeatedPtrField<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

// The name of what an entity holds; "" where there is none.
std::string HeldBy(const v1::Entity& entity) {
  const auto* const field = entity.GetReflection()->GetOneofFieldDescriptor(
      entity, v1::Entity::descriptor()->oneof_decl(0));
  return field == nullptr ? "" : field->name();
}

class EventFieldsTest : public ::testing::Test {
 protected:
  // Callers as the transport would name them.
  static Caller Named(Caller caller) {
    caller.peer = "ipv4:192.0.2.7:40000";
    caller.user_agent = "portal/1.0";
    return caller;
  }
  static Caller Operator() { return Named(TestAuthority::Operator()); }
  static Caller Member(const std::string& id) {
    return Named(TestAuthority::Member(absl::StrCat(kAcme, "/members/", id)));
  }
  // The owner, for whom a service acts.
  Caller Ann() const {
    Caller caller = Member("ann");
    caller.delegate = "services/portal";
    caller.token = portal_token_;
    return caller;
  }

  template <typename Request>
  absl::StatusOr<ResponseOf<Request>> Try(const Caller& caller, Request request) {
    request.set_request_id(absl::StrFormat("00000000-0000-4000-8000-%012x", ++ids_));
    return authority_.Call(caller, request);
  }
  template <typename Request>
  ResponseOf<Request> Do(const Caller& caller, const Request& request) {
    const auto response = Try(caller, request);
    EXPECT_TRUE(response.ok()) << MethodName<Request>() << ": " << response.status();
    return response.ok() ? *response : ResponseOf<Request>();
  }
  std::string Keep(const v1::IssuedToken& issued) {
    if (!issued.secret().empty()) secrets_.push_back(issued.secret());
    return issued.token().name();
  }
  void Tick() {
    authority_->Tick();
    executor_.RunAll();
  }
  void PassDays(int days) {
    for (int day = 0; day < days; ++day) {
      authority_.clock().Advance(kDay);
      Tick();
      Tick();
    }
  }

  void MakePeople();
  void ChangeDirectory();
  void MakeApp(const std::string& id, v1::AppKind kind, bool rotates = false);
  void ChangeApps();
  void ChangeInstallations();
  void AskAndResolve();
  std::string IssueBot(const std::string& label);
  void ChangeTokens();
  void RotateAndReuse();
  void EndMany();
  void BeRefused();
  void LetTimePass();
  std::string AskForTestToken();
  void Resolve(const Caller& caller, const std::string& request,
               v1::ResolveApprovalRequestRequest::Resolution resolution);
  void SetApprovals(bool on);

  std::vector<v1::Event> Events() {
    std::vector<v1::Event> all;
    while (all.size() < authority_->events().newest()) {
      const auto batch = authority_->events().Read(all.size(), {}, {});
      EXPECT_TRUE(batch.ok());
      const auto more = testing::EventsOf(*batch);
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }

  engine::MemoryEngine engine_;
  ManualExecutor executor_;
  TestAuthority authority_{engine_, executor_, &executor_};
  std::vector<std::string> secrets_;
  std::string portal_token_;
  std::uint64_t ids_ = 0;
};

void EventFieldsTest::MakePeople() {
  v1::CreateServiceRequest portal;
  portal.set_service_id("portal");
  portal.mutable_service()->add_roles(v1::SERVICE_ROLE_DELEGATE);
  Do(Operator(), portal);
  v1::IssueTokenRequest issue;
  issue.set_parent("services/portal");
  issue.set_kind(v1::TOKEN_KIND_SERVICE);
  portal_token_ = Keep(Do(Operator(), issue).issued_token());
  v1::CreateOrganizationRequest corp;
  corp.set_organization_id("corp");
  corp.mutable_organization()->set_display_name("corp");
  Do(Operator(), corp);
  v1::CreateWorkspaceRequest acme;
  acme.set_workspace_id("acme");
  acme.mutable_workspace()->set_plan(v1::PLAN_ENTERPRISE_GRID);
  acme.mutable_workspace()->set_organization("organizations/corp");
  acme.set_primary_owner_id("ann");
  Do(Operator(), acme);
  for (const char* id : {"bo", "cy"}) {
    v1::CreateMemberRequest member;
    member.set_parent(kAcme);
    member.set_member_id(id);
    member.mutable_member()->set_role(v1::ROLE_MEMBER);
    Do(Operator(), member);
  }
}

void EventFieldsTest::ChangeDirectory() {
  v1::UpdateOrganizationRequest corp;
  corp.mutable_organization()->set_name("organizations/corp");
  corp.mutable_organization()->add_owners("workspaces/acme/members/ann");
  corp.mutable_update_mask()->add_paths("owners");
  Do(Operator(), corp);
  v1::UpdateMemberRequest update;
  update.mutable_member()->set_name("workspaces/acme/members/cy");
  update.mutable_member()->set_can_manage_apps(true);
  update.mutable_update_mask()->add_paths("can_manage_apps");
  Do(Ann(), update);
  v1::DeactivateMemberRequest deactivate;
  deactivate.set_name("workspaces/acme/members/cy");
  Do(Ann(), deactivate);
  v1::CreateServiceRequest service;
  service.set_service_id("old");
  service.mutable_service()->add_roles(v1::SERVICE_ROLE_VERIFIER);
  Do(Operator(), service);
  v1::DeleteServiceRequest erase;
  erase.set_name("services/old");
  Do(Operator(), erase);
}

void EventFieldsTest::MakeApp(const std::string& id, v1::AppKind kind, bool rotates) {
  v1::CreateAppRequest request;
  request.set_app_id(id);
  request.mutable_app()->set_home_workspace(kAcme);
  request.mutable_app()->set_kind(kind);
  request.mutable_app()->set_token_rotation(rotates);
  if (kind != v1::APP_KIND_CUSTOM_INTEGRATION) request.mutable_app()->add_bot_scopes("chat:write");
  Do(Ann(), request);
}

void EventFieldsTest::ChangeApps() {
  MakeApp("ci", v1::APP_KIND_INTERNAL);
  MakeApp("bot", v1::APP_KIND_CUSTOM_INTEGRATION);
  MakeApp("pair", v1::APP_KIND_INTERNAL, /*rotates=*/true);
  MakeApp("gone", v1::APP_KIND_INTERNAL);
  v1::UpdateAppRequest update;
  update.mutable_app()->set_name("apps/ci");
  update.mutable_app()->set_display_name("CI");
  update.mutable_update_mask()->add_paths("display_name");
  Do(Ann(), update);
  v1::AddCollaboratorRequest add;
  add.set_app("apps/ci");
  add.set_member(kBo);
  Do(Ann(), add);
  v1::RemoveCollaboratorRequest remove;
  remove.set_app("apps/ci");
  remove.set_member(kBo);
  Do(Ann(), remove);
  v1::DeleteAppRequest erase;
  erase.set_name("apps/gone");
  Do(Ann(), erase);
}

void EventFieldsTest::ChangeInstallations() {
  v1::InstallAppRequest install;
  install.set_parent(kAcme);
  install.set_app("apps/ci");
  Keep(Do(Ann(), install).bot_token());
  v1::ReinstallAppRequest reinstall;
  reinstall.set_name("workspaces/acme/installations/ci");
  Keep(Do(Ann(), reinstall).bot_token());
  v1::ApproveAppRequest approve;
  approve.set_parent(kAcme);
  approve.set_app("apps/ci");
  Do(Ann(), approve);
  v1::UninstallAppRequest uninstall;
  uninstall.set_name("workspaces/acme/installations/ci");
  Do(Ann(), uninstall);
  v1::RestrictAppRequest restrict_it;
  restrict_it.set_parent(kAcme);
  restrict_it.set_app("apps/ci");
  restrict_it.set_reason("for a test");
  Do(Ann(), restrict_it);
  approve.set_parent("organizations/corp");
  Do(Ann(), approve);
  restrict_it.set_parent("organizations/corp");
  Do(Ann(), restrict_it);
}

void EventFieldsTest::SetApprovals(bool on) {
  v1::UpdateWorkspaceRequest request;
  request.mutable_workspace()->set_name(kAcme);
  request.mutable_workspace()->mutable_settings()->set_app_approval_required(on);
  request.mutable_update_mask()->add_paths("settings.app_approval_required");
  Do(Operator(), request);
}

// Returns the name of the request that it leaves.
std::string EventFieldsTest::AskForTestToken() {
  v1::IssueTokenRequest request;
  request.set_parent(kAcme);
  request.set_kind(v1::TOKEN_KIND_TEST);
  EXPECT_THAT(Try(Member("bo"), request), StatusIs(absl::StatusCode::kFailedPrecondition));
  v1::ListApprovalRequestsRequest list;
  list.set_parent(kAcme);
  list.set_state(v1::APPROVAL_REQUEST_STATE_PENDING);
  const auto pending = authority_->Read(Operator(), list);
  EXPECT_TRUE(pending.ok() && pending->approval_requests_size() == 1);
  return pending.ok() ? pending->approval_requests(0).name() : "";
}

void EventFieldsTest::Resolve(const Caller& caller, const std::string& request,
                              v1::ResolveApprovalRequestRequest::Resolution resolution) {
  v1::ResolveApprovalRequestRequest resolve;
  resolve.set_name(request);
  resolve.set_resolution(resolution);
  Do(caller, resolve);
}

void EventFieldsTest::AskAndResolve() {
  SetApprovals(true);
  Resolve(Member("bo"), AskForTestToken(), v1::ResolveApprovalRequestRequest::RESOLUTION_WITHDRAW);
  AskForTestToken();
  // Asked again, it is there already.
  Resolve(Ann(), AskForTestToken(), v1::ResolveApprovalRequestRequest::RESOLUTION_APPROVE);
  v1::IssueTokenRequest issue;
  issue.set_parent(kAcme);
  issue.set_kind(v1::TOKEN_KIND_TEST);
  Keep(Do(Member("bo"), issue).issued_token());
  AskForTestToken();  // nobody resolves it
  PassDays(31);
  SetApprovals(false);
}

std::string EventFieldsTest::IssueBot(const std::string& label) {
  v1::IssueTokenRequest issue;
  issue.set_parent(kAcme);
  issue.set_kind(v1::TOKEN_KIND_CUSTOM_BOT);
  issue.set_app("apps/bot");
  issue.set_label(label);
  return Keep(Do(Ann(), issue).issued_token());
}

void EventFieldsTest::ChangeTokens() {
  v1::RegenerateTokenRequest regenerate;
  regenerate.set_name(IssueBot("first"));
  regenerate.mutable_grace()->set_seconds(3600);
  Keep(Do(Ann(), regenerate).issued_token());
  EXPECT_TRUE(authority_.IsActive(secrets_.back()));
  Tick();
  v1::RevokeTokenRequest revoke;
  revoke.set_name(regenerate.name());
  revoke.set_reason("done");
  Do(Ann(), revoke);
}

void EventFieldsTest::RotateAndReuse() {
  v1::InstallAppRequest install;
  install.set_parent(kAcme);
  install.set_app("apps/pair");
  const auto installed = Do(Ann(), install);
  Keep(installed.bot_token());
  Keep(installed.bot_refresh_token());
  v1::RotateTokenRequest rotate;
  rotate.set_refresh_secret(installed.bot_refresh_token().secret());
  const auto pair = Do(Operator(), rotate);
  Keep(pair.access_token());
  Keep(pair.refresh_token());
  EXPECT_FALSE(Try(Operator(), rotate).ok());
}

void EventFieldsTest::EndMany() {
  const auto start = [this](const std::string& label) {
    v1::BulkRevokeTokensRequest request;
    request.set_parent(kAcme);
    request.set_label(label);
    request.set_reason("leaked");
    v1::BulkRevokeTokensRequest preview = request;
    preview.set_preview(true);
    const auto previewed = authority_->PreviewBulkRevoke(Ann(), preview);
    EXPECT_TRUE(previewed.ok()) << previewed.status();
    if (previewed.ok()) request.set_confirmation(previewed->confirmation());
    return Do(Ann(), request).bulk_revocation().name();
  };
  for (int i = 0; i < 501; ++i) IssueBot("many");
  start("many");
  Tick();
  v1::CancelBulkRevocationRequest cancel;
  IssueBot("stay");
  cancel.set_name(start("stay"));
  Do(Ann(), cancel);
  v1::BulkRevokeTokensRequest of_app;
  of_app.set_parent(kAcme);
  of_app.set_app("apps/bot");
  of_app.set_preview(true);
  const auto previewed = authority_->PreviewBulkRevoke(Ann(), of_app);
  ASSERT_TRUE(previewed.ok()) << previewed.status();
  of_app.set_preview(false);
  of_app.set_confirmation(previewed->confirmation());
  Do(Ann(), of_app);
}

void EventFieldsTest::BeRefused() {
  v1::UpdateWorkspaceRequest request;
  request.mutable_workspace()->set_name(kAcme);
  request.mutable_update_mask()->add_paths("display_name");
  for (int i = 0; i < 12; ++i) EXPECT_FALSE(Try(Member("bo"), request).ok());
  EXPECT_FALSE(authority_->Authenticate("wrong", "", "ipv4:198.51.100.9:1").ok());
  authority_.clock().Advance(absl::Minutes(2));
  Tick();
}

void EventFieldsTest::LetTimePass() {
  IssueBot("idle");
  v1::IssueTokenRequest ends;
  ends.set_parent(kAcme);
  ends.set_kind(v1::TOKEN_KIND_CUSTOM_BOT);
  ends.set_app("apps/bot");
  ends.mutable_expire_time()->set_seconds(
      absl::ToUnixSeconds(authority_.clock().Now() + 20 * kDay));
  Keep(Do(Ann(), ends).issued_token());
  // The longest retention of dead tokens is a year or so.
  PassDays(600);
}

void ExpectDescribed(const v1::Event& event) {
  EXPECT_GT(event.time().seconds(), 0);
  EXPECT_NE(event.actor().principal(), "");
  EXPECT_NE(event.decision().outcome(), v1::OUTCOME_UNSPECIFIED);
  EXPECT_NE(event.decision().rule(), "");
  EXPECT_NE(event.decision().reason(), "");
  EXPECT_EQ(event.resource().empty(), event.action() == v1::ACTION_AUTHENTICATION_FAIL);
  const bool by_call = !event.request_id_hash().empty();
  const bool by_itself = event.actor().principal() == "latchkey";
  if (!by_call || by_itself) return;
  EXPECT_EQ(event.request_id_hash().size(), 64u);
  EXPECT_EQ(event.actor().peer(), "ipv4:192.0.2.7:40000");
  EXPECT_EQ(event.actor().user_agent(), "portal/1.0");
  const bool for_ann = event.actor().principal() == "workspaces/acme/members/ann";
  EXPECT_EQ(event.actor().delegate(), for_ann ? "services/portal" : "");
  EXPECT_EQ(absl::StartsWith(event.actor().token(), "services/portal/tokens/"), for_ann);
}

void ExpectEntitiesOfTheTable(const v1::Event& event, const v1::ActionInfo& info) {
  const std::string before = HeldBy(event.before());
  const std::string after = HeldBy(event.after());
  EXPECT_EQ(event.has_before(), !before.empty());
  EXPECT_EQ(event.has_after(), !after.empty());
  EXPECT_EQ(event.changed().paths_size() != 0, event.has_before() && event.has_after());
  const bool allowed = event.decision().outcome() == v1::OUTCOME_ALLOWED;
  if (!allowed) {
    EXPECT_EQ(before, "");
    const bool asks = event.decision().outcome() == v1::OUTCOME_NEEDS_APPROVAL;
    EXPECT_TRUE(after.empty() || (asks && after == "approval_request")) << after;
    return;
  }
  if (!before.empty() && !after.empty()) {
    EXPECT_EQ(before, after);
    EXPECT_TRUE(Has(info.changes(), before)) << before;
  } else if (!after.empty()) {
    EXPECT_TRUE(Has(info.makes(), after)) << after;
  } else if (!before.empty()) {
    EXPECT_TRUE(Has(info.erases(), before)) << before;
  } else {
    EXPECT_EQ(info.makes_size() + info.changes_size() + info.erases_size(), 0);
  }
}

void ExpectExtrasOfTheTable(const v1::Event& event, const v1::ActionInfo& info) {
  EXPECT_EQ(event.has_reuse(), Has(info.sets(), "reuse"));
  EXPECT_EQ(event.has_end_time(), Has(info.sets(), "end_time"));
  EXPECT_EQ(event.has_summary(), Has(info.sets(), "summary"));
}

TEST_F(EventFieldsTest, EveryChangeLeavesTheEventsOfTheTable) {
  MakePeople();
  ChangeDirectory();
  ChangeApps();
  ChangeInstallations();
  AskAndResolve();
  ChangeTokens();
  RotateAndReuse();
  EndMany();
  BeRefused();
  LetTimePass();

  std::set<v1::Action> seen;
  for (const v1::Event& event : Events()) {
    SCOPED_TRACE(event.ShortDebugString());
    const v1::ActionInfo& info = InfoOf(event.action());
    EXPECT_TRUE(info.kind() == v1::ACTION_KIND_CALL || info.kind() == v1::ACTION_KIND_EVENT_ONLY);
    ExpectDescribed(event);
    ExpectEntitiesOfTheTable(event, info);
    ExpectExtrasOfTheTable(event, info);
    const std::string bytes = event.SerializeAsString();
    for (const std::string& secret : secrets_) EXPECT_FALSE(absl::StrContains(bytes, secret));
    if (event.decision().outcome() == v1::OUTCOME_ALLOWED || info.sets_size() != 0) {
      seen.insert(event.action());
    }
  }

  // What this story does not tell.
  const std::set<v1::Action> elsewhere = {v1::ACTION_ADMIN_BACKUP, v1::ACTION_CONSUMER_CREATE,
                                          v1::ACTION_CONSUMER_DELETE, v1::ACTION_AUDIT_HOLD_LAPSE,
                                          v1::ACTION_AUDIT_TRUNCATE};
  const auto& all = *v1::Action_descriptor();
  for (int i = 1; i < all.value_count(); ++i) {
    const auto action = static_cast<v1::Action>(all.value(i)->number());
    const auto kind = InfoOf(action).kind();
    const bool in_events = kind == v1::ACTION_KIND_CALL || kind == v1::ACTION_KIND_EVENT_ONLY;
    if (!in_events || elsewhere.count(action) != 0) continue;
    EXPECT_EQ(seen.count(action), 1u) << "no event of " << ActionName(action);
  }
}

// The service that acts for a member lost its role between a call and its repetition.
TEST_F(EventFieldsTest, ARefusedRepetitionIsToldAsTheCallThatItIs) {
  MakePeople();
  v1::IssueTokenRequest issue;
  issue.set_parent(kAcme);
  issue.set_kind(v1::TOKEN_KIND_TEST);
  issue.set_request_id("3f1c9a52-7d41-4c1e-9a6b-0d5e2f7a8b90");
  // The service is known by a certificate.
  Caller ann = Ann();
  ann.token.clear();
  ASSERT_TRUE(authority_.Call(ann, issue).ok());
  v1::DeleteServiceRequest erase;
  erase.set_name("services/portal");
  Do(Operator(), erase);
  v1::CreateServiceRequest again;
  again.set_service_id("portal");
  again.mutable_service()->add_roles(v1::SERVICE_ROLE_VERIFIER);
  Do(Operator(), again);

  EXPECT_THAT(authority_.Call(ann, issue), StatusIs(absl::StatusCode::kPermissionDenied));

  const v1::Event event = Events().back();
  EXPECT_EQ(event.action(), v1::ACTION_TOKEN_ISSUE);
  EXPECT_EQ(event.decision().outcome(), v1::OUTCOME_DENIED);
  EXPECT_EQ(event.decision().rule(), "caller.service_role");
}

}  // namespace
}  // namespace latchkey
