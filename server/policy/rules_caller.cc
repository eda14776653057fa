#include "server/policy/predicates.h"
#include "server/policy/table.h"

namespace latchkey::policy {
namespace {

// What a service needs, unless it acts on behalf of a member.
enum class Need : std::uint8_t {
  kNothing,
  kDirectory,
  kDirectoryOrDelegate,
  kVerifier,
  kAuditor,
  kOperator,
  kOperatorOrMember,  // a member's to do; the operator may as well
  kMember,            // a member's to do
};

Need NeedOfToken(const Facts& f) {
  const bool of_service = f.token_kind == TokenKind::kService;
  switch (f.action) {
    case Action::kTokenRead:
      if (f.own && of_service) return Need::kNothing;
      return of_service ? Need::kOperator : Need::kDirectory;
    case Action::kTokenRevoke:
      if ((f.own && of_service) || f.presents_secret) return Need::kNothing;
      return of_service ? Need::kOperator : Need::kOperatorOrMember;
    case Action::kTokenIssue:
    case Action::kTokenRegenerate:
      return of_service ? Need::kOperator : Need::kMember;
    default:
      return Need::kMember;
  }
}

Need NeedOf(const Facts& f) {
  switch (f.action) {
    case Action::kWorkspaceCreate:
    case Action::kWorkspaceRead:
    case Action::kWorkspaceUpdate:
    case Action::kMemberCreate:
    case Action::kMemberRead:
    case Action::kMemberUpdate:
    case Action::kMemberDeactivate:
    case Action::kAppRead:
    case Action::kInstallationRead:
    case Action::kRequestRead:
    case Action::kOrganizationCreate:
    case Action::kOrganizationRead:
    case Action::kOrganizationUpdate:
      return Need::kDirectory;
    case Action::kServiceCreate:
    case Action::kServiceRead:
    case Action::kServiceDelete:
    case Action::kAdminRead:
    case Action::kAdminBackup:
      return Need::kOperator;
    case Action::kTokenIssue:
    case Action::kTokenRead:
    case Action::kTokenRegenerate:
    case Action::kTokenRevoke:
      return NeedOfToken(f);
    case Action::kTokenVerify:
      return Need::kVerifier;
    case Action::kTokenBulkRevoke:
    case Action::kTokenBulkCancel:
      return Need::kOperatorOrMember;
    case Action::kAuditRead:
    case Action::kConsumerCreate:
    case Action::kConsumerDelete:
      return Need::kAuditor;
    case Action::kPolicyRead:
      return Need::kNothing;
    case Action::kPolicyCheck:
      return f.own ? Need::kNothing : Need::kDirectoryOrDelegate;
    case Action::kAppCreate:
    case Action::kAppUpdate:
    case Action::kAppDelete:
    case Action::kAppAddCollaborator:
    case Action::kAppRemoveCollaborator:
    case Action::kAppInstall:
    case Action::kAppReinstall:
    case Action::kAppUninstall:
    case Action::kAppApprove:
    case Action::kAppRestrict:
    case Action::kRequestResolve:
    case Action::kRequestWithdraw:
      return Need::kMember;
    case Action::kTokenRotate:
      return f.presents_secret ? Need::kNothing : Need::kMember;
  }
  return Need::kMember;
}

bool HasWhatItNeeds(const Facts& f) {
  const ServiceRoles roles = f.service_roles;
  const bool is_operator = roles.Has(ServiceRoles::kOperator);
  switch (NeedOf(f)) {
    case Need::kNothing:
      return true;
    case Need::kDirectory:
      return is_operator || roles.Has(ServiceRoles::kDirectory);
    case Need::kDirectoryOrDelegate:
      return is_operator || roles.Has(ServiceRoles::kDirectory) ||
             roles.Has(ServiceRoles::kDelegate);
    case Need::kVerifier:
      return is_operator || roles.Has(ServiceRoles::kVerifier);
    case Need::kAuditor:
      return is_operator || roles.Has(ServiceRoles::kAuditor);
    case Need::kOperator:
    case Need::kOperatorOrMember:
      return is_operator;
    case Need::kMember:
      return false;
  }
  return false;
}

Verdict DenyForNeed(const Facts& f) {
  switch (NeedOf(f)) {
    case Need::kDirectory:
      return Deny("This service lacks the DIRECTORY role. Ask the operator for it.");
    case Need::kDirectoryOrDelegate:
      return Deny(
          "A service needs the DIRECTORY or DELEGATE role to ask what others may do. Ask the "
          "operator for it, or ask about the service itself.");
    case Need::kVerifier:
      return Deny("This service lacks the VERIFIER role. Ask the operator for it.");
    case Need::kAuditor:
      return Deny("This service lacks the AUDITOR role. Ask the operator for it.");
    case Need::kOperator:
      return Deny(
          "Only the operator, or a service with the OPERATOR role, may do this. Ask the operator.");
    case Need::kOperatorOrMember:
      return Deny(
          "This is for members and the operator to do. A service with the DELEGATE role may do it "
          "on behalf of a member.");
    case Need::kNothing:
    case Need::kMember:
      break;
  }
  return Deny(
      "This is for members to do, and no role gives it to a service. A service with the DELEGATE "
      "role may do it on behalf of a member.");
}

// The operator makes and regenerates SERVICE tokens only: the others speak for members and apps.
bool IsOperatorsBusiness(const Facts& f) {
  const bool gets_secret = f.action == Action::kTokenIssue || f.action == Action::kTokenRegenerate;
  return !gets_secret || f.token_kind == TokenKind::kService;
}

bool IsOperator(const Facts& f) {
  return f.caller == CallerKind::kOperator ||
         (IsService(f) && f.service_roles.Has(ServiceRoles::kOperator));
}

constexpr Row kRows[] = {
    {"caller.unauthenticated",
     "the caller has no credentials, or bad ones, and does not revoke or rotate a token by "
     "presenting its secret",
     "deny",
     {},
     [](const Facts& f) { return f.caller == CallerKind::kAnonymous && !ActsAsBearer(f); },
     [](const Facts&) {
       return Deny(
           "No credentials, or none that are good now. Present an active token, or a client "
           "certificate that is mapped to a service.");
     }},
    {"caller.deactivated",
     "the member is deactivated, or the member's workspace suspended; and does not revoke or "
     "rotate a token by presenting its secret, which takes no credentials",
     "deny",
     {},
     [](const Facts& f) { return IsMember(f) && f.deactivated && !ActsAsBearer(f); },
     [](const Facts&) {
       return Deny(
           "The member is deactivated, or the workspace suspended. An owner may reactivate the "
           "member, the operator the workspace.");
     }},
    {"caller.cross_workspace",
     "a member acts outside the member's own workspace, or on an organization that this does not "
     "belong to; is neither owner nor admin of the organization of the workspace acted on (an org "
     "owner acts there as an OWNER would, an org admin as an ADMIN); and does not revoke or rotate "
     "a token by "
     "presenting its secret",
     "deny",
     {},
     [](const Facts& f) {
       return IsMember(f) && !f.same_workspace && f.org_role == OrgRole::kNone && !ActsAsBearer(f);
     },
     [](const Facts&) {
       return Deny("Members act in their own workspace only. Ask a member of that workspace.");
     }},
    {"caller.service_role",
     "a service that does not act on behalf of a member lacks the role for it: DIRECTORY for "
     "organizations, workspaces and members, and to read apps, installations, requests and tokens; "
     "VERIFIER to "
     "verify; AUDITOR to read the audit log and for consumers of it; DIRECTORY or DELEGATE to ask "
     "what others may do; "
     "OPERATOR for these and for services, SERVICE tokens, revoking and the server itself. None is "
     "needed to read the rules, to ask about itself, to read and revoke its own tokens, and to "
     "revoke or rotate a token by presenting its secret; none gives what is a member's to do",
     "deny",
     {},
     [](const Facts& f) { return IsService(f) && !HasWhatItNeeds(f); },
     DenyForNeed},
    {"caller.operator",
     "the caller is the operator, or a service with the OPERATOR role; for token.issue and "
     "token.regenerate: of a SERVICE token. The operator does not act as if a member: other "
     "actions are left to default.deny",
     "allow",
     {Action::kWorkspaceCreate,    Action::kWorkspaceRead,    Action::kWorkspaceUpdate,
      Action::kMemberCreate,       Action::kMemberRead,       Action::kMemberUpdate,
      Action::kMemberDeactivate,   Action::kServiceCreate,    Action::kServiceRead,
      Action::kServiceDelete,      Action::kAppRead,          Action::kInstallationRead,
      Action::kRequestRead,        Action::kTokenIssue,       Action::kTokenRead,
      Action::kTokenRegenerate,    Action::kTokenRevoke,      Action::kTokenBulkRevoke,
      Action::kTokenVerify,        Action::kAuditRead,        Action::kPolicyRead,
      Action::kPolicyCheck,        Action::kAdminRead,        Action::kAdminBackup,
      Action::kOrganizationCreate, Action::kOrganizationRead, Action::kOrganizationUpdate,
      Action::kTokenBulkCancel,    Action::kConsumerCreate,   Action::kConsumerDelete},
     [](const Facts& f) { return IsOperator(f) && IsOperatorsBusiness(f); },
     [](const Facts&) { return Allow("This is what the operator is for."); }},
    {"revoke.bearer",
     "the caller presents the secret of the token, whoever it is",
     "allow",
     {Action::kTokenRevoke},
     ActsAsBearer,
     [](const Facts&) { return Allow("Whoever holds a token's secret may revoke the token."); }},
    {"rotate.reuse",
     "the caller presents a refresh secret that was spent before, whoever it is",
     "deny",
     {Action::kTokenRotate},
     [](const Facts& f) { return ActsAsBearer(f) && f.secret_spent; },
     [](const Facts&) {
       return Deny(
           "This refresh secret was spent before. Where the client that holds it did not do so "
           "itself, somebody else has it: install the app again.");
     }},
    {"rotate.bearer",
     "the caller presents the refresh secret, whoever it is",
     "allow",
     {Action::kTokenRotate},
     ActsAsBearer,
     [](const Facts&) { return Allow("Whoever holds a refresh secret may trade it in."); }},
    {"service_token.operator",
     "a member wants to make, read, regenerate or revoke a SERVICE token",
     "deny",
     {Action::kTokenIssue, Action::kTokenRead, Action::kTokenRegenerate, Action::kTokenRevoke},
     [](const Facts& f) { return IsMember(f) && f.token_kind == TokenKind::kService; },
     [](const Facts&) {
       return Deny(
           "The tokens of services are the operator's business, not a member's. Ask the operator.");
     }},
    {"policy.read",
     "any authenticated caller, guests too",
     "allow",
     {Action::kPolicyRead},
     [](const Facts&) { return true; },
     [](const Facts&) { return Allow("Everybody may read the rules."); }},
    {"policy.self",
     "the caller asks about itself, guests too",
     "allow",
     {Action::kPolicyCheck},
     [](const Facts& f) { return f.own; },
     [](const Facts&) { return Allow("Everybody may ask what they themselves may do."); }},
    {"caller.guest",
     "a guest, or a member without a role, who wants anything but to read or revoke what is their "
     "own, while the workspace does not let guests use apps",
     "deny",
     {},
     [](const Facts& f) {
       const bool of_own = f.own && (kReads.Has(f.action) || f.action == Action::kTokenRevoke);
       return IsGuest(f) && !f.guests_may_use_apps && !of_own;
     },
     [](const Facts&) {
       return Deny(
           "Guests may not use apps and tokens in this workspace. Ask a full member, or ask an "
           "owner to let guests use apps.");
     }},
};

}  // namespace

absl::Span<const Row> CallerRows() { return kRows; }

}  // namespace latchkey::policy
