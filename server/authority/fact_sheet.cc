#include "server/authority/fact_sheet.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/authority/actions.h"
#include "server/authority/errors.h"
#include "server/authority/organizations.h"
#include "server/authority/refusal.h"
#include "server/authority/tokens.h"
#include "server/authority/validate.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

bool IsOwner(policy::Role role) {
  return role == policy::Role::kPrimaryOwner || role == policy::Role::kOwner;
}

policy::AppRelation RelationTo(const v1::App& app, absl::string_view principal) {
  const bool collaborates = std::find(app.collaborators().begin(), app.collaborators().end(),
                                      principal) != app.collaborators().end();
  const bool is_bot =
      app.kind() == v1::APP_KIND_LEGACY_BOT || app.kind() == v1::APP_KIND_CUSTOM_INTEGRATION;
  // Who set a bot up stays so; the creator of another app has rights as its first collaborator.
  if (app.creator() == principal && (is_bot || collaborates)) return policy::AppRelation::kCreator;
  return collaborates ? policy::AppRelation::kCollaborator : policy::AppRelation::kNone;
}

bool IsRestricted(const storage::Found<storage::v1::InstallationRecord>& record) {
  return record.has_value() && record->installation().approval() == v1::APP_APPROVAL_RESTRICTED;
}

absl::Status UndelegatedError(policy::Action action) {
  return DeniedError(ToProto(action), UndelegatedDecision());
}

}  // namespace

google::protobuf::RepeatedPtrField<std::string> ScopesAsked(const v1::App& app) {
  auto scopes = app.bot_scopes();
  scopes.MergeFrom(app.user_scopes());
  Normalize(scopes);
  return scopes;
}

absl::StatusOr<FactSheet> FactSheet::For(const storage::Reader& reader, const Caller& caller,
                                         policy::Action action, absl::Time now) {
  FactSheet sheet(reader, caller);
  sheet.facts_.action = action;
  sheet.facts_.caller = caller.kind;
  LATCHKEY_RETURN_IF_ERROR(sheet.LoadCaller(now));
  return sheet;
}

