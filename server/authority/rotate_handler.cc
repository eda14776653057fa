#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/authority/common.h"
#include "server/authority/handlers.h"
#include "server/authority/names.h"
#include "server/authority/tokens.h"
#include "server/base/status_macros.h"
#include "server/form/secret_form.h"

namespace latchkey {
namespace {

using storage::v1::SecretRecord;
using storage::v1::TokenRecord;

// At most so many access tokens of a family are live: the newest, and the one before until it
// expires, so that those who share it have time to change.
constexpr int kLiveAccessTokens = 2;

// The same words whatever is wrong with the secret: whoever presents it need not be its owner.
absl::Status NotGoodError() {
  return MakeError(
      absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_TOKEN_NOT_ACTIVE,
      "refresh_secret is not good: unknown, spent, or its token ended; install the app "
      "again, or issue a new token, to get a new pair",
      {{"state", "not active"}});
}

absl::Status CheckForm(const v1::RotateTokenRequest& request) {
  Validator validator;
  validator.Check(request.refresh_secret().size() <= secret::kMaxPresentedBytes, "refresh_secret",
                  absl::StrCat("has ", request.refresh_secret().size(), " bytes; it takes at most ",
                               secret::kMaxPresentedBytes));
  validator.Check(!request.refresh_secret().empty(), "refresh_secret", "is empty");
  validator.Check(!request.request_id().empty(), "request_id",
                  "is empty; it takes a new random UUID, so that a lost answer can be asked for "
                  "again");
  validator.RequestId(request.request_id());
  return validator.status();
}

absl::StatusOr<absl::Duration> AccessLife(Mutation& m, absl::string_view workspace) {
  LATCHKEY_ASSIGN_OR_RETURN(const auto record, m.txn().Get(storage::WorkspaceKey(workspace)));
  return record.has_value() ? AccessTokenLife(record->workspace().settings()) : AccessTokenLife({});
}

// Ends the access tokens but the latest, to make room for another.
absl::Status EndOldAccess(Mutation& m, const TokenRecord& refresh) {
  for (int i = 0; i + kLiveAccessTokens <= refresh.access_tokens_size(); ++i) {
    LATCHKEY_ASSIGN_OR_RETURN(const auto old, m.txn().GetToken(refresh.access_tokens(i)));
    if (!old.has_value()) continue;
    LATCHKEY_ASSIGN_OR_RETURN(const v1::Token published, Published(m.txn(), *old, m.now()));
    if (published.state() != v1::TOKEN_STATE_ACTIVE) continue;
    LATCHKEY_RETURN_IF_ERROR(
        WriteRevocation(m, *old, v1::ACTION_TOKEN_ROTATE, "Two later ones were made.").status());
  }
  return absl::OkStatus();
}

// Returns the record of the next access token of a family.
TokenRecord NextAccess(Mutation& m, const TokenRecord& refresh, absl::Time expire_time) {
  TokenRecord record = refresh;
  record.clear_access_tokens();
  record.clear_access_kind();
  record.clear_secret_hash();
  record.clear_secret_version();
  record.clear_deadline_time();
  record.clear_warned_end_time();
  record.clear_warned_before_micros();
  v1::Token& token = *record.mutable_token();
  token.set_name(TokenName({std::string(WorkspaceIdOf(token.name())), ""}, m.NewId()));
  token.set_kind(refresh.access_kind());
  token.set_refresh_token(refresh.token().name());
  // Never beyond the end that was asked for when the pair was issued.
  const absl::Time end = token.has_expire_time() ? FromProto(token.expire_time()) : expire_time;
  *token.mutable_expire_time() = ToProto(std::min(end, expire_time));
  token.clear_rotation_count();
  token.clear_regenerate_time();
  return record;
}

absl::StatusOr<v1::RotateTokenResponse> Rotate(Mutation& m, const TokenRecord& before) {
  const std::string& name = before.token().name();
  LATCHKEY_ASSIGN_OR_RETURN(const absl::Duration life, AccessLife(m, WorkspaceIdOf(name)));
  LATCHKEY_RETURN_IF_ERROR(EndOldAccess(m, before));
  TokenRecord access = NextAccess(m, before, m.now() + life);

  SecretRecord spent;
  spent.set_token(name);
  spent.set_superseded(true);
  spent.set_superseded_hash(before.secret_hash());
  spent.set_spent_revision(m.txn().next_sequence());
  *spent.mutable_spent_time() = ToProto(m.now());
  m.txn().Put(storage::SecretKey(before.secret_hash()), spent);
  ForgetSecrets(m, before);

  TokenRecord after = before;
  v1::Token& refresh = *after.mutable_token();
  refresh.set_rotation_count(refresh.rotation_count() + 1);
  *refresh.mutable_regenerate_time() = ToProto(m.now());
  while (after.access_tokens_size() >= kLiveAccessTokens) {
    after.mutable_access_tokens()->DeleteSubrange(0, 1);
  }
  after.add_access_tokens(access.token().name());
  v1::RotateTokenResponse response;
  response.mutable_refresh_token()->set_secret(BindNewSecret(m, after));
  m.Write<TokenRecord>(*storage::TokenKeyOfName(name), &before, after);
  *response.mutable_refresh_token()->mutable_token() = after.token();
  LATCHKEY_ASSIGN_OR_RETURN(*response.mutable_access_token(), WriteNewToken(m, std::move(access)));
  response.set_revision(m.txn().next_sequence() - 1);
  return response;
}

// A spent secret is here again: tells of it and, unless the app says otherwise, ends the family.
absl::Status AnswerReuse(Mutation& m, const TokenRecord& refresh, const SecretRecord& secret) {
  v1::Reuse reuse;
  reuse.set_spent_revision(secret.spent_revision());
  *reuse.mutable_spent_time() = secret.spent_time();
  m.set_reuse(std::move(reuse));
  LATCHKEY_ASSIGN_OR_RETURN(const auto app,
                            m.txn().Get(storage::AppKey(LastId(refresh.token().app()))));
  if (app.has_value() && app->app().reuse_policy() == v1::REUSE_POLICY_ALERT_ONLY) {
    m.set_refused();  // which records it, but not a flood of it
    return NotGoodError();
  }
  m.WriteDecision();
  LATCHKEY_RETURN_IF_ERROR(m.AuthorizeItself(policy::Action::kTokenRevoke, m.target()));
  LATCHKEY_RETURN_IF_ERROR(
      WriteRevocation(m, refresh, v1::ACTION_TOKEN_REUSE,
                      "A refresh secret was presented again after it was spent.")
          .status());
  m.set_keep_on_error();
  return NotGoodError();
}

}  // namespace

absl::Duration AccessTokenLife(const v1::WorkspaceSettings& settings) {
  if (!settings.has_access_token_life()) return absl::Hours(12);
  return FromProto(settings.access_token_life());
}

absl::StatusOr<IssuedPair> WriteNewTokens(Mutation& m, const FactSheet& sheet, TokenRecord record) {
  IssuedPair pair;
  if (sheet.app().has_value() && sheet.app()->app().token_rotation()) {
    v1::Token& token = *record.mutable_token();
    TokenRecord refresh = record;
    refresh.mutable_token()->set_name(
        TokenName({std::string(WorkspaceIdOf(token.name())), ""}, m.NewId()));
    refresh.mutable_token()->set_kind(v1::TOKEN_KIND_REFRESH);
    refresh.add_access_tokens(token.name());
    refresh.set_access_kind(token.kind());
    token.set_refresh_token(refresh.token().name());
    const absl::Time end = m.now() + AccessTokenLife(sheet.workspace()->workspace().settings());
    if (!token.has_expire_time() || FromProto(token.expire_time()) > end) {
      *token.mutable_expire_time() = ToProto(end);
    }
    LATCHKEY_ASSIGN_OR_RETURN(pair.refresh, WriteNewToken(m, std::move(refresh)));
  }
  LATCHKEY_ASSIGN_OR_RETURN(pair.token, WriteNewToken(m, std::move(record)));
  return pair;
}

absl::StatusOr<v1::RotateTokenResponse> Handle(Mutation& m, const v1::RotateTokenRequest& request) {
  LATCHKEY_RETURN_IF_ERROR(CheckForm(request));
  LATCHKEY_ASSIGN_OR_RETURN(const PresentedToken presented,
                            LookUpSecret(m.txn(), m.tools(), request.refresh_secret()));
  const bool refreshes =
      presented.token.has_value() && presented.token->token().kind() == v1::TOKEN_KIND_REFRESH;
  if (!refreshes) return NotGoodError();
  const TokenRecord& refresh = *presented.token;
  LATCHKEY_ASSIGN_OR_RETURN(const v1::Token published, Published(m.txn(), refresh, m.now()));
  if (published.state() != v1::TOKEN_STATE_ACTIVE) return NotGoodError();
  const bool spent = presented.secret.superseded();
  const absl::Status allowed = m.AuthorizeBearer(
      policy::Action::kTokenRotate,
      {std::string(WorkspaceIdOf(published.name())), published.name(), published.app()}, spent);
  if (spent) return AnswerReuse(m, refresh, presented.secret);
  LATCHKEY_RETURN_IF_ERROR(allowed);
  return Rotate(m, refresh);
}

}  // namespace latchkey
