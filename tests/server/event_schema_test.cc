// What the contract's table of actions promises of events, and that it says so of every action.
#include <map>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "latchkey/v1/admin_service.pb.h"
#include "latchkey/v1/app_service.pb.h"
#include "latchkey/v1/audit_service.pb.h"
#include "latchkey/v1/directory_service.pb.h"
#include "latchkey/v1/policy_service.pb.h"
#include "latchkey/v1/token_service.pb.h"
#include "latchkey/v1/verifier_service.pb.h"
#include "server/authority/actions.h"
#include "server/policy/policy.h"
#include "tests/policy/reviewed_file.h"
#include "tests/server/event_docs.h"

namespace latchkey {
namespace {

// Consumers depend on these: a line may be added, and none changed or taken away.
const std::map<int, std::string>& StableNames() {
  static const auto& names = *new std::map<int, std::string>{
      {1, "workspace.create"},      {2, "workspace.read"},
      {3, "workspace.update"},      {4, "member.create"},
      {5, "member.read"},           {6, "member.update"},
      {7, "member.deactivate"},     {8, "service.create"},
      {9, "service.read"},          {10, "service.delete"},
      {11, "app.create"},           {12, "app.read"},
      {13, "app.update"},           {14, "app.delete"},
      {15, "app.add_collaborator"}, {16, "app.remove_collaborator"},
      {17, "app.install"},          {18, "app.reinstall"},
      {19, "app.uninstall"},        {20, "installation.read"},
      {21, "app.approve"},          {22, "app.restrict"},
      {23, "request.read"},         {24, "request.resolve"},
      {25, "request.withdraw"},     {26, "token.issue"},
      {27, "token.read"},           {28, "token.regenerate"},
      {29, "token.rotate"},         {30, "token.revoke"},
      {31, "token.bulk_revoke"},    {32, "token.verify"},
      {33, "audit.read"},           {34, "policy.read"},
      {35, "policy.check"},         {36, "admin.read"},
      {37, "admin.backup"},         {38, "denial.summarize"},
      {39, "authentication.fail"},  {40, "request.expire"},
      {41, "token.first_use"},      {42, "token.reuse"},
      {43, "token.expire_warn"},    {44, "token.idle_warn"},
      {45, "token.expire"},         {46, "token.idle_revoke"},
      {47, "token.purge"},          {50, "organization.create"},
      {51, "organization.read"},    {52, "organization.update"},
      {53, "token.bulk_progress"},  {54, "token.bulk_finish"},
      {55, "token.bulk_cancel"},    {56, "consumer.create"},
      {57, "consumer.delete"},      {58, "audit.hold_lapse"},
      {59, "audit.truncate"},
  };
  return names;
}

// Calls of these actions.
const std::multimap<std::string, v1::Action>& Mutations() {
  static const auto& mutations = *new std::multimap<std::string, v1::Action>{
      {"CreateWorkspace", v1::ACTION_WORKSPACE_CREATE},
      {"UpdateWorkspace", v1::ACTION_WORKSPACE_UPDATE},
      {"CreateMember", v1::ACTION_MEMBER_CREATE},
      {"UpdateMember", v1::ACTION_MEMBER_UPDATE},
      {"DeactivateMember", v1::ACTION_MEMBER_DEACTIVATE},
      {"CreateService", v1::ACTION_SERVICE_CREATE},
      {"DeleteService", v1::ACTION_SERVICE_DELETE},
      {"CreateOrganization", v1::ACTION_ORGANIZATION_CREATE},
      {"UpdateOrganization", v1::ACTION_ORGANIZATION_UPDATE},
      {"CreateApp", v1::ACTION_APP_CREATE},
      {"UpdateApp", v1::ACTION_APP_UPDATE},
      {"DeleteApp", v1::ACTION_APP_DELETE},
      {"AddCollaborator", v1::ACTION_APP_ADD_COLLABORATOR},
      {"RemoveCollaborator", v1::ACTION_APP_REMOVE_COLLABORATOR},
      {"InstallApp", v1::ACTION_APP_INSTALL},
      {"ReinstallApp", v1::ACTION_APP_REINSTALL},
      {"UninstallApp", v1::ACTION_APP_UNINSTALL},
      {"ApproveApp", v1::ACTION_APP_APPROVE},
      {"RestrictApp", v1::ACTION_APP_RESTRICT},
      {"ResolveApprovalRequest", v1::ACTION_REQUEST_RESOLVE},
      {"ResolveApprovalRequest", v1::ACTION_REQUEST_WITHDRAW},
      {"IssueToken", v1::ACTION_TOKEN_ISSUE},
      {"RegenerateToken", v1::ACTION_TOKEN_REGENERATE},
      {"RotateToken", v1::ACTION_TOKEN_ROTATE},
      {"RevokeToken", v1::ACTION_TOKEN_REVOKE},
      {"BulkRevokeTokens", v1::ACTION_TOKEN_BULK_REVOKE},
      {"CancelBulkRevocation", v1::ACTION_TOKEN_BULK_CANCEL},
      {"CreateConsumer", v1::ACTION_CONSUMER_CREATE},
      {"DeleteConsumer", v1::ACTION_CONSUMER_DELETE},
      {"CreateBackup", v1::ACTION_ADMIN_BACKUP},
  };
  return mutations;
}

// Calls that leave no event: each of the others must.
const std::set<std::string>& Silent() {
  static const auto& silent = *new std::set<std::string>{
      "Verify", "BatchVerify", "StreamVerify", "SyncVerifier", "Subscribe", "CheckPermission",
      // Its comment in the contract says why.
      "Acknowledge"};
  return silent;
}

bool IsSilent(const std::string& method) {
  return absl::StartsWith(method, "Get") || absl::StartsWith(method, "List") ||
         Silent().count(method) != 0;
}

template <typename Visit>
void ForEachMethod(const Visit& visit) {
  for (const auto* file :
       {v1::GetStatusRequest::descriptor()->file(), v1::GetAppRequest::descriptor()->file(),
        v1::SubscribeRequest::descriptor()->file(), v1::GetMemberRequest::descriptor()->file(),
        v1::ListRulesRequest::descriptor()->file(), v1::GetTokenRequest::descriptor()->file(),
        v1::VerifyRequest::descriptor()->file()}) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        visit(file->service(s)->method(m)->name());
      }
    }
  }
}

