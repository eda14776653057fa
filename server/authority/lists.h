#ifndef LATCHKEY_SERVER_AUTHORITY_LISTS_H_
#define LATCHKEY_SERVER_AUTHORITY_LISTS_H_

#include <cstddef>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/authority/errors.h"
#include "server/authority/fact_sheet.h"
#include "server/authority/paging.h"
#include "server/base/status_macros.h"
#include "storage/reader.h"

namespace latchkey {

// How the list methods walk. A page ends when it is full, or when enough was looked at, so that a
// filter that matches little costs no more than one that matches all.
inline constexpr std::size_t kMaxLookedAt = 20000;

enum class ListOrder { kForward, kBackward };

// Whose resources a list shows: all, or the caller's own.
enum class ListScope { kAll, kOwn };

// Decides a list by `sheet`: all where the caller may read all, else its own where it may read
// those. PERMISSION_DENIED, UNAUTHENTICATED, NOT_FOUND: neither.
absl::StatusOr<ListScope> ScopeOf(const FactSheet& sheet, absl::string_view parent);

// The part of a prefix's range that a page covers.
engine::KeyRange RangeOf(absl::string_view prefix, const Page& page, ListOrder order);

// Walks over one page of the keys under `prefix`. `visit` says whether it took the entry. Returns
// the token of the next page, "" on the last one.
absl::StatusOr<std::string> WalkPage(
    const storage::View& view, absl::string_view prefix, const Page& page, ListOrder order,
    absl::FunctionRef<absl::StatusOr<bool>(absl::string_view key, absl::string_view stored)> visit);

// WalkPage() over records.
template <typename Record>
absl::StatusOr<std::string> ListRecords(
    const storage::View& view, absl::string_view prefix, const Page& page, ListOrder order,
    absl::FunctionRef<absl::StatusOr<bool>(absl::string_view id, const Record&)> visit) {
  return WalkPage(view, prefix, page, order,
                  [&](absl::string_view key, absl::string_view stored) -> absl::StatusOr<bool> {
                    Record record;
                    LATCHKEY_RETURN_IF_ERROR(storage::DecodeRecord(key, stored, record));
                    return visit(key.substr(prefix.size()), record);
                  });
}

// WalkPage() over an index whose keys end with the id of a record.
template <typename Record>
absl::StatusOr<std::string> ListIndexed(
    const storage::View& view, absl::string_view prefix, const Page& page,
    absl::FunctionRef<storage::Key<Record>(absl::string_view id)> key_of,
    absl::FunctionRef<absl::StatusOr<bool>(const Record&)> visit) {
  return WalkPage(view, prefix, page, ListOrder::kForward,
                  [&](absl::string_view key, absl::string_view) -> absl::StatusOr<bool> {
                    LATCHKEY_ASSIGN_OR_RETURN(const auto record,
                                              view.Get(key_of(key.substr(prefix.size()))));
                    if (!record.has_value()) return false;
                    return visit(*record);
                  });
}

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_LISTS_H_
