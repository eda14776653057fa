#ifndef LATCHKEY_STORAGE_REMEMBERING_READER_H_
#define LATCHKEY_STORAGE_REMEMBERING_READER_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/reader.h"

namespace latchkey::storage {

// A view that remembers the records it was asked for, for a walk that needs the same few again and
// again. Used by one thread; must not outlive the view.
class RememberingReader final : public Reader {
 public:
  // Remembers at most `max_records`; beyond, it begins anew.
  RememberingReader(const View& view, std::size_t max_records)
      : view_(view), records_(max_records) {}

  absl::StatusOr<std::optional<std::string>> GetStored(absl::string_view key) const override {
    return view_.GetStored(key);
  }
  absl::Status ForEachKey(
      absl::string_view prefix,
      absl::FunctionRef<absl::StatusOr<Walk>(absl::string_view key)> visit) const override {
    return view_.ForEachKey(prefix, visit);
  }

 private:
  const RecordCache::Record* Remembered(absl::string_view key) const override {
    return records_.Find(key);
  }
  void Remember(absl::string_view key, const RecordCache::Record& record) const override {
    records_.Insert(key, record);
  }

  const View& view_;
  mutable RecordCache records_;
};

}  // namespace latchkey::storage

#endif  // LATCHKEY_STORAGE_REMEMBERING_READER_H_
