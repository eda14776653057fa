#include "server/authority/lists.h"

#include "server/authority/actions.h"

namespace latchkey {

absl::StatusOr<ListScope> ScopeOf(const FactSheet& sheet, absl::string_view parent) {
  const policy::Decision all = sheet.Decide();
  if (all.outcome == policy::Outcome::kAllow) return ListScope::kAll;
  if (sheet.DecideOwn().outcome == policy::Outcome::kAllow) return ListScope::kOwn;
  if (all.rule == "caller.cross_workspace") return ResourceNotFoundError(parent);
  return DeniedError(ToProto(sheet.facts().action), all);
}

engine::KeyRange RangeOf(absl::string_view prefix, const Page& page, ListOrder order) {
  engine::KeyRange range = engine::PrefixRange(prefix);
  if (page.after.empty()) return range;
  std::string last = absl::StrCat(prefix, page.after);
  if (order == ListOrder::kBackward) {
    range.end = std::move(last);
  } else {
    last.push_back('\0');
    range.begin = std::move(last);
  }
  return range;
}

absl::StatusOr<std::string> WalkPage(
    const storage::View& view, absl::string_view prefix, const Page& page, ListOrder order,
    absl::FunctionRef<absl::StatusOr<bool>(absl::string_view, absl::string_view)> visit) {
  std::size_t taken = 0;
  std::size_t looked_at = 0;
  std::string last;
  bool more = false;
  LATCHKEY_RETURN_IF_ERROR(view.ForEach(
      RangeOf(prefix, page, order),
      order == ListOrder::kForward ? engine::Direction::kForward : engine::Direction::kBackward,
      [&](absl::string_view key, absl::string_view stored) -> absl::StatusOr<storage::Walk> {
        // Full, and there is one more: only then is there a next page.
        if (taken == page.size || looked_at == kMaxLookedAt) {
          more = true;
          return storage::Walk::kStop;
        }
        ++looked_at;
        LATCHKEY_ASSIGN_OR_RETURN(const bool took, visit(key, stored));
        if (took) ++taken;
        last = std::string(key.substr(prefix.size()));
        return storage::Walk::kGoOn;
      }));
  return more ? PageTokenAfter(page, last) : std::string();
}

}  // namespace latchkey
