#include "server/authority/token_selection.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "server/authority/actions.h"
#include "server/base/status_macros.h"
#include "storage/keys.h"
#include "storage/record_codec.h"

namespace latchkey {
namespace {

using storage::v1::TokenRecord;

// Records that are read at once, which costs half as much as one by one.
constexpr std::size_t kReadAhead = 256;

absl::Status WalkTable(const storage::View& view, const engine::KeyRange& range,
                       std::size_t prefix_size, TokenVisitor visit) {
  TokenRecord record;  // one for all, so that a million of them are no million allocations
  return view.ForEach(range, engine::Direction::kForward,
                      [&](absl::string_view key, absl::string_view stored) {
                        const absl::Status read = storage::DecodeRecord(key, stored, record);
                        return visit(key.substr(prefix_size), read, record);
                      });
}

// Visits the tokens of these ids, those that are there.
absl::StatusOr<storage::Walk> VisitAll(const storage::View& view, const TokenOwner& owner,
                                       const std::vector<std::string>& ids, TokenVisitor visit) {
  std::vector<std::string> keys;
  keys.reserve(ids.size());
  for (const std::string& id : ids) keys.push_back(TokenKeyOf(owner, id).bytes);
  LATCHKEY_ASSIGN_OR_RETURN(const auto stored, view.GetAllStored(keys));
  TokenRecord record;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!stored[i].has_value()) continue;
    const absl::Status read = storage::DecodeRecord(keys[i], *stored[i], record);
    LATCHKEY_ASSIGN_OR_RETURN(const storage::Walk walk, visit(ids[i], read, record));
    if (walk == storage::Walk::kStop) return walk;
  }
  return storage::Walk::kGoOn;
}

absl::Status WalkIndex(const storage::View& view, const engine::KeyRange& range,
                       std::size_t prefix_size, const TokenOwner& owner, TokenVisitor visit) {
  std::vector<std::string> ids;
  storage::Walk walk = storage::Walk::kGoOn;
  const auto take = [&](absl::string_view key, absl::string_view) -> absl::StatusOr<storage::Walk> {
    ids.emplace_back(key.substr(prefix_size));
    if (ids.size() < kReadAhead) return storage::Walk::kGoOn;
    LATCHKEY_ASSIGN_OR_RETURN(walk, VisitAll(view, owner, ids, visit));
    ids.clear();
    return walk;
  };
  LATCHKEY_RETURN_IF_ERROR(view.ForEach(range, engine::Direction::kForward, take));
  return walk == storage::Walk::kStop ? absl::OkStatus()
                                      : VisitAll(view, owner, ids, visit).status();
}

}  // namespace

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

storage::Key<storage::v1::TokenRecord> TokenKeyOf(const TokenOwner& owner, absl::string_view id) {
  return owner.service.empty() ? storage::WorkspaceTokenKey(owner.workspace, id)
                               : storage::ServiceTokenKey(owner.service, id);
}

absl::Status WalkTokens(const storage::View& view, const TokenSelection& selection,
                        absl::string_view after, TokenVisitor visit) {
  const std::string prefix = PrefixOf(selection);
  engine::KeyRange range = engine::PrefixRange(prefix);
  if (!after.empty()) range.begin = absl::StrCat(prefix, after, absl::string_view("\0", 1));
  // The table of tokens itself has the records; an index has their ids alone.
  const bool is_table = TokenKeyOf(selection.owner, "").bytes == prefix;
  return is_table ? WalkTable(view, range, prefix.size(), visit)
                  : WalkIndex(view, range, prefix.size(), selection.owner, visit);
}

}  // namespace latchkey
