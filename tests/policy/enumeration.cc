#include "tests/policy/enumeration.h"

#include <algorithm>

namespace latchkey::policy {
namespace {

using Names = std::vector<std::string>;

std::vector<Dimension> MakeDimensions() {
  return {
      {"token",
       {"NONE", "BOT", "USER", "TEST", "CUSTOM_BOT", "LEGACY_BOT", "APP", "SERVICE", "REFRESH"},
       [](Facts& f, std::size_t v) { f.token_kind = static_cast<TokenKind>(v); }},
      {"app",
       {"NONE", "INTERNAL", "EXTERNAL", "CUSTOM_INTEGRATION", "LEGACY_BOT"},
       [](Facts& f, std::size_t v) { f.app_kind = static_cast<AppKind>(v); }},
      {"relation",
       {"none", "creator", "collaborator"},
       [](Facts& f, std::size_t v) { f.app_relation = static_cast<AppRelation>(v); }},
      {"own", {"no", "yes"}, [](Facts& f, std::size_t v) { f.own = v != 0; }},
      {"approval",
       {"off", "on"},
       [](Facts& f, std::size_t v) { f.app_approval_required = v != 0; }},
      {"approved", {"no", "yes"}, [](Facts& f, std::size_t v) { f.approved = v != 0; }},
      {"grow", {"no", "yes"}, [](Facts& f, std::size_t v) { f.scopes_grow = v != 0; }},
      {"restricted", {"no", "yes"}, [](Facts& f, std::size_t v) { f.app_restricted = v != 0; }},
      {"home", {"no", "yes"}, [](Facts& f, std::size_t v) { f.app_home = v != 0; }},
      {"secret", {"no", "yes"}, [](Facts& f, std::size_t v) { f.presents_secret = v != 0; }},
      {"spent", {"no", "yes"}, [](Facts& f, std::size_t v) { f.secret_spent = v != 0; }},
      {"owners", {"no", "yes"}, [](Facts& f, std::size_t v) { f.touches_owner = v != 0; }},
      {"moves", {"no", "yes"}, [](Facts& f, std::size_t v) { f.moves_workspace = v != 0; }},
      {"wide", {"no", "yes"}, [](Facts& f, std::size_t v) { f.org_wide = v != 0; }},
  };
}

Names NamesOfDimensions(Action action) {
  Names everywhere = {"own", "approval"};
  Names app = {"app", "relation", "own", "approval", "home"};
  Names installation = {"app",      "relation", "own",        "approval",
                        "approved", "grow",     "restricted", "home"};
  switch (action) {
    case Action::kWorkspaceUpdate:
      return {"own", "approval", "owners", "moves"};
    case Action::kMemberCreate:
    case Action::kMemberUpdate:
    case Action::kMemberDeactivate:
      return {"own", "approval", "owners"};
    case Action::kAppRead:
    case Action::kAppUpdate:
    case Action::kAppDelete:
    case Action::kAppAddCollaborator:
    case Action::kAppRemoveCollaborator:
    case Action::kAppUninstall:
    case Action::kInstallationRead:
      return app;
    case Action::kAppApprove:
    case Action::kAppRestrict:
      app.emplace_back("wide");
      return app;
    case Action::kAppInstall:
    case Action::kAppReinstall:
      return installation;
    case Action::kTokenIssue:
    case Action::kTokenRegenerate:
      installation.push_back("token");
      return installation;
    case Action::kTokenRead:
      return {"token", "app", "relation", "own", "approval", "home"};
    case Action::kTokenRevoke:
      return {"token", "app", "relation", "own", "approval", "home", "secret"};
    case Action::kTokenRotate:
      return {"own", "approval", "secret", "spent"};
    case Action::kWorkspaceCreate:
    case Action::kWorkspaceRead:
    case Action::kMemberRead:
    case Action::kServiceCreate:
    case Action::kServiceRead:
    case Action::kServiceDelete:
    case Action::kAppCreate:
    case Action::kRequestRead:
    case Action::kRequestResolve:
    case Action::kRequestWithdraw:
    case Action::kTokenBulkRevoke:
    case Action::kTokenBulkCancel:
    case Action::kTokenVerify:
    case Action::kPolicyRead:
    case Action::kPolicyCheck:
    case Action::kAdminRead:
    case Action::kAdminBackup:
    case Action::kOrganizationCreate:
    case Action::kOrganizationRead:
    case Action::kOrganizationUpdate:
      return everywhere;
    case Action::kAuditRead:
    case Action::kConsumerCreate:
    case Action::kConsumerDelete:
      everywhere.emplace_back("wide");
      return everywhere;
  }
  return everywhere;
}

std::vector<Facts> MakeMembers() {
  std::vector<Facts> members;
  for (const bool deactivated : {false, true}) {
    for (const bool same_workspace : {true, false}) {
      for (const OrgRole org_role : {OrgRole::kNone, OrgRole::kAdmin, OrgRole::kOwner}) {
        for (int role = 0; role <= static_cast<int>(Role::kSingleChannelGuest); ++role) {
          for (const bool can_manage_apps : {false, true}) {
            Facts& f = members.emplace_back();
            f.caller = CallerKind::kMember;
            f.deactivated = deactivated;
            f.same_workspace = same_workspace;
            f.org_role = org_role;
            f.role = static_cast<Role>(role);
            f.can_manage_apps = can_manage_apps;
          }
        }
      }
    }
  }
  return members;
}

std::vector<Facts> MakeCallers() {
  std::vector<Facts> callers(2);
  callers[0].caller = CallerKind::kAnonymous;
  callers[1].caller = CallerKind::kOperator;
  for (unsigned roles = 0; roles < 32; ++roles) {
    Facts& f = callers.emplace_back();
    f.caller = CallerKind::kService;
    for (unsigned role = 0; role < 5; ++role) {
      if ((roles >> role & 1U) != 0) f.service_roles.Add(role + ServiceRoles::kOperator);
    }
  }
  const std::vector<Facts> members = MakeMembers();
  callers.insert(callers.end(), members.begin(), members.end());
  const std::vector<Facts> unchanged = callers;
  callers.insert(callers.end(), unchanged.begin(), unchanged.end());
  for (std::size_t i = unchanged.size(); i < callers.size(); ++i) {
    callers[i].guests_may_use_apps = true;
  }
  return callers;
}

const std::vector<Facts>& Callers() {
  static const auto& callers = *new std::vector<Facts>(MakeCallers());
  return callers;
}

}  // namespace

absl::Span<const Dimension> AllDimensions() {
  static const auto& dimensions = *new std::vector<Dimension>(MakeDimensions());
  return dimensions;
}

std::vector<Dimension> DimensionsOf(Action action) {
  const Names names = NamesOfDimensions(action);
  std::vector<Dimension> dimensions;
  for (const Dimension& dimension : AllDimensions()) {
    if (std::find(names.begin(), names.end(), dimension.name) != names.end()) {
      dimensions.push_back(dimension);
    }
  }
  return dimensions;
}

std::size_t CallerCount() { return Callers().size(); }

void SetCaller(Facts& facts, std::size_t caller) {
  const Facts& from = Callers().at(caller);
  facts.caller = from.caller;
  facts.deactivated = from.deactivated;
  facts.same_workspace = from.same_workspace;
  facts.org_role = from.org_role;
  facts.role = from.role;
  facts.can_manage_apps = from.can_manage_apps;
  facts.service_roles = from.service_roles;
  facts.guests_may_use_apps = from.guests_may_use_apps;
}

void ForEachCombination(absl::Span<const Dimension> dimensions, Facts facts,
                        absl::FunctionRef<void(const Facts&)> visit) {
  if (dimensions.empty()) return visit(facts);
  const Dimension& dimension = dimensions.front();
  for (std::size_t value = 0; value < dimension.values.size(); ++value) {
    dimension.set(facts, value);
    ForEachCombination(dimensions.subspan(1), facts, visit);
  }
}

}  // namespace latchkey::policy
