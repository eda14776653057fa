#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/authority/common.h"
#include "server/authority/handlers.h"
#include "server/authority/names.h"
#include "server/authority/tokens.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

using storage::v1::TokenRecord;

constexpr absl::Duration kMaxGrace = absl::Hours(24);

bool Changes(const v1::RegenerateTokenRequest& request, absl::string_view path) {
  const auto& paths = request.update_mask().paths();
  return std::find(paths.begin(), paths.end(), path) != paths.end();
}

absl::Status CheckForm(const v1::RegenerateTokenRequest& request, bool named, absl::Time now) {
  Validator validator;
  validator.Name("name", request.name(), named, kTokenForm);
  validator.Span("grace", request.grace(), absl::ZeroDuration(), kMaxGrace);
  if (!request.update_mask().paths().empty()) {
    CheckMask(request.update_mask(), {"scopes", "label", "expire_time"}, validator);
  }
  if (Changes(request, "scopes")) validator.Scopes("token.scopes", request.token().scopes());
  if (Changes(request, "label")) validator.Text("token.label", request.token().label());
  if (Changes(request, "expire_time") && request.token().has_expire_time()) {
    validator.ExpireTime("token.expire_time", request.token().expire_time(), now);
  }
  validator.Text("reason", request.reason());
  validator.RequestId(request.request_id());
  return validator.status();
}

// An app's token has no scopes but those that its app asks for.
absl::Status CheckScopes(const FactSheet& sheet, const v1::Token& token) {
  if (!sheet.app().has_value()) return absl::OkStatus();
  const v1::App& app = sheet.app()->app();
  const bool speaks_for_member = token.kind() == v1::TOKEN_KIND_USER;
  return CheckScopesAreOf(app.name(), speaks_for_member ? app.user_scopes() : app.bot_scopes(),
                          "token.scopes", token.scopes());
}

// Returns the token with the changes that the request asks for.
TokenRecord Changed(const v1::RegenerateTokenRequest& request, const TokenRecord& before) {
  TokenRecord after = before;
  v1::Token& token = *after.mutable_token();
  if (Changes(request, "scopes")) {
    *token.mutable_scopes() = request.token().scopes();
    Normalize(*token.mutable_scopes());
  }
  if (Changes(request, "label")) token.set_label(request.token().label());
  if (Changes(request, "expire_time")) {
    token.clear_expire_time();
    if (request.token().has_expire_time()) {
      *token.mutable_expire_time() = request.token().expire_time();
    }
  }
  return after;
}

}  // namespace

absl::StatusOr<v1::RegenerateTokenResponse> Handle(Mutation& m,
                                                   const v1::RegenerateTokenRequest& request) {
  const auto id = ParseToken(request.name());
  const TokenId where = id.value_or(TokenId{});
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, m.Gather(policy::Action::kTokenRegenerate));
  LATCHKEY_RETURN_IF_ERROR(
      sheet.AboutToken(where, Changes(request, "scopes") ? &request.token().scopes() : nullptr));
  const std::string app = sheet.token().has_value() ? sheet.token()->token().app() : "";
  const absl::Status named =
      id.has_value() ? absl::OkStatus() : InvalidNameError("name", request.name(), kTokenForm);
  const absl::Status allowed =
      m.Authorize(sheet, {where.owner.workspace, request.name(), app, "", named});
  if (!allowed.ok() && !m.needs_approval()) return allowed;
  LATCHKEY_RETURN_IF_ERROR(CheckForm(request, id.has_value(), m.now()));
  if (!sheet.token().has_value()) return ResourceNotFoundError(request.name());
  LATCHKEY_ASSIGN_OR_RETURN(const v1::Token published, Published(m.txn(), *sheet.token(), m.now()));
  if (published.state() != v1::TOKEN_STATE_ACTIVE) {
    return TokenNotActiveError(request.name(), StateName(published.state()));
  }
  if (published.kind() == v1::TOKEN_KIND_REFRESH || !published.refresh_token().empty()) {
    return StateConflictError(request.name(), "rotates",
                              absl::StrCat(request.name(),
                                           " is one of a pair that rotates; use "
                                           "RotateToken with its refresh secret"));
  }
  const TokenRecord after = Changed(request, *sheet.token());
  if (Changes(request, "scopes")) LATCHKEY_RETURN_IF_ERROR(CheckScopes(sheet, after.token()));
  if (m.needs_approval()) {
    return LeaveRequest(m, sheet, published.kind(), after.token().scopes(), request.reason());
  }
  v1::RegenerateTokenResponse response;
  const absl::Duration grace = FromProto(request.grace());
  if (sheet.workspace().has_value()) {
    LATCHKEY_RETURN_IF_ERROR(CheckGraceFits(sheet.workspace()->workspace(), grace));
  }
  LATCHKEY_ASSIGN_OR_RETURN(*response.mutable_issued_token(),
                            WriteNewSecret(m, *sheet.token(), after, grace));
  if (published.kind() == v1::TOKEN_KIND_TEST) LATCHKEY_RETURN_IF_ERROR(SpendGrant(m, sheet));
  response.set_revision(m.txn().next_sequence() - 1);
  return response;
}

}  // namespace latchkey
