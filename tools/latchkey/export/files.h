#ifndef LATCHKEY_TOOLS_LATCHKEY_EXPORT_FILES_H_
#define LATCHKEY_TOOLS_LATCHKEY_EXPORT_FILES_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/local_file.h"

namespace latchkey::cli {

// Files that survive a crash. Errors are those of FileError(), and name the file and what the
// system said.

// An open file, closed at the end.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { Close(); }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    Close();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void Close();

 private:
  int fd_ = -1;
};

absl::Status WriteAll(const Fd& fd, absl::string_view bytes, absl::string_view path);
// Makes what was written, or the names in a folder, durable.
absl::Status Sync(const Fd& fd, absl::string_view path);
absl::Status SyncFolderOf(const std::string& path);

// Puts a file with `text` in the place of one at `path`, at once and durably. Its owner's alone.
absl::Status ReplaceFile(const std::string& path, absl::string_view text);

// Opens a regular file for writing, makes it where there is none, and locks it. Its owner's alone
// where it is new. INVALID_ARGUMENT: it is no regular file. FAILED_PRECONDITION: another export
// writes it.
absl::StatusOr<Fd> OpenLocked(const std::string& path);

// Makes ready to write after the first `bytes` of the file, and cuts off what is beyond.
// FAILED_PRECONDITION: it is shorter.
absl::Status CutBack(const Fd& fd, const std::string& path, std::uint64_t bytes);

// Does both.
absl::StatusOr<Fd> OpenCutBack(const std::string& path, std::uint64_t bytes);

// Takes a lock that ends with the process. FAILED_PRECONDITION: another one has it.
absl::Status Lock(const Fd& fd, absl::string_view path);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_EXPORT_FILES_H_
