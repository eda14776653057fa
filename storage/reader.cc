#include "storage/reader.h"

#include <vector>

#include "absl/strings/str_split.h"
#include "storage/log_tree.h"

namespace latchkey::storage {

std::optional<Key<v1::TokenRecord>> TokenKeyOfName(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  if (parts.size() != 4 || parts[2] != "tokens") return std::nullopt;
  if (parts[0] == "workspaces") return WorkspaceTokenKey(parts[1], parts[3]);
  if (parts[0] == "services") return ServiceTokenKey(parts[1], parts[3]);
  return std::nullopt;
}

absl::StatusOr<Found<v1::TokenRecord>> Reader::GetToken(absl::string_view name) const {
  const std::optional<Key<v1::TokenRecord>> key = TokenKeyOfName(name);
  if (!key.has_value()) return Found<v1::TokenRecord>();
  return Get(*key);
}

absl::Status View::ForEach(
    const engine::KeyRange& range, engine::Direction direction,
    absl::FunctionRef<absl::StatusOr<Walk>(absl::string_view, absl::string_view)> visit) const {
  const std::unique_ptr<engine::Cursor> cursor = snapshot_->Scan(range, direction);
  for (; cursor->Valid(); cursor->Next()) {
    LATCHKEY_ASSIGN_OR_RETURN(const Walk walk, visit(cursor->key(), cursor->value()));
    if (walk == Walk::kStop) return absl::OkStatus();
  }
  return cursor->status();
}

absl::Status View::ForEachKey(
    absl::string_view prefix,
    absl::FunctionRef<absl::StatusOr<Walk>(absl::string_view)> visit) const {
  return ForEach(engine::PrefixRange(prefix), engine::Direction::kForward,
                 [&](absl::string_view key, absl::string_view) { return visit(key); });
}

absl::StatusOr<std::uint64_t> View::NewestSequence() const {
  LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t newest,
                            SequenceAtEnd(engine::Direction::kBackward));
  // Where none is retained, the tree still knows how many there were: no number is given twice.
  if (newest == 0) return TreeSize(*this);
  return newest;
}

absl::StatusOr<std::uint64_t> View::OldestSequence() const {
  return SequenceAtEnd(engine::Direction::kForward);
}

absl::StatusOr<std::uint64_t> View::SequenceAtEnd(engine::Direction direction) const {
  std::uint64_t sequence = 0;
  LATCHKEY_RETURN_IF_ERROR(ForEach(engine::PrefixRange(EventPrefix()), direction,
                                   [&](absl::string_view key, absl::string_view) {
                                     sequence = SequenceOfEventKey(key);
                                     return Walk::kStop;
                                   }));
  return sequence;
}

absl::StatusOr<std::optional<std::string>> View::GetStored(absl::string_view key) const {
  LATCHKEY_ASSIGN_OR_RETURN(std::optional<engine::Value> value, snapshot_->Get(key));
  if (!value.has_value()) return std::optional<std::string>();
  return std::optional<std::string>(std::move(value->bytes));
}

absl::StatusOr<std::vector<std::optional<std::string>>> View::GetAllStored(
    const std::vector<std::string>& keys) const {
  LATCHKEY_ASSIGN_OR_RETURN(auto values, snapshot_->MultiGet(keys));
  std::vector<std::optional<std::string>> stored(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].has_value()) stored[i] = std::move(values[i]->bytes);
  }
  return stored;
}

}  // namespace latchkey::storage
