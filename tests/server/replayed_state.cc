#include "tests/server/replayed_state.h"

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "tests/server/test_authority.h"

namespace latchkey::testing {
namespace {

template <typename Resource>
void Add(const Resource& resource, State& state) {
  state[resource.name()] = resource.ShortDebugString();
}

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
    for (const auto& member : page.members()) Add(member, state);
  });
  v1::ListAppsRequest apps;
  apps.set_parent(name);
  apps.set_show_deleted(true);
  ReadAll(authority, apps, [&](const auto& page) {
    for (const auto& app : page.apps()) Add(app, state);
  });
  v1::ListInstallationsRequest installations;
  installations.set_parent(name);
  ReadAll(authority, installations, [&](const auto& page) {
    for (const auto& installation : page.installations()) Add(installation, state);
  });
  v1::ListApprovalRequestsRequest requests;
  requests.set_parent(name);
  ReadAll(authority, requests, [&](const auto& page) {
    for (const auto& request : page.approval_requests()) Add(request, state);
  });
}

void AddBulkRevocations(Authority& authority, const std::string& parent, State& state) {
  v1::ListBulkRevocationsRequest list;
  list.set_parent(parent);
  ReadAll(authority, list, [&](const auto& page) {
    for (const auto& bulk_revocation : page.bulk_revocations()) Add(bulk_revocation, state);
  });
}

void AddTokens(Authority& authority, const std::string& parent, State& state) {
  v1::ListTokensRequest tokens;
  tokens.set_parent(parent);
  ReadAll(authority, tokens, [&](const auto& page) {
    for (v1::Token token : page.tokens()) {
      token.clear_last_use_time();  // folded apart from the log
      Add(token, state);
    }
  });
}

}  // namespace

State ShownState(Authority& authority) {
  State state;
  std::vector<std::string> workspaces;
  ReadAll(authority, v1::ListWorkspacesRequest(), [&](const auto& page) {
    for (const auto& workspace : page.workspaces()) {
      Add(workspace, state);
      workspaces.push_back(workspace.name());
    }
  });
  for (const std::string& name : workspaces) {
    AddWorkspace(authority, name, state);
    AddBulkRevocations(authority, name, state);
    AddTokens(authority, name, state);
  }
  std::vector<std::string> organizations;
  ReadAll(authority, v1::ListOrganizationsRequest(), [&](const auto& page) {
    for (const auto& organization : page.organizations()) {
      Add(organization, state);
      organizations.push_back(organization.name());
    }
  });
  for (const std::string& name : organizations) {
    v1::ListInstallationsRequest verdicts;
    verdicts.set_parent(name);
    ReadAll(authority, verdicts, [&](const auto& page) {
      for (const auto& verdict : page.installations()) Add(verdict, state);
    });
  }
  std::vector<std::string> services;
  ReadAll(authority, v1::ListServicesRequest(), [&](const auto& page) {
    for (const auto& service : page.services()) {
      Add(service, state);
      services.push_back(service.name());
    }
  });
  for (const std::string& name : services) AddTokens(authority, name, state);
  return state;
}

void ReplayedState::Apply(const v1::Event& event) {
  if (event.has_after()) {
    resources_[event.resource()] = event.after();
  } else if (event.has_before()) {
    resources_.erase(event.resource());
  } else {
    return;
  }
  EndGenerations(event);
}

template <typename Ends>
void ReplayedState::EndTokens(const v1::Event& event, const std::string& why, const Ends& ends) {
  for (auto& [name, entity] : resources_) {
    if (!entity.has_token() || entity.token().state() != v1::TOKEN_STATE_ACTIVE) continue;
    v1::Token& token = *entity.mutable_token();
    if (!ends(token)) continue;
    token.set_state(v1::TOKEN_STATE_REVOKED);
    v1::Revocation& revocation = *token.mutable_revocation();
    *revocation.mutable_time() = event.time();
    revocation.set_principal(event.actor().principal());
    revocation.set_action(event.action());
    revocation.set_reason(event.reason().empty() ? why : event.reason());
    revocation.set_revision(event.sequence());
  }
}

