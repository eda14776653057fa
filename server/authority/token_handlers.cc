#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/authority/common.h"
#include "server/authority/handlers.h"
#include "server/authority/names.h"
#include "server/authority/presented_secrets.h"
#include "server/authority/tokens.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

using storage::v1::SecretRecord;
using storage::v1::TokenRecord;

bool NeedsApp(v1::TokenKind kind) {
  return kind == v1::TOKEN_KIND_CUSTOM_BOT || kind == v1::TOKEN_KIND_LEGACY_BOT ||
         kind == v1::TOKEN_KIND_APP;
}

bool IsIssuable(v1::TokenKind kind) {
  return NeedsApp(kind) || kind == v1::TOKEN_KIND_TEST || kind == v1::TOKEN_KIND_SERVICE;
}

std::string ShownKind(v1::TokenKind kind) {
  if (kind == v1::TOKEN_KIND_UNSPECIFIED) return "not set";
  if (!v1::TokenKind_IsValid(kind)) return absl::StrCat(static_cast<int>(kind));
  return std::string(absl::StripPrefix(v1::TokenKind_Name(kind), "TOKEN_KIND_"));
}

absl::Status CheckIssue(const v1::IssueTokenRequest& request,
                        const std::optional<TokenOwner>& owner, absl::Time now) {
  const v1::TokenKind kind = request.kind();
  Validator validator;
  if (!IsIssuable(kind)) {
    validator.Add("kind", absl::StrCat("is ", ShownKind(kind),
                                       "; it takes TEST, CUSTOM_BOT, LEGACY_BOT, APP or SERVICE: "
                                       "installing an app makes BOT and USER tokens"));
  }
  const bool of_service = owner.has_value() && !owner->service.empty();
  validator.Name("parent", request.parent(),
                 owner.has_value() && of_service == (kind == v1::TOKEN_KIND_SERVICE),
                 "services/{id} for SERVICE and workspaces/{id} for the other kinds");
  validator.Name("app", request.app(),
                 NeedsApp(kind) ? ParseApp(request.app()).has_value() : request.app().empty(),
                 "apps/{id} for CUSTOM_BOT, LEGACY_BOT and APP, else nothing");
  validator.Name("member", request.member(),
                 request.member().empty() ||
                     (kind == v1::TOKEN_KIND_TEST && ParseMember(request.member()).has_value()),
                 "workspaces/{id}/members/{id} for TEST, else nothing");
  validator.Scopes("scopes", request.scopes());
  validator.Text("label", request.label());
  validator.Text("reason", request.reason());
  if (request.has_expire_time()) validator.ExpireTime("expire_time", request.expire_time(), now);
  validator.RequestId(request.request_id());
  return validator.status();
}

// Which tokens an app of a kind has, and where they come from.
absl::string_view TokenKindsOf(v1::AppKind kind) {
  switch (kind) {
    case v1::APP_KIND_CUSTOM_INTEGRATION:
      return "CUSTOM_BOT and APP";
    case v1::APP_KIND_LEGACY_BOT:
      return "LEGACY_BOT and APP";
    default:
      return "APP here; its BOT and USER tokens come from InstallApp";
  }
}

// The kind of app that a kind of token needs.
absl::Status CheckAppKind(const v1::App& app, v1::TokenKind kind) {
  const bool fits =
      kind == v1::TOKEN_KIND_APP ||
      (kind == v1::TOKEN_KIND_CUSTOM_BOT && app.kind() == v1::APP_KIND_CUSTOM_INTEGRATION) ||
      (kind == v1::TOKEN_KIND_LEGACY_BOT && app.kind() == v1::APP_KIND_LEGACY_BOT);
  if (fits) return absl::OkStatus();
  return StateConflictError(
      app.name(), v1::AppKind_Name(app.kind()),
      absl::StrCat(app.name(), " is ", v1::AppKind_Name(app.kind()), ", which has no ",
                   v1::TokenKind_Name(kind), "; it takes ", TokenKindsOf(app.kind())));
}

// Completes the token of an app, with the generations it hangs on.
absl::Status FillAppToken(const FactSheet& sheet, const std::string& workspace,
                          const v1::IssueTokenRequest& request, TokenRecord& record) {
  if (!sheet.app().has_value() || sheet.app()->app().has_delete_time() ||
      sheet.app()->app().home_workspace() != WorkspaceName(workspace)) {
    return ResourceNotFoundError(request.app());
  }
  const v1::App& app = sheet.app()->app();
  LATCHKEY_RETURN_IF_ERROR(CheckAppKind(app, request.kind()));
  LATCHKEY_RETURN_IF_ERROR(
      CheckScopesAreOf(app.name(), app.bot_scopes(), "scopes", request.scopes()));
  record.mutable_token()->set_app(app.name());
  *record.mutable_token()->mutable_scopes() =
      request.scopes().empty() ? app.bot_scopes() : request.scopes();
  record.set_app_generation(sheet.app()->generation());
  // Where there is no installation, restricting the app makes one and raises its generation.
  record.set_installation_generation(
      InstallationOrNew(sheet, workspace, LastId(app.name())).installation().generation());
  return absl::OkStatus();
}

