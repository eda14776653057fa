#include "storage/engine/engine.h"

#include "absl/strings/str_cat.h"

namespace latchkey::engine {

KeyRange PrefixRange(absl::string_view prefix) {
  KeyRange range{std::string(prefix), std::string(prefix)};
  // The first key after all with the prefix: its last byte that can be raised is, and what follows
  // goes. A prefix of 0xff alone has no end.
  while (!range.end.empty() && static_cast<unsigned char>(range.end.back()) == 0xff) {
    range.end.pop_back();
  }
  if (!range.end.empty()) {
    range.end.back() = static_cast<char>(static_cast<unsigned char>(range.end.back()) + 1);
  }
  return range;
}

namespace {

bool IsKey(absl::string_view key) {
  return !key.empty() && key.size() <= kMaxKeySize && key[0] != '\0';
}

}  // namespace

absl::Status CheckBatch(const WriteBatch& batch) {
  if (batch.empty()) return absl::InvalidArgumentError("the batch holds no change");
  bool keys = true;
  bool values = true;
  for (const WriteBatch::Change& change : batch.changes()) {
    keys = keys && IsKey(change.key);
    values = values && (!change.value.has_value() || change.value->size() <= kMaxValueSize);
  }
  for (const WriteBatch::Expectation& expected : batch.expectations()) {
    keys = keys && IsKey(expected.key);
  }
  if (!keys) {
    return absl::InvalidArgumentError("a key takes 1 to 1024 bytes of which the first is not zero");
  }
  if (!values) return absl::InvalidArgumentError("a value takes at most 16 MiB");
  return absl::OkStatus();
}

absl::Status CheckExpectedVersion(const WriteBatch& batch, Version newest) {
  if (batch.expected_version().value_or(newest) == newest) return absl::OkStatus();
  return absl::AbortedError(absl::StrCat("the last commit is ", newest, ", not the expected ",
                                         *batch.expected_version()));
}

}  // namespace latchkey::engine
