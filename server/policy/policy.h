#ifndef LATCHKEY_SERVER_POLICY_POLICY_H_
#define LATCHKEY_SERVER_POLICY_POLICY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace latchkey::policy {

// What a caller asks to do. Numbers are those of latchkey.v1.Action; see there for the meanings.
// Event-only actions are not here. Switch over it without a default.
enum class Action : std::uint8_t {
  kWorkspaceCreate = 1,
  kWorkspaceRead = 2,
  kWorkspaceUpdate = 3,
  kMemberCreate = 4,
  kMemberRead = 5,
  kMemberUpdate = 6,
  kMemberDeactivate = 7,
  kServiceCreate = 8,
  kServiceRead = 9,
  kServiceDelete = 10,
  kAppCreate = 11,
  kAppRead = 12,
  kAppUpdate = 13,
  kAppDelete = 14,
  kAppAddCollaborator = 15,
  kAppRemoveCollaborator = 16,
  kAppInstall = 17,
  kAppReinstall = 18,
  kAppUninstall = 19,
  kInstallationRead = 20,
  kAppApprove = 21,
  kAppRestrict = 22,
  kRequestRead = 23,
  kRequestResolve = 24,
  kRequestWithdraw = 25,
  kTokenIssue = 26,
  kTokenRead = 27,
  kTokenRegenerate = 28,
  kTokenRotate = 29,
  kTokenRevoke = 30,
  kTokenBulkRevoke = 31,
  kTokenVerify = 32,
  kAuditRead = 33,
  kPolicyRead = 34,
  kPolicyCheck = 35,
  kAdminRead = 36,
  kAdminBackup = 37,
  kOrganizationCreate = 50,
  kOrganizationRead = 51,
  kOrganizationUpdate = 52,
  kTokenBulkCancel = 55,
  kConsumerCreate = 56,
  kConsumerDelete = 57,
};

// Returns whether a number is that of an action; some between the first and the last are not.
constexpr bool IsAction(int number) {
  return (number >= static_cast<int>(Action::kWorkspaceCreate) &&
          number <= static_cast<int>(Action::kAdminBackup)) ||
         (number >= static_cast<int>(Action::kOrganizationCreate) &&
          number <= static_cast<int>(Action::kOrganizationUpdate)) ||
         (number >= static_cast<int>(Action::kTokenBulkCancel) &&
          number <= static_cast<int>(Action::kConsumerDelete));
}

enum class CallerKind : std::uint8_t { kAnonymous, kMember, kService, kOperator };

// Numbers are those of latchkey.v1.Role, AppKind and TokenKind; kNone where there is none.
enum class Role : std::uint8_t {
  kNone = 0,
  kPrimaryOwner = 1,
  kOwner = 2,
  kAdmin = 3,
  kMember = 4,
  kMultiChannelGuest = 5,
  kSingleChannelGuest = 6,
};
enum class AppKind : std::uint8_t {
  kNone = 0,
  kInternal = 1,
  kExternal = 2,
  kCustomIntegration = 3,
  kLegacyBot = 4,
};
enum class TokenKind : std::uint8_t {
  kNone = 0,
  kBot = 1,
  kUser = 2,
  kTest = 3,
  kCustomBot = 4,
  kLegacyBot = 5,
  kApp = 6,
  kService = 7,
  kRefresh = 8,
};

// The caller's role in the organization of the workspace acted on, or in the one acted on.
enum class OrgRole : std::uint8_t { kNone, kAdmin, kOwner };

// What the caller is to the app acted on. A creator who was removed from the collaborators of an
// INTERNAL or EXTERNAL app is kNone; who set up a legacy bot or custom integration stays kCreator.
enum class AppRelation : std::uint8_t { kNone, kCreator, kCollaborator };

// Roles of a service; the bit numbers are those of latchkey.v1.ServiceRole.
class ServiceRoles {
 public:
  static constexpr unsigned kOperator = 1, kDirectory = 2, kDelegate = 3, kVerifier = 4,
                            kAuditor = 5;
  constexpr void Add(unsigned role) { bits_ = static_cast<std::uint8_t>(bits_ | (1U << role)); }
  constexpr bool Has(unsigned role) const { return (bits_ & (1U << role)) != 0; }

 private:
  std::uint8_t bits_ = 0;
};

// Everything a decision may depend on, as it is in the state that the action would change. What
// does not apply keeps its default.
struct Facts {
  Action action = Action::kPolicyRead;

  // The caller. A service that acts on behalf of a member is that member here.
  CallerKind caller = CallerKind::kAnonymous;
  // The member is deactivated, or the member's workspace, or the one acted on, is suspended.
  bool deactivated = false;
  // The action is about the member's own workspace, or the organization that this belongs to, or
  // about none.
  bool same_workspace = true;
  OrgRole org_role = OrgRole::kNone;
  Role role = Role::kNone;
  bool can_manage_apps = false;
  ServiceRoles service_roles = {};

  // The workspace acted on, with what its organization forces.
  bool app_approval_required = false;
  bool guests_may_use_apps = false;
  bool moves_workspace = false;  // it joins an organization, or leaves one
  bool org_wide = false;         // no workspace: what is decided holds in all of an organization

  // The app acted on, or the app of the token acted on.
  AppKind app_kind = AppKind::kNone;
  AppRelation app_relation = AppRelation::kNone;
  bool app_home = false;        // the workspace acted on is the app's home, whoever the caller is
  bool app_restricted = false;  // in the workspace acted on, by it or by its organization
  bool approved = false;        // a grant covers this call: see rule request.approved
  // The call would give scopes beyond what was approved, is installed, or the token has.
  bool scopes_grow = false;

  // The token, request, bulk revocation, installation, member or principal acted on.
  TokenKind token_kind = TokenKind::kNone;
  // It is the caller's own, or for the caller. An installation belongs to who installed it last.
  bool own = false;
  bool presents_secret = false;  // the caller presents the secret of the token to revoke or rotate
  bool secret_spent = false;     // and that is a refresh secret which was spent before
  // A role change that gives or takes OWNER or PRIMARY_OWNER, or a change to a member with one.
  bool touches_owner = false;
};

enum class Outcome : std::uint8_t { kAllow, kDeny, kNeedsApproval };

// What was decided, and why.
struct Decision {
  Outcome outcome = Outcome::kDeny;
  absl::string_view rule;    // id of the rule that decided; static storage
  absl::string_view reason;  // a sentence that a person can act on; static storage
};

// One row of the decision table.
struct Rule {
  absl::string_view id;
  absl::string_view condition;  // in words
  absl::string_view effect;     // in words: "allow; others deny"
  std::vector<Action> actions;  // the actions it is about; empty: every action
};

// Decides by the first row that matches; default deny. Pure and thread-safe: the same facts always
// give the same decision.
Decision Decide(const Facts& facts);

// The decision table in order: the very rows that Decide() runs.
absl::Span<const Rule> Rules();

}  // namespace latchkey::policy

#endif  // LATCHKEY_SERVER_POLICY_POLICY_H_