void ReplayedState::EndGenerations(const v1::Event& event) {
  const std::string& name = event.resource();
  const auto in_workspace = [&](const v1::Token& token) {
    return absl::StartsWith(token.name(), event.workspace() + "/");
  };
  const auto of_app = [&](const v1::Token& token) {
    return token.app() == event.app() && in_workspace(token);
  };
  const auto spoken_for = [&](const v1::Token& token) { return token.member() == name; };
  const auto of_service = [&](const v1::Token& token) { return token.service() == name; };
  const auto of_deleted = [&](const v1::Token& token) { return token.app() == name; };
  switch (event.action()) {
    case v1::ACTION_WORKSPACE_UPDATE:
      if (event.before().workspace().state() == v1::WORKSPACE_STATE_ACTIVE &&
          event.after().workspace().state() == v1::WORKSPACE_STATE_SUSPENDED) {
        EndTokens(event, "The workspace was suspended.", in_workspace);
      }
      return;
    case v1::ACTION_MEMBER_DEACTIVATE:
      return EndTokens(event, "The member was deactivated.", spoken_for);
    case v1::ACTION_SERVICE_DELETE:
      return EndTokens(event, "The service was deleted.", of_service);
    case v1::ACTION_APP_DELETE:
      for (auto& [other, entity] : resources_) {
        const bool installed = entity.has_installation() && entity.installation().app() == name &&
                               entity.installation().state() == v1::INSTALLATION_STATE_INSTALLED;
        if (installed) {
          entity.mutable_installation()->set_state(v1::INSTALLATION_STATE_UNINSTALLED);
        }
      }
      return EndTokens(event, "The app was deleted.", of_deleted);
    case v1::ACTION_TOKEN_BULK_REVOKE:
      if (event.after().has_installation()) EndTokens(event, "Revoked in bulk.", of_app);
      if (event.after().has_member()) EndTokens(event, "Revoked in bulk.", spoken_for);
      if (event.after().has_workspace()) EndTokens(event, "Revoked in bulk.", in_workspace);
      return;
    case v1::ACTION_APP_UNINSTALL:
      return EndTokens(event, "The app was uninstalled.", of_app);
    case v1::ACTION_APP_RESTRICT:
      return EndTokens(event, "The app was restricted.", of_app);
    case v1::ACTION_APP_REINSTALL:
      if (event.after().has_installation()) EndTokens(event, "The app was reinstalled.", of_app);
      return;
    default:
      return;
  }
}

State ReplayedState::state() const {
  State state;
  for (const auto& [name, entity] : resources_) {
    switch (entity.resource_case()) {
      case v1::Entity::kWorkspace:
        Add(entity.workspace(), state);
        break;
      case v1::Entity::kOrganization:
        Add(entity.organization(), state);
        break;
      case v1::Entity::kMember:
        Add(entity.member(), state);
        break;
      case v1::Entity::kService:
        Add(entity.service(), state);
        break;
      case v1::Entity::kApp:
        Add(entity.app(), state);
        break;
      case v1::Entity::kInstallation:
        Add(entity.installation(), state);
        break;
      case v1::Entity::kApprovalRequest:
        Add(entity.approval_request(), state);
        break;
      case v1::Entity::kBulkRevocation:
        Add(entity.bulk_revocation(), state);
        break;
      case v1::Entity::kToken:
        // A deleted service's tokens are listed nowhere: their parent is gone.
        if (entity.token().service().empty() || resources_.count(entity.token().service()) != 0) {
          Add(entity.token(), state);
        }
        break;
      case v1::Entity::kConsumer:
        break;  // its position moves without events
      case v1::Entity::RESOURCE_NOT_SET:
        ADD_FAILURE() << name;
        break;
    }
  }
  return state;
}

}  // namespace latchkey::testing
