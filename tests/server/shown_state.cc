#include "tests/server/shown_state.h"

#include <vector>

#include "gtest/gtest.h"
#include "tests/server/test_authority.h"

namespace latchkey::testing {
namespace {

// Reads every page of a listing. `take` adds one page's resources.
template <typename Request, typename Take>
void ReadAll(Authority& authority, Request request, const Take& take) {
  request.set_page_size(7);  // so that the pages' borders are crossed too
  for (;;) {
    const auto page = authority.Read(TestAuthority::Operator(), request);
    ASSERT_TRUE(page.ok()) << page.status();
    take(*page);
    if (page->next_page_token().empty()) return;
    request.set_page_token(page->next_page_token());
  }
}

void AddWorkspace(Authority& authority, const std::string& name, State& state) {
  v1::ListMembersRequest members;
  members.set_parent(name);
  ReadAll(authority, members, [&](const auto& page) {
    for (const auto& member : page.members()) AddTo(state, member);
  });
  v1::ListAppsRequest apps;
  apps.set_parent(name);
  apps.set_show_deleted(true);
  ReadAll(authority, apps, [&](const auto& page) {
    for (const auto& app : page.apps()) AddTo(state, app);
  });
  v1::ListApprovalRequestsRequest requests;
  requests.set_parent(name);
  ReadAll(authority, requests, [&](const auto& page) {
    for (const auto& request : page.approval_requests()) AddTo(state, request);
  });
  v1::ListBulkRevocationsRequest bulk;
  bulk.set_parent(name);
  ReadAll(authority, bulk, [&](const auto& page) {
    for (const auto& bulk_revocation : page.bulk_revocations()) AddTo(state, bulk_revocation);
  });
}

// Of a workspace, or of an organization.
void AddInstallations(Authority& authority, const std::string& parent, State& state) {
  v1::ListInstallationsRequest list;
  list.set_parent(parent);
  ReadAll(authority, list, [&](const auto& page) {
    for (const auto& installation : page.installations()) AddTo(state, installation);
  });
}

void AddTokens(Authority& authority, const std::string& parent, State& state) {
  v1::ListTokensRequest tokens;
  tokens.set_parent(parent);
  ReadAll(authority, tokens, [&](const auto& page) {
    for (v1::Token token : page.tokens()) {
      token.clear_last_use_time();  // folded apart from the log
      AddTo(state, token);
    }
  });
}

// The list of a workspace, which has an index of its own, has those of the whole list that name it.
void AddConsumers(Authority& authority, const std::vector<std::string>& workspaces, State& state) {
  std::map<std::string, std::set<std::string>> of_workspace;
  for (v1::Consumer consumer : ShownConsumers(authority)) {
    of_workspace[consumer.filter().workspace()].insert(consumer.name());
    ForgetPosition(consumer);
    AddTo(state, consumer);
  }
  for (const std::string& workspace : workspaces) {
    std::set<std::string> listed;
    for (const v1::Consumer& consumer : ShownConsumers(authority, workspace)) {
      listed.insert(consumer.name());
    }
    EXPECT_EQ(listed, of_workspace[workspace]) << workspace;
  }
}

}  // namespace

void ForgetPosition(v1::Consumer& consumer) {
  consumer.clear_acknowledged_revision();
  consumer.clear_active_time();
  consumer.clear_lag();
  consumer.clear_connected();
}

std::vector<v1::Consumer> ShownConsumers(Authority& authority, const std::string& workspace) {
  std::vector<v1::Consumer> consumers;
  v1::ListConsumersRequest list;
  list.set_workspace(workspace);
  ReadAll(authority, list, [&](const auto& page) {
    consumers.insert(consumers.end(), page.consumers().begin(), page.consumers().end());
  });
  return consumers;
}

State ShownState(Authority& authority, const std::set<std::string>& services) {
  State state;
  std::vector<std::string> workspaces;
  ReadAll(authority, v1::ListWorkspacesRequest(), [&](const auto& page) {
    for (const auto& workspace : page.workspaces()) {
      AddTo(state, workspace);
      workspaces.push_back(workspace.name());
    }
  });
  for (const std::string& name : workspaces) {
    AddWorkspace(authority, name, state);
    AddInstallations(authority, name, state);
    AddTokens(authority, name, state);
  }
  std::vector<std::string> organizations;
  ReadAll(authority, v1::ListOrganizationsRequest(), [&](const auto& page) {
    for (const auto& organization : page.organizations()) {
      AddTo(state, organization);
      organizations.push_back(organization.name());
    }
  });
  for (const std::string& name : organizations) AddInstallations(authority, name, state);
  ReadAll(authority, v1::ListServicesRequest(), [&](const auto& page) {
    for (const auto& service : page.services()) AddTo(state, service);
  });
  for (const std::string& name : services) AddTokens(authority, name, state);
  AddConsumers(authority, workspaces, state);
  return state;
}

}  // namespace latchkey::testing
