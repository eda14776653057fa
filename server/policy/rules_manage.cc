#include "server/policy/predicates.h"
#include "server/policy/table.h"

namespace latchkey::policy {
namespace {

Verdict ManageApp(const Facts& f) {
  if (f.action != Action::kAppUpdate && IsGuest(f)) {
    return Deny(
        "A guest may not delete an app nor change its collaborators, not even as one of them. Ask "
        "a collaborator who is a full member.");
  }
  return MayManageApp(f)
             ? Allow("The caller maintains this app, or manages apps in its home workspace.")
             : Deny(
                   "Only the app's creator and collaborators, and in its home workspace an owner "
                   "or a member who can manage apps, may do this. Ask one of them.");
}

Verdict Uninstall(const Facts& f) {
  const bool may =
      IsOwnerOrAppManager(f) || f.own || (f.app_kind == AppKind::kInternal && MaintainsApp(f));
  return may ? Allow("The caller manages apps here, installed this one, or maintains it.")
             : Deny(
                   "Only who installed the app, an owner or a member who can manage apps, and for "
                   "an internal app its creator and collaborators, may uninstall it. Ask one of "
                   "them.");
}

Verdict ManageWorkspace(const Facts& f) {
  if (IsService(f)) return Allow("A service with the DIRECTORY role keeps workspaces and members.");
  if (f.action == Action::kWorkspaceCreate) {
    return Deny("Members do not make workspaces. Ask the operator for one.");
  }
  if (f.touches_owner && RoleOf(f) != Role::kPrimaryOwner) {
    return Deny("Only the primary owner may make, change or unmake owners. Ask them.");
  }
  return IsOwner(f) ? Allow("Owners manage the workspace and its members.")
                    : Deny("Only an owner may change the workspace or its members. Ask an owner.");
}

Verdict ReadOrganization(const Facts& f) {
  if (IsService(f)) return Allow("A service with the DIRECTORY role keeps organizations.");
  return f.org_role != OrgRole::kNone
             ? Allow("Its owners and admins see the organization.")
             : Deny("Only an owner or admin of the organization may see it. Ask one of them.");
}

Verdict UpdateOrganization(const Facts& f) {
  if (IsService(f)) return Allow("A service with the DIRECTORY role keeps organizations.");
  return f.org_role == OrgRole::kOwner
             ? Allow("Its owners manage the organization.")
             : Deny("Only an owner of the organization may change it. Ask one of them.");
}

// Why nothing matched, in words of what would.
Verdict DenyByDefault(const Facts& f) {
  if (!IsMember(f)) {
    return Deny(
        "This is for members to do, and the operator does not act as one. A service with the "
        "DELEGATE role may do it on behalf of a member.");
  }
  if (kInstalls.Has(f.action)) {
    return Deny("Apps of this kind are not installed. IssueToken makes their tokens.");
  }
  if (f.action == Action::kTokenIssue) {
    return Deny(
        "Tokens of this kind are not issued singly. InstallApp and ReinstallApp make BOT and USER "
        "tokens, with an app's refresh tokens.");
  }
  if (f.action == Action::kTokenRegenerate || f.action == Action::kTokenRotate) {
    return Deny("Tokens of this kind are not replaced by a member. Reinstall the app instead.");
  }
  return Deny("No rule allows this to a member. Ask the operator.");
}

constexpr Row kRows[] = {
    {"app.create",
     "any member but guests, even where guests may use apps",
     "allow; others deny",
     {Action::kAppCreate},
     IsMember,
     [](const Facts& f) {
       return IsGuest(f) ? Deny("Guests may not make apps. Ask a full member to make it.")
                         : Allow("Any full member may make apps.");
     }},
    {"app.manage",
     "the app's creator or a collaborator; in its home workspace also an owner, or a member who "
     "can manage apps. Guests may at most update it",
     "allow; others deny",
     {Action::kAppUpdate, Action::kAppDelete, Action::kAppAddCollaborator,
      Action::kAppRemoveCollaborator},
     IsMember,
     ManageApp},
    {"app.uninstall",
     "an owner, a member who can manage apps, who installed the app, and for an INTERNAL app its "
     "creator or a collaborator",
     "allow; others deny",
     {Action::kAppUninstall},
     IsMember,
     Uninstall},
    {"workspace.organization",
     "a member wants to take a workspace into an organization, or out of one",
     "deny",
     {Action::kWorkspaceUpdate},
     [](const Facts& f) { return IsMember(f) && f.moves_workspace; },
     [](const Facts&) {
       return Deny(
           "Only the operator, or a service with the DIRECTORY role, moves workspaces between "
           "organizations. Ask the operator.");
     }},
    {"workspace.manage",
     "a service with the DIRECTORY role; an owner, but not for workspace.create. To give or take "
     "ownership, or to change an owner, a member must be the primary owner",
     "allow; others deny",
     {Action::kWorkspaceCreate, Action::kWorkspaceUpdate, Action::kMemberCreate,
      Action::kMemberUpdate, Action::kMemberDeactivate},
     [](const Facts& f) { return IsMember(f) || IsService(f); },
     ManageWorkspace},
    {"organization.create",
     "a service with the DIRECTORY role",
     "allow; others deny",
     {Action::kOrganizationCreate},
     [](const Facts& f) { return IsMember(f) || IsService(f); },
     [](const Facts& f) {
       return IsService(f) ? Allow("A service with the DIRECTORY role keeps organizations.")
                           : Deny("Members do not make organizations. Ask the operator for one.");
     }},
    {"organization.read",
     "an owner or admin of the organization, or a service with the DIRECTORY role",
     "allow; others deny",
     {Action::kOrganizationRead},
     [](const Facts& f) { return IsMember(f) || IsService(f); },
     ReadOrganization},
    {"organization.update",
     "an owner of the organization, or a service with the DIRECTORY role",
     "allow; others deny",
     {Action::kOrganizationUpdate},
     [](const Facts& f) { return IsMember(f) || IsService(f); },
     UpdateOrganization},
    {"organization.approval",
     "for all workspaces of an organization: an owner or admin of the organization",
     "allow; others deny",
     {Action::kAppApprove, Action::kAppRestrict},
     [](const Facts& f) { return IsMember(f) && f.org_wide; },
     [](const Facts& f) {
       return f.org_role != OrgRole::kNone
                  ? Allow("Owners and admins of an organization decide which apps it uses.")
                  : Deny(
                        "Only an owner or admin of the organization may decide for all of its "
                        "workspaces. Ask one of them.");
     }},
    {"approval.manage",
     "an owner, or a member who can manage apps (admins need that right too)",
     "allow; others deny",
     {Action::kAppApprove, Action::kAppRestrict, Action::kRequestResolve},
     IsMember,
     [](const Facts& f) {
       return IsOwnerOrAppManager(f)
                  ? Allow("Owners and app managers decide which apps are used here.")
                  : Deny("Only an owner, or a member who can manage apps, may do this. Ask one.");
     }},
    {"request.own",
     "the member who made the request",
     "allow; others deny",
     {Action::kRequestWithdraw},
     IsMember,
     [](const Facts& f) {
       return f.own ? Allow("The request is the caller's own.")
                    : Deny(
                          "Only who made a request may withdraw it. An owner, or a member who can "
                          "manage apps, may deny it instead.");
     }},
    {"revoke.own",
     "the token's own member or service",
     "allow",
     {Action::kTokenRevoke},
     [](const Facts& f) { return f.own; },
     [](const Facts&) { return Allow("The token is the caller's own."); }},
    {"revoke.app",
     "the creator or a collaborator of the token's app",
     "allow",
     {Action::kTokenRevoke},
     MaintainsApp,
     [](const Facts&) {
       return Allow("The caller is the creator or a collaborator of the token's app.");
     }},
    {"revoke.manage",
     "an owner, an admin, or a member who can manage apps",
     "allow; others deny",
     {Action::kTokenRevoke, Action::kTokenBulkRevoke, Action::kTokenBulkCancel},
     IsMember,
     [](const Facts& f) {
       return IsOwnerOrAdmin(f) || IsAppManager(f)
                  ? Allow("Owners, admins and app managers revoke tokens of the workspace.")
                  : Deny(
                        "Only the token's own member, its app's collaborators, an owner, an admin, "
                        "or a member who can manage apps may revoke it; bulk revocation takes one "
                        "of the last three. Ask one of them, or present the secret.");
     }},
    {"read.own", "what is the caller's own: itself, its tokens and requests, what it installed",
     "allow", kReads, [](const Facts& f) { return f.own; },
     [](const Facts&) { return Allow("It is the caller's own."); }},
    {"read.app",
     "the creator or a collaborator of the app, and of the token's app",
     "allow",
     {Action::kAppRead, Action::kTokenRead},
     MaintainsApp,
     [](const Facts&) { return Allow("The caller is the creator or a collaborator of the app."); }},
    {"read.directory",
     "any member, and guests where the workspace lets them use apps",
     "allow",
     {Action::kWorkspaceRead, Action::kMemberRead, Action::kAppRead, Action::kInstallationRead},
     IsMember,
     [](const Facts&) { return Allow("Members see their workspace, its people and its apps."); }},
    {"read.manage",
     "an owner, an admin, or a member who can manage apps",
     "allow; others deny",
     {Action::kRequestRead, Action::kTokenRead},
     IsMember,
     [](const Facts& f) {
       return IsOwnerOrAdmin(f) || IsAppManager(f)
                  ? Allow("Owners, admins and app managers see all tokens and requests.")
                  : Deny(
                        "Members see their own tokens and requests, and the tokens of apps they "
                        "collaborate on. An owner, an admin, or a member who can manage apps sees "
                        "the rest.");
     }},
    {"read.service", "a service (with the DIRECTORY role, by caller.service_role)", "allow", kReads,
     IsService,
     [](const Facts&) { return Allow("A service with the DIRECTORY role reads all of it."); }},
    {"verify.service",
     "a service (with the VERIFIER role, by caller.service_role)",
     "allow",
     {Action::kTokenVerify},
     IsService,
     [](const Facts&) { return Allow("A service with the VERIFIER role verifies tokens."); }},
    {"verify.member",
     "any member, and guests where the workspace lets them use apps: the least of answers",
     "allow",
     {Action::kTokenVerify},
     IsMember,
     [](const Facts&) { return Allow("Members may ask whether a secret is good."); }},
    {"audit.own",
     "a member reads the events of a bulk revocation that the member started",
     "allow",
     {Action::kAuditRead},
     [](const Facts& f) { return IsMember(f) && f.own; },
     [](const Facts&) { return Allow("The caller started this bulk revocation."); }},
    {"audit.read",
     "a service (with the AUDITOR role, by caller.service_role), an owner, or an owner of the "
     "organization; the log of an organization as a whole: an owner of that",
     "allow; others deny",
     {Action::kAuditRead, Action::kConsumerCreate, Action::kConsumerDelete},
     [](const Facts& f) { return IsMember(f) || IsService(f); },
     [](const Facts& f) {
       if (IsService(f)) return Allow("A service with the AUDITOR role reads the log.");
       if (f.org_wide) {
         return f.org_role == OrgRole::kOwner
                    ? Allow("Owners of an organization read its log.")
                    : Deny(
                          "Only an owner of the organization may read the log of all of it. Ask "
                          "one, or read the log of one workspace.");
       }
       return IsOwner(f)
                  ? Allow("Owners read the log of their workspace.")
                  : Deny(
                        "Only an owner of the workspace or of its organization may read its audit "
                        "log, and make and delete consumers of it. Ask one of them.");
     }},
    {"policy.check",
     "about others: an owner or admin, or a service (with DIRECTORY or DELEGATE, by "
     "caller.service_role)",
     "allow; others deny",
     {Action::kPolicyCheck},
     [](const Facts& f) { return IsMember(f) || IsService(f); },
     [](const Facts& f) {
       if (IsService(f)) {
         return Allow("A service with the DIRECTORY or DELEGATE role may ask what others may do.");
       }
       return IsOwnerOrAdmin(f)
                  ? Allow("Owners and admins may ask what the members may do.")
                  : Deny(
                        "Only an owner or admin may ask what others may do. Ask one of them, or "
                        "ask about yourself.");
     }},
    {"default.deny",
     "nothing above matched",
     "deny",
     {},
     [](const Facts&) { return true; },
     DenyByDefault},
};

}  // namespace

absl::Span<const Row> ManageRows() { return kRows; }

}  // namespace latchkey::policy
