#include "tools/latchkey/export/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "server/base/status_macros.h"

namespace latchkey::cli {
namespace {

constexpr mode_t kOwnersAlone = 0600;

std::string FolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

void Fd::Close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

absl::Status WriteAll(const Fd& fd, absl::string_view bytes, absl::string_view path) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd.get(), bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return FileError(path, "written");
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return absl::OkStatus();
}

absl::Status Sync(const Fd& fd, absl::string_view path) {
  return ::fsync(fd.get()) == 0 ? absl::OkStatus() : FileError(path, "made durable");
}

absl::Status SyncFolderOf(const std::string& path) {
  const std::string folder = FolderOf(path);
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open()) return FileError(folder, "opened");
  return Sync(fd, folder);
}

absl::Status ReplaceFile(const std::string& path, absl::string_view text) {
  const std::string fresh = absl::StrCat(path, ".new");
  {
    const Fd fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kOwnersAlone));
    if (!fd.is_open()) return FileError(fresh, "written");
    LATCHKEY_RETURN_IF_ERROR(WriteAll(fd, text, fresh));
    LATCHKEY_RETURN_IF_ERROR(Sync(fd, fresh));
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) return FileError(path, "replaced");
  return SyncFolderOf(path);
}

absl::StatusOr<Fd> OpenLocked(const std::string& path) {
  struct stat info {};
  const bool there = ::stat(path.c_str(), &info) == 0;
  if (there && !S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " is no regular file; what is none is written by --to -"));
  }
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, kOwnersAlone));
  if (!fd.is_open()) return FileError(path, "opened");
  LATCHKEY_RETURN_IF_ERROR(Lock(fd, path));
  if (!there) LATCHKEY_RETURN_IF_ERROR(SyncFolderOf(path));
  return fd;
}

absl::Status CutBack(const Fd& fd, const std::string& path, std::uint64_t bytes) {
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return FileError(path, "looked at");
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size < bytes) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " has ", size, " bytes where the state has ", bytes,
                     ": somebody cut or replaced it; begin anew with another state"));
  }
  const auto end = static_cast<off_t>(bytes);
  if (size > bytes && ::ftruncate(fd.get(), end) != 0) return FileError(path, "cut back");
  if (::lseek(fd.get(), end, SEEK_SET) != end) return FileError(path, "written");
  return absl::OkStatus();
}

absl::StatusOr<Fd> OpenCutBack(const std::string& path, std::uint64_t bytes) {
  LATCHKEY_ASSIGN_OR_RETURN(Fd fd, OpenLocked(path));
  LATCHKEY_RETURN_IF_ERROR(CutBack(fd, path, bytes));
  return fd;
}

absl::Status Lock(const Fd& fd, absl::string_view path) {
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return absl::OkStatus();
  if (errno != EWOULDBLOCK) return FileError(path, "locked");
  return absl::FailedPreconditionError(absl::StrCat(path, " is written by another export"));
}

}  // namespace latchkey::cli
