#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "server/authority/common.h"
#include "server/authority/names.h"
#include "server/authority/sweep.h"
#include "server/authority/tokens.h"
#include "server/base/status_macros.h"
#include "server/secret/new_secret.h"

namespace latchkey {
namespace {

using storage::v1::SecretRecord;
using storage::v1::TokenRecord;

void EndPreviousSecret(TokenRecord& record) {
  record.clear_previous_secret_hash();
  record.clear_previous_scopes();
  record.mutable_token()->clear_previous_secret_expire_time();
}

// Keeps the secret of `before` good in `after` until `end`, with no more rights than it had.
void KeepPreviousSecret(const TokenRecord& before, absl::Time end, TokenRecord& after) {
  const v1::Token& old = before.token();
  if (old.has_expire_time()) end = std::min(end, FromProto(old.expire_time()));
  after.set_previous_secret_hash(before.secret_hash());
  *after.mutable_token()->mutable_previous_secret_expire_time() = ToProto(end);
  for (const std::string& scope : old.scopes()) {
    Strings one;
    *one.Add() = scope;
    if (IsSubset(one, after.token().scopes())) after.add_previous_scopes(scope);
  }
}

storage::Key<TokenRecord> KeyOf(const TokenRecord& record) {
  // A token's record is written only under its own name, so the name is of the form.
  return *storage::TokenKeyOfName(record.token().name());
}

}  // namespace

std::string BindNewSecret(Mutation& m, TokenRecord& record) {
  const auto kind = static_cast<secret::TokenKindNumber>(record.token().kind());
  const secret::SecretString fresh =
      secret::GenerateSecret(m.tools().prefixes.PrefixOf(kind), m.tools().entropy);
  const secret::Digest hash = m.tools().keyring.HashUnderCurrent(fresh.Reveal());
  record.set_secret_hash(hash.data(), hash.size());
  record.set_key_id(m.tools().keyring.current_key_id());
  record.set_secret_version(record.secret_version() + 1);
  SecretRecord pointer;
  pointer.set_token(record.token().name());
  m.txn().Put(storage::SecretKey(record.secret_hash()), pointer);
  return std::string(fresh.Reveal());
}

void ForgetSecrets(Mutation& m, const TokenRecord& record) {
  m.effects().changed_secrets.push_back(record.secret_hash());
  if (record.previous_secret_hash().empty()) return;
  m.effects().changed_secrets.push_back(record.previous_secret_hash());
}

absl::StatusOr<v1::IssuedToken> WriteNewToken(Mutation& m, TokenRecord record) {
  v1::Token& token = *record.mutable_token();
  token.set_state(v1::TOKEN_STATE_ACTIVE);
  token.set_creator(m.Principal());
  *token.mutable_create_time() = ToProto(m.now());
  v1::IssuedToken issued;
  issued.set_secret(BindNewSecret(m, record));
  const std::string workspace(WorkspaceIdOf(token.name()));
  const absl::string_view id = LastId(token.name());
  if (!token.app().empty()) {
    m.txn().Put(storage::AppTokenKey(workspace, LastId(token.app()), id));
  }
  if (!token.member().empty()) {
    m.txn().Put(storage::MemberTokenKey(workspace, LastId(token.member()), id));
  }
  LATCHKEY_RETURN_IF_ERROR(ScheduleLive(m, record, /*is_new=*/true));
  m.Write<TokenRecord>(KeyOf(record), nullptr, record, v1::ACTION_TOKEN_ISSUE);
  *issued.mutable_token() = std::move(*record.mutable_token());
  return issued;
}

absl::StatusOr<v1::IssuedToken> WriteNewSecret(Mutation& m, const TokenRecord& before,
                                               TokenRecord after, absl::Duration grace) {
  SecretRecord old;
  old.set_token(before.token().name());
  old.set_superseded(true);
  old.set_superseded_hash(before.secret_hash());
  m.txn().Put(storage::SecretKey(before.secret_hash()), old);
  ForgetSecrets(m, before);

  *after.mutable_token()->mutable_regenerate_time() = ToProto(m.now());
  EndPreviousSecret(after);
  if (grace > absl::ZeroDuration()) KeepPreviousSecret(before, m.now() + grace, after);
  v1::IssuedToken issued;
  issued.set_secret(BindNewSecret(m, after));
  LATCHKEY_RETURN_IF_ERROR(ScheduleLive(m, after));
  m.Write<TokenRecord>(KeyOf(before), &before, after);
  *issued.mutable_token() = after.token();
  return issued;
}

absl::StatusOr<v1::Token> WriteRevocation(Mutation& m, const TokenRecord& before, v1::Action action,
                                          absl::string_view reason) {
  for (const std::string& name : before.access_tokens()) {
    LATCHKEY_ASSIGN_OR_RETURN(const auto access, m.txn().GetToken(name));
    if (!access.has_value()) continue;
    LATCHKEY_ASSIGN_OR_RETURN(const v1::Token published, Published(m.txn(), *access, m.now()));
    if (published.state() != v1::TOKEN_STATE_ACTIVE) continue;
    LATCHKEY_RETURN_IF_ERROR(WriteRevocation(m, *access, action, reason).status());
  }
  TokenRecord after = before;
  after.mutable_token()->set_state(v1::TOKEN_STATE_REVOKED);
  *after.mutable_token()->mutable_revocation() = m.MakeRevocation(action, reason);
  EndPreviousSecret(after);
  ForgetSecrets(m, before);
  LATCHKEY_RETURN_IF_ERROR(SchedulePurge(m, m.now(), after));
  m.Write<TokenRecord>(KeyOf(before), &before, after, v1::ACTION_TOKEN_REVOKE);
  return after.token();
}

absl::Status WriteFirstUse(Mutation& m, absl::string_view name, std::uint64_t version) {
  LATCHKEY_ASSIGN_OR_RETURN(const auto before, m.txn().GetToken(name));
  const bool awaited = before.has_value() && before->secret_version() == version &&
                       !before->previous_secret_hash().empty();
  if (!awaited) return absl::OkStatus();
  LATCHKEY_RETURN_IF_ERROR(m.AuthorizeItself(
      policy::Action::kTokenRegenerate,
      {std::string(WorkspaceIdOf(name)), std::string(name), before->token().app()}));
  TokenRecord after = *before;
  EndPreviousSecret(after);
  ForgetSecrets(m, *before);
  m.Write<TokenRecord>(KeyOf(after), before.get(), after, v1::ACTION_TOKEN_FIRST_USE);
  return absl::OkStatus();
}

absl::StatusOr<PresentedToken> LookUpSecret(const storage::Reader& reader,
                                            const MutationTools& tools,
                                            absl::string_view presented) {
  if (!secret::ParseSecret(tools.prefixes, presented).has_value()) return PresentedToken();
  for (const std::uint32_t key_id : tools.keyring.key_ids()) {
    const secret::Digest digest = tools.keyring.HashUnder(key_id, presented);
    std::string hash(reinterpret_cast<const char*>(digest.data()), digest.size());
    LATCHKEY_ASSIGN_OR_RETURN(const auto pointer, reader.Get(storage::SecretKey(hash)));
    if (!pointer.has_value()) continue;
    LATCHKEY_ASSIGN_OR_RETURN(auto token, reader.GetToken(pointer->token()));
    if (!token.has_value()) continue;
    // The key holds half of the hash only.
    const std::string& whole =
        pointer->superseded() ? pointer->superseded_hash() : token->secret_hash();
    if (whole == hash) return PresentedToken{std::move(token), *pointer, std::move(hash)};
  }
  return PresentedToken();
}

absl::StatusOr<storage::Found<TokenRecord>> FindTokenBySecret(const storage::Reader& reader,
                                                              const MutationTools& tools,
                                                              absl::string_view presented,
                                                              absl::Time now) {
  LATCHKEY_ASSIGN_OR_RETURN(PresentedToken found, LookUpSecret(reader, tools, presented));
  if (!found.token.has_value() || !found.secret.superseded()) return std::move(found.token);
  const bool in_grace = found.token->previous_secret_hash() == found.hash &&
                        FromProto(found.token->token().previous_secret_expire_time()) > now;
  return in_grace ? std::move(found.token) : storage::Found<TokenRecord>();
}

}  // namespace latchkey
