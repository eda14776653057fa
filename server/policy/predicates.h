#ifndef LATCHKEY_SERVER_POLICY_PREDICATES_H_
#define LATCHKEY_SERVER_POLICY_PREDICATES_H_

#include "server/policy/policy.h"
#include "server/policy/table.h"

namespace latchkey::policy {

// The words that the rows' conditions are made of.

inline constexpr ActionSet kReads = {Action::kWorkspaceRead, Action::kMemberRead,
                                     Action::kAppRead,       Action::kInstallationRead,
                                     Action::kRequestRead,   Action::kTokenRead};
inline constexpr ActionSet kInstalls = {Action::kAppInstall, Action::kAppReinstall};

inline bool IsMember(const Facts& f) { return f.caller == CallerKind::kMember; }
inline bool IsService(const Facts& f) { return f.caller == CallerKind::kService; }

// The caller revokes or rotates a token by presenting its secret.
inline bool ActsAsBearer(const Facts& f) {
  return (f.action == Action::kTokenRevoke || f.action == Action::kTokenRotate) &&
         f.presents_secret;
}

// Returns the role that the caller acts with in the workspace acted on: the member's own role
// there, or what the organization gives (an org owner is an OWNER, an org admin an ADMIN of each of
// its workspaces), whichever is stronger.
inline Role RoleOf(const Facts& f) {
  const Role own = f.same_workspace ? f.role : Role::kNone;
  const bool owns = own == Role::kPrimaryOwner || own == Role::kOwner;
  switch (f.org_role) {
    case OrgRole::kOwner:
      return owns ? own : Role::kOwner;
    case OrgRole::kAdmin:
      return owns ? own : Role::kAdmin;
    case OrgRole::kNone:
      return own;
  }
  return own;
}

inline bool IsOwner(const Facts& f) {
  const Role role = RoleOf(f);
  return IsMember(f) && (role == Role::kPrimaryOwner || role == Role::kOwner);
}

inline bool IsOwnerOrAdmin(const Facts& f) {
  return IsOwner(f) || (IsMember(f) && RoleOf(f) == Role::kAdmin);
}

// A member without a known role has no more rights than a guest.
inline bool IsGuest(const Facts& f) {
  return IsMember(f) && !IsOwnerOrAdmin(f) && RoleOf(f) != Role::kMember;
}

// can_manage_apps is a grant of the member's own workspace.
inline bool IsAppManager(const Facts& f) {
  return IsMember(f) && f.same_workspace && f.can_manage_apps;
}

inline bool IsOwnerOrAppManager(const Facts& f) { return IsOwner(f) || IsAppManager(f); }

// The creator or a collaborator of the app.
inline bool MaintainsApp(const Facts& f) {
  return IsMember(f) && f.app_relation != AppRelation::kNone;
}

// Who may change the app itself: who maintains it, and in its home workspace who manages apps.
inline bool MayManageApp(const Facts& f) {
  return MaintainsApp(f) || (f.app_home && IsOwnerOrAppManager(f));
}

// The action gives out secrets that an installation makes: it installs the app, or regenerates one
// of its BOT or USER tokens.
inline bool GetsInstallationTokens(const Facts& f) {
  return kInstalls.Has(f.action) ||
         (f.action == Action::kTokenRegenerate &&
          (f.token_kind == TokenKind::kBot || f.token_kind == TokenKind::kUser));
}

// The action gives out secrets that act as the app: those of its installation, or an APP token.
inline bool GetsAppsTokens(const Facts& f) {
  return GetsInstallationTokens(f) ||
         ((f.action == Action::kTokenIssue || f.action == Action::kTokenRegenerate) &&
          f.token_kind == TokenKind::kApp);
}

// The caller gets a TEST token of its own.
inline bool GetsOwnTestToken(const Facts& f) {
  return (f.action == Action::kTokenIssue || f.action == Action::kTokenRegenerate) &&
         f.token_kind == TokenKind::kTest && f.own;
}

// An INTERNAL app would get scopes beyond those approved, which takes an approval.
inline bool NewScopesNeedApproval(const Facts& f) {
  return GetsAppsTokens(f) && f.app_approval_required && f.scopes_grow;
}

}  // namespace latchkey::policy

#endif  // LATCHKEY_SERVER_POLICY_PREDICATES_H_
