#include "server/policy/predicates.h"
#include "server/policy/table.h"

namespace latchkey::policy {
namespace {

constexpr ActionSet kGetsSecret = {Action::kTokenIssue, Action::kTokenRegenerate};
constexpr ActionSet kInstallsOrGetsSecret = {Action::kAppInstall, Action::kAppReinstall,
                                             Action::kTokenIssue, Action::kTokenRegenerate};
constexpr ActionSet kInstallsOrRegenerates = {Action::kAppInstall, Action::kAppReinstall,
                                              Action::kTokenRegenerate};

bool CoveredByGrant(const Facts& f) {
  if (GetsOwnTestToken(f)) return true;
  if (f.app_kind == AppKind::kInternal && MaintainsApp(f)) return GetsAppsTokens(f);
  if (!GetsInstallationTokens(f)) return false;
  return f.app_kind == AppKind::kExternal;
}

bool IsExternalInstallation(const Facts& f) {
  return IsMember(f) && f.app_kind == AppKind::kExternal && GetsInstallationTokens(f);
}

constexpr Row kRows[] = {
    {"app.restricted", "the app is restricted in this workspace, by it or by its organization",
     "deny", kInstallsOrGetsSecret, [](const Facts& f) { return IsMember(f) && f.app_restricted; },
     [](const Facts&) {
       return Deny(
           "This app is restricted in this workspace, or in all of its organization. An owner, or "
           "a member who can manage apps, may approve it in the workspace, and an owner or admin "
           "of the organization in that, which lifts the restriction there.");
     }},
    {"user_token.own",
     "a USER token that speaks for another member",
     "deny",
     {Action::kTokenRegenerate},
     [](const Facts& f) { return IsMember(f) && f.token_kind == TokenKind::kUser && !f.own; },
     [](const Facts&) {
       return Deny(
           "A USER token acts as one member, and only that member may regenerate it. Ask them, or "
           "an owner or admin may revoke it.");
     }},
    {"request.approved",
     "an approved request covers the call: a TEST token of the caller's own, or the installation "
     "of an EXTERNAL app or of an INTERNAL app of which the caller is creator or collaborator; "
     "for token.regenerate: of the installation's BOT and USER tokens; for an INTERNAL app its APP "
     "tokens too",
     "allow", kInstallsOrGetsSecret,
     [](const Facts& f) { return IsMember(f) && f.approved && CoveredByGrant(f); },
     [](const Facts&) { return Allow("This was approved."); }},
    {"test.own_only", "a TEST token for somebody else", "deny", kGetsSecret,
     [](const Facts& f) { return IsMember(f) && f.token_kind == TokenKind::kTest && !f.own; },
     [](const Facts&) {
       return Deny(
           "A test token is for its own member only. Ask them to make or regenerate it "
           "themselves.");
     }},
    {"test.request",
     "a TEST token of the caller's own while apps need approval, unless the caller is an owner or "
     "can manage apps",
     "needs approval", kGetsSecret,
     [](const Facts& f) {
       return IsMember(f) && GetsOwnTestToken(f) && f.app_approval_required &&
              !IsOwnerOrAppManager(f);
     },
     [](const Facts&) {
       return NeedsApproval(
           "Apps need approval in this workspace, and test tokens with them. An owner, or a member "
           "who can manage apps, may approve the request.");
     }},
    {"test.self", "a TEST token of the caller's own", "allow", kGetsSecret,
     [](const Facts& f) { return IsMember(f) && GetsOwnTestToken(f); },
     [](const Facts&) { return Allow("Members make and regenerate their own test tokens."); }},
    {"custom_bot.configure",
     "a CUSTOM_BOT token: the bot's creator, an owner, an admin, or a member who can manage apps",
     "allow; others deny", kGetsSecret,
     [](const Facts& f) { return IsMember(f) && f.token_kind == TokenKind::kCustomBot; },
     [](const Facts& f) {
       const bool may =
           f.app_relation == AppRelation::kCreator || IsOwnerOrAdmin(f) || IsAppManager(f);
       return may ? Allow("The bot's creator, owners, admins and app managers configure it.")
                  : Deny(
                        "Only this bot's creator, an owner, an admin, or a member who can manage "
                        "apps may issue or regenerate its token. Ask one of them.");
     }},
    {"legacy_bot.owner", "a LEGACY_BOT token: the person who set the bot up", "allow; others deny",
     kGetsSecret,
     [](const Facts& f) { return IsMember(f) && f.token_kind == TokenKind::kLegacyBot; },
     [](const Facts& f) {
       return f.app_relation == AppRelation::kCreator
                  ? Allow("The caller set this bot up.")
                  : Deny(
                        "Only the person who set up this bot may issue or regenerate its token. "
                        "Ask them, or an owner may revoke it.");
     }},
    {"internal.collaborator",
     "an INTERNAL app: its creator or a collaborator, unless internal.new_scopes asks them for "
     "approval. Owners and app managers are others here",
     "allow; others deny", kInstallsOrGetsSecret,
     [](const Facts& f) {
       return IsMember(f) && f.app_kind == AppKind::kInternal &&
              !(MaintainsApp(f) && NewScopesNeedApproval(f));
     },
     [](const Facts& f) {
       return MaintainsApp(f)
                  ? Allow("The caller is the creator or a collaborator of this app.")
                  : Deny(
                        "Only the creator and the collaborators of an internal app may install it, "
                        "or make and regenerate its tokens. Ask one of them, or ask to be added "
                        "as a collaborator.");
     }},
    {"internal.new_scopes",
     "an INTERNAL app, by its creator or a collaborator, while apps need approval and its scopes "
     "grow beyond what was approved or is installed, or those of a token beyond what it had",
     "needs approval", kInstallsOrGetsSecret,
     [](const Facts& f) {
       return IsMember(f) && f.app_kind == AppKind::kInternal && MaintainsApp(f) &&
              NewScopesNeedApproval(f);
     },
     [](const Facts&) {
       return NeedsApproval(
           "The app asks for scopes that were not approved in this workspace. An owner, or a "
           "member who can manage apps, may approve the request.");
     }},
    {"external.managed",
     "an EXTERNAL app while apps need approval; for token.regenerate: its BOT and USER tokens. An "
     "owner, or a member who can manage apps",
     "allow; others needs approval", kInstallsOrRegenerates,
     [](const Facts& f) { return IsExternalInstallation(f) && f.app_approval_required; },
     [](const Facts& f) {
       return IsOwnerOrAppManager(f)
                  ? Allow("Owners and app managers need no approval for external apps.")
                  : NeedsApproval(
                        "Apps need approval in this workspace. An owner, or a member who can "
                        "manage apps, may approve the request.");
     }},
    {"external.open",
     "an EXTERNAL app while apps need no approval; for token.regenerate: its BOT and USER tokens. "
     "Any member, and guests where the workspace lets them use apps",
     "allow", kInstallsOrRegenerates, IsExternalInstallation,
     [](const Facts&) { return Allow("Apps need no approval in this workspace."); }},
    {"app.token",
     "an APP token of an app that is not INTERNAL: the app's creator or a collaborator; in its "
     "home workspace also an owner, or a member who can manage apps",
     "allow; others deny", kGetsSecret,
     [](const Facts& f) { return IsMember(f) && f.token_kind == TokenKind::kApp; },
     [](const Facts& f) {
       return MayManageApp(f)
                  ? Allow("The caller may manage this app.")
                  : Deny(
                        "Only the app's creator and collaborators, and in its home workspace an "
                        "owner or a member who can manage apps, may make and regenerate its "
                        "app-level tokens. Ask one of them.");
     }},
};

}  // namespace

absl::Span<const Row> AppRows() { return kRows; }

}  // namespace latchkey::policy
