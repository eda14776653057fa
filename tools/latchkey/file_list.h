#ifndef LATCHKEY_TOOLS_LATCHKEY_FILE_LIST_H_
#define LATCHKEY_TOOLS_LATCHKEY_FILE_LIST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace latchkey::cli {

// A file to read, and how many bytes it had when it was listed; 0 where that is not known.
struct ListedFile {
  std::string path;
  std::uint64_t bytes = 0;
};

// Hears of what could not be read, and why.
using OnUnreadable = absl::FunctionRef<void(const std::string& path, const absl::Status& why)>;

// Returns `paths` and the regular files in those of them that are folders, and in their folders, by
// name. Symbolic links are followed where they are among `paths`, and are passed over in folders,
// as is what is no file there. Whether files can be read is not looked at.
std::vector<ListedFile> ListFiles(const std::vector<std::string>& paths,
                                  OnUnreadable on_unreadable);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_FILE_LIST_H_
