#include <optional>
#include <string>
#include <utility>

#include "server/authority/common.h"
#include "server/authority/names.h"
#include "server/base/status_macros.h"
#include "server/secret/new_secret.h"

namespace latchkey {
namespace {

using storage::v1::SecretRecord;
using storage::v1::TokenRecord;

// Makes a secret, points its hash at `record`, and puts the hash into the record.
absl::StatusOr<std::string> BindNewSecret(Mutation& m, TokenRecord& record) {
  const auto kind = static_cast<secret::TokenKindNumber>(record.token().kind());
  const secret::SecretString fresh =
      secret::GenerateSecret(m.tools().prefixes.PrefixOf(kind), m.tools().entropy);
  const secret::Digest hash = m.tools().keyring.HashUnderCurrent(fresh.Reveal());
  record.set_secret_hash(hash.data(), hash.size());
  record.set_key_id(m.tools().keyring.current_key_id());
  SecretRecord pointer;
  pointer.set_token(record.token().name());
  m.txn().Put(storage::SecretKey(record.secret_hash()), pointer);
  return std::string(fresh.Reveal());
}

storage::Key<TokenRecord> KeyOf(const TokenRecord& record) {
  // A token's record is written only under its own name, so the name is of the form.
  return *storage::TokenKeyOfName(record.token().name());
}

}  // namespace

absl::StatusOr<v1::IssuedToken> WriteNewToken(Mutation& m, TokenRecord& record) {
  v1::Token& token = *record.mutable_token();
  token.set_state(v1::TOKEN_STATE_ACTIVE);
  token.set_creator(m.caller().principal);
  *token.mutable_create_time() = ToProto(m.now());
  v1::IssuedToken issued;
  LATCHKEY_ASSIGN_OR_RETURN(*issued.mutable_secret(), BindNewSecret(m, record));
  const std::string workspace(WorkspaceIdOf(token.name()));
  const absl::string_view id = LastId(token.name());
  if (!token.app().empty()) {
    m.txn().Put(storage::AppTokenKey(workspace, LastId(token.app()), id));
  }
  if (!token.member().empty()) {
    m.txn().Put(storage::MemberTokenKey(workspace, LastId(token.member()), id));
  }
  m.Write<TokenRecord>(KeyOf(record), nullptr, record, v1::ACTION_TOKEN_ISSUE);
  *issued.mutable_token() = record.token();
  return issued;
}

absl::StatusOr<v1::IssuedToken> WriteNewSecret(Mutation& m, const TokenRecord& before) {
  SecretRecord old;
  old.set_token(before.token().name());
  old.set_superseded(true);
  old.set_superseded_hash(before.secret_hash());
  m.txn().Put(storage::SecretKey(before.secret_hash()), old);
  m.effects().changed_secrets.push_back(before.secret_hash());

  TokenRecord after = before;
  *after.mutable_token()->mutable_regenerate_time() = ToProto(m.now());
  v1::IssuedToken issued;
  LATCHKEY_ASSIGN_OR_RETURN(*issued.mutable_secret(), BindNewSecret(m, after));
  m.Write<TokenRecord>(KeyOf(before), &before, after);
  *issued.mutable_token() = after.token();
  return issued;
}

absl::StatusOr<v1::Token> WriteRevocation(Mutation& m, const TokenRecord& before, v1::Action action,
                                          absl::string_view reason) {
  TokenRecord after = before;
  after.mutable_token()->set_state(v1::TOKEN_STATE_REVOKED);
  *after.mutable_token()->mutable_revocation() = m.MakeRevocation(action, reason);
  m.effects().changed_secrets.push_back(before.secret_hash());
  m.Write<TokenRecord>(KeyOf(before), &before, after, v1::ACTION_TOKEN_REVOKE);
  return after.token();
}

absl::StatusOr<storage::Found<TokenRecord>> FindTokenBySecret(const storage::Reader& reader,
                                                              const MutationTools& tools,
                                                              absl::string_view presented) {
  if (!secret::ParseSecret(tools.prefixes, presented).has_value()) {
    return storage::Found<TokenRecord>();
  }
  for (const std::uint32_t key_id : tools.keyring.key_ids()) {
    const secret::Digest digest = tools.keyring.HashUnder(key_id, presented);
    const std::string hash(reinterpret_cast<const char*>(digest.data()), digest.size());
    LATCHKEY_ASSIGN_OR_RETURN(const auto pointer, reader.Get(storage::SecretKey(hash)));
    if (!pointer.has_value() || pointer->superseded()) continue;
    LATCHKEY_ASSIGN_OR_RETURN(auto record, reader.GetToken(pointer->token()));
    if (record.has_value() && record->secret_hash() == hash) return record;
  }
  return storage::Found<TokenRecord>();
}

}  // namespace latchkey
