#include "server/authority/token_selection.h"

#include "absl/strings/str_cat.h"
#include "server/authority/actions.h"
#include "server/base/status_macros.h"
#include "storage/keys.h"
#include "storage/record_codec.h"

namespace latchkey {

using storage::v1::TokenRecord;

bool Selects(const TokenSelection& selection, const v1::Token& token) {
  return (selection.app.empty() || token.app() == selection.app) &&
         (selection.member.empty() || token.member() == selection.member) &&
         (selection.kind == v1::TOKEN_KIND_UNSPECIFIED || token.kind() == selection.kind) &&
         (selection.label.empty() || token.label() == selection.label) &&
         (selection.issued_before == absl::InfiniteFuture() ||
          FromProto(token.create_time()) < selection.issued_before);
}

std::string PrefixOf(const TokenSelection& selection) {
  const TokenOwner& owner = selection.owner;
  if (!owner.service.empty()) return storage::ServiceTokenPrefix(owner.service);
  if (!selection.member.empty()) {
    return storage::MemberTokenPrefix(owner.workspace, LastId(selection.member));
  }
  if (!selection.app.empty()) {
    return storage::AppTokenPrefix(owner.workspace, LastId(selection.app));
  }
  return storage::WorkspaceTokenPrefix(owner.workspace);
}

storage::Key<TokenRecord> TokenKeyOf(const TokenOwner& owner, absl::string_view id) {
  return owner.service.empty() ? storage::WorkspaceTokenKey(owner.workspace, id)
                               : storage::ServiceTokenKey(owner.service, id);
}

absl::Status WalkTokens(const storage::View& view, const TokenSelection& selection,
                        absl::string_view after,
                        absl::FunctionRef<absl::StatusOr<storage::Walk>(
                            absl::string_view, const absl::Status&, const TokenRecord&)>
                            visit) {
  const std::string prefix = PrefixOf(selection);
  engine::KeyRange range = engine::PrefixRange(prefix);
  if (!after.empty()) range.begin = absl::StrCat(prefix, after, absl::string_view("\0", 1));
  TokenRecord record;  // one for all, so that a million of them are no million allocations
  return view.ForEach(
      range, engine::Direction::kForward,
      [&](absl::string_view key, absl::string_view stored) -> absl::StatusOr<storage::Walk> {
        const absl::string_view id = key.substr(prefix.size());
        const std::string token = TokenKeyOf(selection.owner, id).bytes;
        // The table of tokens itself has the records; an index has their ids alone.
        if (token == key) return visit(id, storage::DecodeRecord(key, stored, record), record);
        LATCHKEY_ASSIGN_OR_RETURN(const auto bytes, view.GetStored(token));
        if (!bytes.has_value()) return storage::Walk::kGoOn;
        return visit(id, storage::DecodeRecord(token, *bytes, record), record);
      });
}

}  // namespace latchkey