template <typename Visit>
void ForEachAction(const Visit& visit) {
  const auto& all = *v1::Action_descriptor();
  for (int i = 1; i < all.value_count(); ++i) {
    visit(static_cast<v1::Action>(all.value(i)->number()));
  }
}

TEST(EventSchemaTest, ThePageIsWhatTheContractSays) {
  const std::string docs = testing::EventDocs();
  ASSERT_FALSE(docs.empty());
  EXPECT_TRUE(policy::IsReviewed("docs/events.md", docs));
}

TEST(EventSchemaTest, TheNamesAreThoseThatConsumersKnow) {
  for (const auto& [number, name] : StableNames()) {
    EXPECT_EQ(ActionName(static_cast<v1::Action>(number)), name);
  }
  ForEachAction([](v1::Action action) {
    EXPECT_EQ(StableNames().count(action), 1u) << "add a line for " << v1::Action_Name(action);
  });
}

TEST(EventSchemaTest, EveryActionSaysWhatItsEventsHold) {
  const auto* const entity = v1::Entity::descriptor();
  ForEachAction([&](v1::Action action) {
    SCOPED_TRACE(v1::Action_Name(action));
    const v1::ActionInfo& info = InfoOf(action);
    EXPECT_NE(info.kind(), v1::ACTION_KIND_UNSPECIFIED);
    for (const auto* list : {&info.makes(), &info.changes(), &info.erases()}) {
      for (const std::string& name : *list) {
        EXPECT_NE(entity->FindFieldByName(name), nullptr) << name;
      }
    }
    for (const std::string& name : info.sets()) {
      EXPECT_NE(v1::Event::descriptor()->FindFieldByName(name), nullptr) << name;
    }
  });
}

TEST(EventSchemaTest, WhatPolicyDecidesAboutIsAskedForByACall) {
  ForEachAction([](v1::Action action) {
    const auto kind = InfoOf(action).kind();
    // Whether consumers may be made and deleted is decided as audit.read is.
    if (action == v1::ACTION_CONSUMER_CREATE || action == v1::ACTION_CONSUMER_DELETE) return;
    EXPECT_EQ(policy::IsAction(action),
              kind == v1::ACTION_KIND_CALL || kind == v1::ACTION_KIND_READ)
        << v1::Action_Name(action);
  });
}

TEST(EventSchemaTest, EveryCallThatChangesSomethingHasAnActionForItsEvents) {
  std::set<v1::Action> asked_for;
  std::set<std::string> methods;
  ForEachMethod([&](const std::string& method) {
    methods.insert(method);
    const auto [from, to] = Mutations().equal_range(method);
    EXPECT_EQ(from == to, IsSilent(method))
        << method << " changes something and has no action, or is said to leave no event";
    for (auto it = from; it != to; ++it) {
      asked_for.insert(it->second);
      EXPECT_EQ(InfoOf(it->second).kind(), v1::ACTION_KIND_CALL) << method;
    }
  });
  for (const auto& [method, action] : Mutations()) EXPECT_EQ(methods.count(method), 1u) << method;
  ForEachAction([&](v1::Action action) {
    EXPECT_EQ(InfoOf(action).kind() == v1::ACTION_KIND_CALL, asked_for.count(action) == 1)
        << v1::Action_Name(action) << " is asked for by no call";
  });
}

}  // namespace
}  // namespace latchkey
