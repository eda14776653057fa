#ifndef LATCHKEY_SERVER_AUTHORITY_FACT_SHEET_H_
#define LATCHKEY_SERVER_AUTHORITY_FACT_SHEET_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/authority/caller.h"
#include "server/authority/names.h"
#include "server/authority/validate.h"
#include "server/policy/policy.h"
#include "storage/reader.h"

namespace latchkey {

// Gathers, from one state of the store, the facts that policy decides by: who the caller is now,
// and what the action is about. Mutations, reads and CheckPermission all gather here, so that a dry
// run cannot differ from the act.
//
// Begin with For(), call at most one About...(), then Decide(). What the About methods loaded stays
// in the sheet for the handler's use; a record that does not exist stays nullopt and is no error,
// since rights are judged first. Used by one thread; must not outlive the reader. Every method may
// return UNAVAILABLE or DATA_LOSS as storage::Reader.
class FactSheet {
 public:
  // Reads who `caller` is in the state of `reader`.
  // UNAUTHENTICATED: the token, member or service that the caller was is no more.
  static absl::StatusOr<FactSheet> For(const storage::Reader& reader, const Caller& caller,
                                       policy::Action action, absl::Time now);

  // The action is about a workspace, or about making something in it.
  absl::Status AboutWorkspace(absl::string_view workspace);
  // About a member, who may get `new_role` (kNone: keeps the role).
  absl::Status AboutMember(const InWorkspace& member, policy::Role new_role);
  // About a service.
  absl::Status AboutService(absl::string_view service);
  // About an app itself.
  absl::Status AboutApp(absl::string_view app);
  // About an app in a workspace.
  absl::Status AboutInstallation(absl::string_view workspace, absl::string_view app);
  // About an approval request.
  absl::Status AboutRequest(const InWorkspace& request);
  // About a new token with these scopes. `app` and `member` may be empty; an empty `member` is the
  // caller.
  absl::Status AboutNewToken(const TokenOwner& owner, policy::TokenKind kind, absl::string_view app,
                             absl::string_view member, const Strings& scopes);
  // About a token there is; with `new_scopes`, about giving it those in place of its own.
  absl::Status AboutToken(const TokenId& id, const Strings* new_scopes = nullptr);
  // About the tokens of an app in a workspace, to read them.
  absl::Status AboutAppTokens(absl::string_view workspace, absl::string_view app);
  // About the events of a workspace; "" or only those about `resource`, by name.
  absl::Status AboutEvents(absl::string_view workspace, absl::string_view resource);
  // About another principal, by name.
  absl::Status AboutPrincipal(absl::string_view principal);
  // About an organization itself.
  absl::Status AboutOrganization(absl::string_view organization);
  // About the one that the caller's workspace belongs to; about none where it belongs to none.
  absl::Status AboutOwnOrganization();
  // About the events of an organization and of what belonged to it.
  absl::Status AboutEventsOfOrganization(absl::string_view organization);
  // About an app in all workspaces of an organization. installation() is what that decided.
  absl::Status AboutOrganizationApp(absl::string_view organization, absl::string_view app);

  // The workspace acted on joins an organization, or leaves one.
  void MovesWorkspace() { facts_.moves_workspace = true; }
  // The caller presents the secret of the token acted on.
  void PresentsSecret() { facts_.presents_secret = true; }

  // Of what is not there a refusal says just that.
  policy::Decision Decide() const;
  // Decides for another action with the same facts.
  policy::Decision DecideAs(policy::Action action) const;

  // Decides as if what the action is about were the caller's own.
  policy::Decision DecideOwn() const;
  // The same for another action.
  policy::Decision DecideOwnAs(policy::Action action) const;

  const policy::Facts& facts() const { return facts_; }
  // Whether there is no such app or token as the action is about.
  bool missing() const { return missing_; }
  const storage::Found<storage::v1::WorkspaceRecord>& workspace() const { return workspace_; }
  const storage::Found<storage::v1::MemberRecord>& member() const { return member_; }
  const storage::Found<storage::v1::ServiceRecord>& service() const { return service_; }
  const storage::Found<storage::v1::AppRecord>& app() const { return app_; }
  const storage::Found<storage::v1::InstallationRecord>& installation() const {
    return installation_;
  }
  // The one acted on, or that of the workspace acted on.
  const storage::Found<storage::v1::OrganizationRecord>& organization() const {
    return organization_;
  }
  const storage::Found<storage::v1::ApprovalRequestRecord>& request() const { return request_; }
  const storage::Found<storage::v1::TokenRecord>& token() const { return token_; }
  // The grant that facts().approved stems from, where it is a member's own.
  const storage::Found<storage::v1::ApprovalRequestRecord>& grant() const { return grant_; }

 private:
  FactSheet(const storage::Reader& reader, const Caller& caller)
      : reader_(&reader), caller_(caller) {}

  absl::Status LoadCaller(absl::Time now);
  absl::Status LoadMemberCaller();
  absl::Status LoadServiceCaller(absl::string_view name);
  absl::Status LoadApp(absl::string_view app);
  // What the caller may not know of is as if it were not.
  void ForgetApp();
  // Loads an app as `workspace` may know of it.
  absl::Status LoadAppIn(absl::string_view workspace, absl::string_view app);
  // Loads an installation, to give it or a token of it the scopes `asked`; a token there is has
  // `had`.
  absl::Status LoadInstallation(absl::string_view workspace, absl::string_view app,
                                const Strings& asked, const Strings& had);
  absl::Status AboutTokenOf(const TokenOwner& owner, policy::TokenKind kind, absl::string_view app,
                            absl::string_view member, const Strings& scopes, const Strings& had);
  // Loads the organization of workspace_.
  absl::Status LoadOrganizationOfWorkspace();
  // Loads what organization_ decided about an app.
  absl::Status LoadVerdict(absl::string_view app);
  // Sets facts_.org_role by organization_.
  void SetOrgRole();
  // Sets facts_.approved and grant_ by the caller's unspent grant for `app` ("": a TEST token),
  // where it covers the scopes `asked`.
  absl::Status LoadGrant(absl::string_view workspace, absl::string_view app, const Strings& asked);
  bool IsCaller(absl::string_view principal) const { return caller_.principal == principal; }

  const storage::Reader* reader_;
  Caller caller_;
  policy::Facts facts_;
  bool missing_ = false;
  std::string caller_organization_;  // name; of the workspace of a member who calls
  storage::Found<storage::v1::WorkspaceRecord> workspace_;
  storage::Found<storage::v1::OrganizationRecord> organization_;
  storage::Found<storage::v1::InstallationRecord> verdict_;  // of organization_, about app_
  storage::Found<storage::v1::MemberRecord> member_;
  storage::Found<storage::v1::ServiceRecord> service_;
  storage::Found<storage::v1::AppRecord> app_;
  storage::Found<storage::v1::InstallationRecord> installation_;
  storage::Found<storage::v1::ApprovalRequestRecord> request_;
  storage::Found<storage::v1::TokenRecord> token_;
  storage::Found<storage::v1::ApprovalRequestRecord> grant_;
};

// Returns the scopes that an installation of `app` asks for, bot and user together, normalized.
google::protobuf::RepeatedPtrField<std::string> ScopesAsked(const v1::App& app);

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_FACT_SHEET_H_