// Completes a TEST token and ends the member's old one.
absl::Status FillTestToken(Mutation& m, const std::string& workspace,
                           const v1::IssueTokenRequest& request, TokenRecord& record) {
  const std::string name = request.member().empty() ? m.caller().principal : request.member();
  const std::string member(LastId(name));
  LATCHKEY_ASSIGN_OR_RETURN(const auto owner, m.txn().Get(storage::MemberKey(workspace, member)));
  if (!owner.has_value()) return ResourceNotFoundError(name);
  record.mutable_token()->set_member(name);
  *record.mutable_token()->mutable_scopes() = request.scopes();
  record.set_member_generation(owner->generation());
  const auto key = storage::TestTokenKey(workspace, member);
  LATCHKEY_ASSIGN_OR_RETURN(const auto old, m.txn().Get(key));
  if (old.has_value()) {
    LATCHKEY_ASSIGN_OR_RETURN(const auto before, m.txn().GetToken(old->name()));
    if (before.has_value()) {
      LATCHKEY_ASSIGN_OR_RETURN(const v1::Token published, Published(m.txn(), *before, m.now()));
      if (published.state() == v1::TOKEN_STATE_ACTIVE) {
        LATCHKEY_RETURN_IF_ERROR(
            WriteRevocation(m, *before, v1::ACTION_TOKEN_ISSUE, "Reissued by its member.")
                .status());
      }
    }
  }
  storage::v1::NameRecord pointer;
  pointer.set_name(record.token().name());
  m.txn().Put(key, pointer);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::IssueTokenResponse> Handle(Mutation& m, const v1::IssueTokenRequest& request) {
  const auto owner = ParseTokenOwner(request.parent());
  const TokenOwner where = owner.value_or(TokenOwner{});
  const std::string app = ParseApp(request.app()).value_or("");
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, m.Gather(policy::Action::kTokenIssue));
  LATCHKEY_RETURN_IF_ERROR(sheet.AboutNewToken(where, ToPolicy(request.kind()), app,
                                               request.member(), request.scopes()));
  const absl::Status form = CheckIssue(request, owner, m.now());
  const bool says_whom = request.kind() != v1::TOKEN_KIND_TEST || request.member().empty() ||
                         ParseMember(request.member()).has_value();
  const bool says_what = owner.has_value() && request.kind() != v1::TOKEN_KIND_UNSPECIFIED &&
                         v1::TokenKind_IsValid(request.kind()) &&
                         (!app.empty() || !NeedsApp(request.kind())) && says_whom;
  const absl::Status allowed =
      m.Authorize(sheet, {where.workspace, request.parent(), app.empty() ? "" : AppName(app), "",
                          says_what ? absl::OkStatus() : form});
  if (!allowed.ok() && !m.needs_approval()) return allowed;
  LATCHKEY_RETURN_IF_ERROR(form);
  const bool of_service = !where.service.empty();
  const bool parent_exists =
      of_service ? sheet.service().has_value() : sheet.workspace().has_value();
  if (!parent_exists) return ResourceNotFoundError(request.parent());
  if (m.needs_approval()) {
    return LeaveRequest(m, sheet, request.kind(), request.scopes(), request.reason());
  }
  TokenRecord record;
  v1::Token& token = *record.mutable_token();
  token.set_name(TokenName(where, m.NewId()));
  token.set_kind(request.kind());
  token.set_label(request.label());
  if (request.has_expire_time()) *token.mutable_expire_time() = request.expire_time();
  if (of_service) {
    token.set_service(request.parent());
    *token.mutable_scopes() = request.scopes();
    record.set_service_generation(sheet.service()->generation());
  } else {
    record.set_workspace_generation(sheet.workspace()->generation());
    LATCHKEY_RETURN_IF_ERROR(request.kind() == v1::TOKEN_KIND_TEST
                                 ? FillTestToken(m, where.workspace, request, record)
                                 : FillAppToken(sheet, where.workspace, request, record));
  }
  Normalize(*token.mutable_scopes());
  v1::IssueTokenResponse response;
  LATCHKEY_ASSIGN_OR_RETURN(IssuedPair pair, WriteNewTokens(m, sheet, std::move(record)));
  *response.mutable_issued_token() = std::move(pair.token);
  if (pair.refresh.has_value()) *response.mutable_refresh_token() = *std::move(pair.refresh);
  if (request.kind() == v1::TOKEN_KIND_TEST) LATCHKEY_RETURN_IF_ERROR(SpendGrant(m, sheet));
  response.set_revision(m.txn().next_sequence() - 1);
  return response;
}

absl::StatusOr<v1::RevokeTokenResponse> Handle(Mutation& m, const v1::RevokeTokenRequest& request) {
  if (PresentsSecret(request)) return RevokePresented(m, request);
  const auto id = ParseToken(request.name());
  const TokenId where = id.value_or(TokenId{});
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, m.Gather(policy::Action::kTokenRevoke));
  LATCHKEY_RETURN_IF_ERROR(sheet.AboutToken(where));
  const std::string app = sheet.token().has_value() ? sheet.token()->token().app() : "";
  const absl::Status named =
      id.has_value() ? absl::OkStatus() : InvalidNameError("name", request.name(), kTokenForm);
  LATCHKEY_RETURN_IF_ERROR(
      m.Authorize(sheet, {where.owner.workspace, request.name(), app, "", named}));
  Validator validator;
  validator.Name("name", request.name(), id.has_value(), kTokenForm);
  validator.Text("reason", request.reason());
  validator.RequestId(request.request_id());
  LATCHKEY_RETURN_IF_ERROR(validator.status());
  if (!sheet.token().has_value()) return ResourceNotFoundError(request.name());
  LATCHKEY_ASSIGN_OR_RETURN(const v1::Token published, Published(m.txn(), *sheet.token(), m.now()));
  if (published.state() != v1::TOKEN_STATE_ACTIVE) {
    return TokenNotActiveError(request.name(), StateName(published.state()));
  }
  v1::RevokeTokenResponse response;
  LATCHKEY_ASSIGN_OR_RETURN(
      *response.mutable_token(),
      WriteRevocation(m, *sheet.token(), v1::ACTION_TOKEN_REVOKE, request.reason()));
  response.set_revision(response.token().revision());
  return response;
}

}  // namespace latchkey
