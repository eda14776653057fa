#ifndef LATCHKEY_STORAGE_FOUND_H_
#define LATCHKEY_STORAGE_FOUND_H_

#include <memory>
#include <utility>

namespace latchkey::storage {

// A record as it was read, or nothing. The record is immutable and shared by everybody who read it,
// so that a copy of this costs no copy of the record. Thread-compatible.
template <typename Record>
class Found {
 public:
  Found() = default;
  // Null: nothing was found.
  explicit Found(std::shared_ptr<const Record> record) : record_(std::move(record)) {}

  bool has_value() const { return record_ != nullptr; }
  // The record. has_value() must be true.
  const Record& operator*() const { return *record_; }
  const Record* operator->() const { return record_.get(); }
  // The record, or null.
  const Record* get() const { return record_.get(); }

  void reset() { record_.reset(); }

 private:
  std::shared_ptr<const Record> record_;
};

}  // namespace latchkey::storage

#endif  // LATCHKEY_STORAGE_FOUND_H_
