#ifndef LATCHKEY_CLIENT_LOCAL_FILE_H_
#define LATCHKEY_CLIENT_LOCAL_FILE_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace latchkey {

// Files that the user names. Errors are INVALID_ARGUMENT where another path or other rights help:
// there is no such file, it is a folder, or it may not be read or written; else UNKNOWN.

// Returns an error that says what cannot be done to `path`, such as "written", and why, from errno.
absl::Status FileError(absl::string_view path, absl::string_view verb);

// Hands on the bytes of a file, piece by piece, and wipes the memory they passed through. The
// error says why it cannot be read, or not to its end, and does not name the file.
absl::Status ReadFileInto(const std::string& path, absl::FunctionRef<void(absl::string_view)> take);

// Returns what is in a file. The error names the file and says why it cannot be read.
absl::StatusOr<std::string> ReadFile(const std::string& path);

}  // namespace latchkey

#endif  // LATCHKEY_CLIENT_LOCAL_FILE_H_