absl::Status FactSheet::LoadCaller(absl::Time now) {
  if (!caller_.undelegated.empty()) return UndelegatedError(facts_.action);
  if (!caller_.token.empty()) {
    LATCHKEY_ASSIGN_OR_RETURN(const auto token, reader_->GetToken(caller_.token));
    if (!token.has_value()) return UnauthenticatedError("The token of this call is no more.");
    LATCHKEY_ASSIGN_OR_RETURN(const bool active, IsActive(*reader_, *token, now));
    if (!active) return UnauthenticatedError("The token of this call is not active.");
  }
  if (!caller_.delegate.empty()) {
    LATCHKEY_RETURN_IF_ERROR(LoadServiceCaller(caller_.delegate));
    if (!facts_.service_roles.Has(policy::ServiceRoles::kDelegate)) {
      return UndelegatedError(facts_.action);
    }
    facts_.service_roles = {};
  }
  switch (caller_.kind) {
    case policy::CallerKind::kMember:
      return LoadMemberCaller();
    case policy::CallerKind::kService:
      return LoadServiceCaller(caller_.principal);
    case policy::CallerKind::kAnonymous:
    case policy::CallerKind::kOperator:
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::Status FactSheet::LoadMemberCaller() {
  const std::optional<InWorkspace> name = ParseMember(caller_.principal);
  if (!name.has_value()) {
    return UnauthenticatedError("latchkey-on-behalf-of takes workspaces/{id}/members/{id}.");
  }
  LATCHKEY_ASSIGN_OR_RETURN(const auto member,
                            reader_->Get(storage::MemberKey(name->workspace, name->id)));
  LATCHKEY_ASSIGN_OR_RETURN(const auto workspace,
                            reader_->Get(storage::WorkspaceKey(name->workspace)));
  if (!member.has_value() || !workspace.has_value()) {
    return UnauthenticatedError(absl::StrCat(caller_.principal, " is not a member."));
  }
  facts_.role = ToPolicy(member->member().role());
  facts_.can_manage_apps = member->member().can_manage_apps();
  facts_.deactivated = member->member().state() != v1::MEMBER_STATE_ACTIVE ||
                       workspace->workspace().state() != v1::WORKSPACE_STATE_ACTIVE;
  caller_organization_ = workspace->workspace().organization();
  LATCHKEY_ASSIGN_OR_RETURN(const v1::WorkspaceSettings settings,
                            EffectiveSettings(*reader_, workspace->workspace()));
  facts_.guests_may_use_apps = settings.guests_may_use_apps();
  return absl::OkStatus();
}

absl::Status FactSheet::LoadServiceCaller(absl::string_view name) {
  const std::optional<std::string> id = ParseService(name);
  if (!id.has_value()) return UnauthenticatedError("The service of this call has no name.");
  LATCHKEY_ASSIGN_OR_RETURN(const auto service, reader_->Get(storage::ServiceKey(*id)));
  if (!service.has_value() || service->deleted()) {
    return UnauthenticatedError(absl::StrCat(name, " is no more."));
  }
  for (const int role : service->service().roles()) {
    facts_.service_roles.Add(static_cast<unsigned>(role));
  }
  return absl::OkStatus();
}

absl::Status FactSheet::AboutWorkspace(absl::string_view workspace) {
  facts_.same_workspace =
      facts_.caller != policy::CallerKind::kMember || WorkspaceIdOf(caller_.principal) == workspace;
  LATCHKEY_ASSIGN_OR_RETURN(workspace_, reader_->Get(storage::WorkspaceKey(workspace)));
  LATCHKEY_RETURN_IF_ERROR(LoadOrganizationOfWorkspace());
  if (!workspace_.has_value()) return absl::OkStatus();
  // In a suspended workspace nobody acts as a member, nor from elsewhere in its organization; to
  // strangers it is as if it were not, suspended or not.
  const bool suspended = workspace_->workspace().state() != v1::WORKSPACE_STATE_ACTIVE;
  const bool belongs = facts_.same_workspace || facts_.org_role != policy::OrgRole::kNone;
  if (suspended && belongs && facts_.caller == policy::CallerKind::kMember) {
    facts_.deactivated = true;
  }
  const v1::WorkspaceSettings settings =
      organization_.has_value()
          ? Tightened(workspace_->workspace().settings(), organization_->organization().settings())
          : workspace_->workspace().settings();
  facts_.app_approval_required = settings.app_approval_required();
  facts_.guests_may_use_apps = settings.guests_may_use_apps();
  return absl::OkStatus();
}

absl::Status FactSheet::AboutMember(const InWorkspace& member, policy::Role new_role) {
  LATCHKEY_RETURN_IF_ERROR(AboutWorkspace(member.workspace));
  // The id of a member to be made is read before the form of the request is judged.
  if (IsId(member.id)) {
    LATCHKEY_ASSIGN_OR_RETURN(member_,
                              reader_->Get(storage::MemberKey(member.workspace, member.id)));
  }
  facts_.own = IsCaller(MemberName(member.workspace, member.id));
  const bool is_owner = member_.has_value() && IsOwner(ToPolicy(member_->member().role()));
  facts_.touches_owner = IsOwner(new_role) || is_owner;
  return absl::OkStatus();
}

absl::Status FactSheet::AboutService(absl::string_view service) {
  facts_.own = IsCaller(ServiceName(service));
  facts_.same_workspace = facts_.caller != policy::CallerKind::kMember;
  LATCHKEY_ASSIGN_OR_RETURN(service_, reader_->Get(storage::ServiceKey(service)));
  if (service_.has_value() && service_->deleted()) service_.reset();
  return absl::OkStatus();
}

absl::Status FactSheet::LoadApp(absl::string_view app) {
  LATCHKEY_ASSIGN_OR_RETURN(app_, reader_->Get(storage::AppKey(app)));
  if (!app_.has_value()) return absl::OkStatus();
  facts_.app_kind = ToPolicy(app_->app().kind());
  facts_.app_relation = RelationTo(app_->app(), caller_.principal);
  return absl::OkStatus();
}

absl::Status FactSheet::LoadAppIn(absl::string_view workspace, absl::string_view app) {
  LATCHKEY_RETURN_IF_ERROR(LoadApp(app));
  const bool visible =
      app_.has_value() && (app_->app().kind() == v1::APP_KIND_EXTERNAL ||
                           app_->app().home_workspace() == WorkspaceName(workspace));
  if (visible) return absl::OkStatus();
  // Another workspace's own app is, in this one, as if it were not.
  ForgetApp();
  missing_ = !app.empty();
  return absl::OkStatus();
}

void FactSheet::ForgetApp() {
  app_.reset();
  facts_.app_kind = policy::AppKind::kNone;
  facts_.app_relation = policy::AppRelation::kNone;
  missing_ = true;
}

absl::Status FactSheet::AboutApp(absl::string_view app) {
  LATCHKEY_RETURN_IF_ERROR(LoadApp(app));
  if (!app_.has_value()) {
    missing_ = true;
    // Word for word as an app of another workspace.
    facts_.same_workspace = facts_.caller != policy::CallerKind::kMember;
    return absl::OkStatus();
  }
  LATCHKEY_RETURN_IF_ERROR(AboutWorkspace(WorkspaceIdOf(app_->app().home_workspace())));
  facts_.app_home = true;
  // A directory app may be looked at from everywhere.
  const bool reads = facts_.action == policy::Action::kAppRead;
  if (reads && app_->app().kind() == v1::APP_KIND_EXTERNAL) facts_.same_workspace = true;
  return absl::OkStatus();
}

absl::Status FactSheet::LoadInstallation(absl::string_view workspace, absl::string_view app,
                                         const Strings& asked, const Strings& had) {
  LATCHKEY_ASSIGN_OR_RETURN(installation_, reader_->Get(storage::InstallationKey(workspace, app)));
  const bool mine = installation_.has_value() && !installation_->installation().installer().empty();
  facts_.own = mine && IsCaller(installation_->installation().installer());
  LATCHKEY_RETURN_IF_ERROR(LoadVerdict(app));
  facts_.app_restricted = IsRestricted(installation_) || IsRestricted(verdict_);
  if (!app_.has_value()) return absl::OkStatus();
  facts_.app_home = app_->app().home_workspace() == WorkspaceName(workspace);

  Strings approved;  // by the workspace and by its organization together
  Strings baseline = had;
  bool is_approved = false;
  for (const auto& record : {installation_, verdict_}) {
    if (!record.has_value()) continue;
    const v1::Installation& installation = record->installation();
    baseline.MergeFrom(installation.approved_scopes());
    if (installation.state() == v1::INSTALLATION_STATE_INSTALLED) {
      baseline.MergeFrom(installation.bot_scopes());
      baseline.MergeFrom(installation.user_scopes());
    }
    if (installation.approval() != v1::APP_APPROVAL_APPROVED) continue;
    is_approved = true;
    approved.MergeFrom(installation.approved_scopes());
  }
  facts_.scopes_grow = !IsSubset(asked, baseline);
  LATCHKEY_RETURN_IF_ERROR(LoadGrant(workspace, app, asked));
  facts_.approved = facts_.approved || (is_approved && IsSubset(asked, approved));
  return absl::OkStatus();
}

absl::Status FactSheet::LoadGrant(absl::string_view workspace, absl::string_view app,
                                  const Strings& asked) {
  if (facts_.caller != policy::CallerKind::kMember) return absl::OkStatus();
  LATCHKEY_ASSIGN_OR_RETURN(
      const auto pointer,
      reader_->Get(storage::GrantKey(workspace, MemberPart(workspace, caller_.principal), app)));
  if (!pointer.has_value()) return absl::OkStatus();
  LATCHKEY_ASSIGN_OR_RETURN(const auto record, reader_->Get(storage::ApprovalRequestKey(
                                                   workspace, LastId(pointer->name()))));
  if (!record.has_value()) return absl::OkStatus();
  const v1::ApprovalRequest& request = record->approval_request();
  if (request.state() != v1::APPROVAL_REQUEST_STATE_APPROVED) return absl::OkStatus();
  for (const auto& decided : {installation_, verdict_}) {
    if (decided.has_value() && request.revision() <= decided->restrict_revision()) {
      return absl::OkStatus();
    }
  }
  if (!IsSubset(asked, request.scopes())) return absl::OkStatus();
  grant_ = record;
  facts_.approved = true;
  return absl::OkStatus();
}

absl::Status FactSheet::AboutInstallation(absl::string_view workspace, absl::string_view app) {
  LATCHKEY_RETURN_IF_ERROR(AboutWorkspace(workspace));
  LATCHKEY_RETURN_IF_ERROR(LoadAppIn(workspace, app));
  const Strings asked = app_.has_value() ? ScopesAsked(app_->app()) : Strings();
  return LoadInstallation(workspace, app, asked, {});
}

absl::Status FactSheet::AboutRequest(const InWorkspace& request) {
  LATCHKEY_RETURN_IF_ERROR(AboutWorkspace(request.workspace));
  LATCHKEY_ASSIGN_OR_RETURN(
      request_, reader_->Get(storage::ApprovalRequestKey(request.workspace, request.id)));
  facts_.own = request_.has_value() && IsCaller(request_->approval_request().requester());
  return absl::OkStatus();
}

absl::Status FactSheet::AboutNewToken(const TokenOwner& owner, policy::TokenKind kind,
                                      absl::string_view app, absl::string_view member,
                                      const Strings& scopes) {
  return AboutTokenOf(owner, kind, app, member, scopes, {});
}

absl::Status FactSheet::AboutTokenOf(const TokenOwner& owner, policy::TokenKind kind,
                                     absl::string_view app, absl::string_view member,
                                     const Strings& scopes, const Strings& had) {
  facts_.token_kind = kind;
  if (!owner.service.empty()) return AboutService(owner.service);
  LATCHKEY_RETURN_IF_ERROR(AboutWorkspace(owner.workspace));
  if (kind == policy::TokenKind::kTest) {
    // Who acts here by a role in the organization is no member here, for whom a token could speak.
    facts_.own = facts_.same_workspace && (member.empty() || IsCaller(member));
    return LoadGrant(owner.workspace, "", scopes);
  }
  LATCHKEY_RETURN_IF_ERROR(LoadAppIn(owner.workspace, app));
  // A new token of an app that names no scopes gets those of its bot.
  const bool all = scopes.empty() && had.empty() && app_.has_value();
  LATCHKEY_RETURN_IF_ERROR(
      LoadInstallation(owner.workspace, app, all ? app_->app().bot_scopes() : scopes, had));
  facts_.own = false;
  return absl::OkStatus();
}

absl::Status FactSheet::AboutToken(const TokenId& id, const Strings* new_scopes) {
  const std::string name = TokenName(id.owner, id.id);
  LATCHKEY_ASSIGN_OR_RETURN(token_, reader_->GetToken(name));
  if (!token_.has_value()) {
    missing_ = true;
    facts_.token_kind = policy::TokenKind::kNone;
    return id.owner.service.empty() ? AboutWorkspace(id.owner.workspace)
                                    : AboutService(id.owner.service);
  }
  const v1::Token& token = token_->token();
  LATCHKEY_RETURN_IF_ERROR(
      AboutTokenOf(id.owner, ToPolicy(token.kind()), LastId(token.app()), token.member(),
                   new_scopes == nullptr ? token.scopes() : *new_scopes, token.scopes()));
  facts_.own = (!token.member().empty() && IsCaller(token.member())) ||
               (!token.service().empty() && IsCaller(token.service()));
  return absl::OkStatus();
}

absl::Status FactSheet::AboutAppTokens(absl::string_view workspace, absl::string_view app) {
  LATCHKEY_RETURN_IF_ERROR(AboutWorkspace(workspace));
  return LoadAppIn(workspace, app);
}

absl::Status FactSheet::AboutPrincipal(absl::string_view principal) {
  // The name was not checked yet.
  const absl::string_view workspace =
      WorkspaceIdOf(principal.empty() ? caller_.principal : principal);
  LATCHKEY_RETURN_IF_ERROR(AboutWorkspace(IsId(workspace) ? workspace : ""));
  facts_.own = principal.empty() || IsCaller(principal);
  return absl::OkStatus();
}

policy::Decision FactSheet::Decide() const {
  const policy::Decision decision = policy::Decide(facts_);
  if (!missing_ || !TellsWhatItIs(facts_.action, decision)) return decision;
  return {policy::Outcome::kDeny, "default.deny",
          "There is no such app or token here. Look at its name, and at the workspace."};
}

policy::Decision FactSheet::DecideOwn() const { return DecideOwnAs(facts_.action); }

policy::Decision FactSheet::DecideOwnAs(policy::Action action) const {
  policy::Facts facts = facts_;
  facts.action = action;
  facts.own = true;
  return policy::Decide(facts);
}

policy::Decision FactSheet::DecideAs(policy::Action action) const {
  policy::Facts facts = facts_;
  facts.action = action;
  return policy::Decide(facts);
}

}  // namespace latchkey
