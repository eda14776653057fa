#ifndef LATCHKEY_TOOLS_BENCH_FOLDER_H_
#define LATCHKEY_TOOLS_BENCH_FOLDER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace latchkey::benchmark {

// A new folder that is removed, with all that is in it, at the end.
class WorkFolder {
 public:
  // Makes it in `parent`; empty: in TMPDIR or /tmp.
  // FAILED_PRECONDITION, PERMISSION_DENIED and the like: it cannot be made there.
  static absl::StatusOr<WorkFolder> Make(std::string parent);
  WorkFolder(WorkFolder&& other) noexcept;
  ~WorkFolder();

  const std::string& path() const { return path_; }

 private:
  explicit WorkFolder(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

// What the files below a folder take.
struct FolderSize {
  std::uint64_t bytes = 0;      // the sum of the files' lengths
  std::uint64_t allocated = 0;  // on the disk, which may be more than that (preallocation) or less
};

// Returns the size once it stands still for `quiet`, or as it is after `timeout`.
FolderSize SettledSize(const std::string& folder, absl::Duration quiet, absl::Duration timeout);

// Asks the kernel to forget what it holds in memory of the files below a folder. Best effort: what
// is being written stays.
void DropFromPageCache(const std::string& folder);

// The name of the file system of a folder, such as "ext4" or "tmpfs"; its number where unknown.
std::string FileSystemOf(const std::string& folder);

}  // namespace latchkey::benchmark

#endif  // LATCHKEY_TOOLS_BENCH_FOLDER_H_
