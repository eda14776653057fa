#include "tools/bench/folder.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace latchkey::benchmark {
namespace {

constexpr long kXfsMagic = 0x58465342;
constexpr std::uint64_t kBlock = 512;  // of st_blocks

void ForEachFile(const std::string& folder,
                 const std::function<void(const std::filesystem::path&)>& use) {
  std::error_code error;
  // Files come and go while the server compacts its store.
  for (std::filesystem::recursive_directory_iterator entry(folder, error), end;
       !error && entry != end; entry.increment(error)) {
    std::error_code gone;
    if (entry->is_regular_file(gone)) use(entry->path());
  }
}

FolderSize SizeOf(const std::string& folder) {
  FolderSize size;
  ForEachFile(folder, [&size](const std::filesystem::path& path) {
    struct stat file {};
    if (stat(path.c_str(), &file) != 0) return;
    size.bytes += static_cast<std::uint64_t>(file.st_size);
    size.allocated += static_cast<std::uint64_t>(file.st_blocks) * kBlock;
  });
  return size;
}

}  // namespace

absl::StatusOr<WorkFolder> WorkFolder::Make(std::string parent) {
  const char* temporary = std::getenv("TMPDIR");
  if (parent.empty()) parent = temporary == nullptr ? "/tmp" : temporary;
  std::string path = absl::StrCat(parent, "/latchkey-bench.XXXXXX");
  if (mkdtemp(path.data()) == nullptr) {
    const int error = errno;
    return absl::ErrnoToStatus(error, path);
  }
  return WorkFolder(std::move(path));
}

WorkFolder::WorkFolder(WorkFolder&& other) noexcept : path_(std::exchange(other.path_, "")) {}

WorkFolder::~WorkFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

FolderSize SettledSize(const std::string& folder, absl::Duration quiet, absl::Duration timeout) {
  const absl::Time end = absl::Now() + timeout;
  FolderSize size = SizeOf(folder);
  absl::Time changed = absl::Now();
  while (absl::Now() < end && absl::Now() - changed < quiet) {
    absl::SleepFor(absl::Milliseconds(100));
    const FolderSize now = SizeOf(folder);
    if (now.bytes != size.bytes || now.allocated != size.allocated) changed = absl::Now();
    size = now;
  }
  return size;
}

void DropFromPageCache(const std::string& folder) {
  ForEachFile(folder, [](const std::filesystem::path& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    fdatasync(fd);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    close(fd);
  });
}

std::string FileSystemOf(const std::string& folder) {
  struct statfs system {};
  if (statfs(folder.c_str(), &system) != 0) return "unknown";
  switch (static_cast<long>(system.f_type)) {
    case EXT4_SUPER_MAGIC:
      return "ext4";
    case kXfsMagic:
      return "xfs";
    case BTRFS_SUPER_MAGIC:
      return "btrfs";
    case OVERLAYFS_SUPER_MAGIC:
      return "overlayfs";
    case TMPFS_MAGIC:
      return "tmpfs, which makes nothing durable";
    default:
      return absl::StrCat("type 0x", absl::Hex(system.f_type));
  }
}

}  // namespace latchkey::benchmark
