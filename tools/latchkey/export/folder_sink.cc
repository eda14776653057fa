#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/base/status_macros.h"
#include "tools/latchkey/export/files.h"
#include "tools/latchkey/export/sink.h"

namespace latchkey::cli {
namespace {

constexpr mode_t kOwnersFolder = 0700;

// So that names sort by their events, up to a million million of them.
std::string Number(std::uint64_t sequence) { return absl::StrFormat("%012d", sequence); }

// Renames a file to a name that is free.
absl::Status RenameToFree(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) {
    return absl::OkStatus();
  }
  if (errno == EINVAL || errno == ENOSYS) {
    // A file system that cannot; only one export writes into the folder.
    if (::access(to.c_str(), F_OK) != 0 && ::rename(from.c_str(), to.c_str()) == 0) {
      return absl::OkStatus();
    }
  }
  if (errno == EEXIST) {
    return absl::FailedPreconditionError(
        absl::StrCat(to, " is there already; give each export a folder of its own"));
  }
  return FileError(from, "renamed");
}

class FolderSink final : public Sink {
 public:
  FolderSink(StateFile& file, const Rotation& rotation, const Clock& clock)
      : file_(file),
        state_(file.state()),
        folder_(state_.output),
        rotation_(rotation),
        clock_(clock) {}

  absl::Status Open() override {
    if (::mkdir(folder_.c_str(), kOwnersFolder) != 0 && errno != EEXIST) {
      return FileError(folder_, "made");
    }
    folder_fd_ = Fd(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder_fd_.is_open()) return FileError(folder_, "opened");
    LATCHKEY_RETURN_IF_ERROR(Lock(folder_fd_, folder_));
    LATCHKEY_RETURN_IF_ERROR(file_.Reload());
    if (!state_.finished.empty()) return CompleteRename();
    if (state_.part.empty()) return absl::OkStatus();
    if (::access(PathOf(state_.part).c_str(), F_OK) != 0 && state_.bytes != 0) {
      return absl::FailedPreconditionError(absl::StrCat(
          PathOf(state_.part), " is gone, and with it events that the state says are there"));
    }
    LATCHKEY_ASSIGN_OR_RETURN(part_, OpenCutBack(PathOf(state_.part), state_.bytes));
    return absl::OkStatus();
  }

  absl::Status Write(std::uint64_t sequence, absl::string_view line) override {
    const std::uint64_t size = state_.bytes + unsynced_ + buffer_.size();
    if (part_.is_open() && size + line.size() > rotation_.bytes) {
      LATCHKEY_RETURN_IF_ERROR(EndPart());
    }
    if (!part_.is_open()) LATCHKEY_RETURN_IF_ERROR(BeginPart(sequence));
    state_.last = sequence;
    absl::StrAppend(&buffer_, line);
    return buffer_.size() < kMostBuffered ? absl::OkStatus() : WriteOut();
  }

  absl::Status Flush() override {
    LATCHKEY_RETURN_IF_ERROR(WriteOut());
    const absl::Time opened = absl::FromUnixMillis(state_.opened_millis);
    const bool old = part_.is_open() && clock_.Now() - opened >= rotation_.age;
    return old ? EndPart() : absl::OkStatus();
  }

  absl::Status Checkpoint(std::uint64_t position) override {
    LATCHKEY_RETURN_IF_ERROR(WriteOut());
    if (unsynced_ == 0 && position == state_.position) return absl::OkStatus();
    LATCHKEY_RETURN_IF_ERROR(SyncPart());
    state_.position = position;
    return file_.Save();
  }

  absl::Status Finish(std::uint64_t position) override {
    if (part_.is_open()) LATCHKEY_RETURN_IF_ERROR(EndPart());
    if (position == state_.position && state_.finished.empty()) return absl::OkStatus();
    state_.position = position;
    return file_.Save();
  }

 private:
  static constexpr std::size_t kMostBuffered = std::size_t{1} << 18;

  std::string PathOf(const std::string& name) const { return absl::StrCat(folder_, "/", name); }

  absl::Status BeginPart(std::uint64_t sequence) {
    state_.part = absl::StrCat(".events-", Number(sequence), ".part");
    state_.finished.clear();
    state_.first = sequence;
    state_.bytes = 0;
    state_.opened_millis = absl::ToUnixMillis(clock_.Now());
    // One that the state does not know is of a run that was killed.
    LATCHKEY_ASSIGN_OR_RETURN(part_, OpenCutBack(PathOf(state_.part), 0));
    return absl::OkStatus();
  }

  absl::Status WriteOut() {
    if (buffer_.empty()) return absl::OkStatus();
    LATCHKEY_RETURN_IF_ERROR(WriteAll(part_, buffer_, PathOf(state_.part)));
    unsynced_ += buffer_.size();
    buffer_.clear();
    return absl::OkStatus();
  }

  absl::Status SyncPart() {
    if (unsynced_ == 0) return absl::OkStatus();
    LATCHKEY_RETURN_IF_ERROR(Sync(part_, PathOf(state_.part)));
    state_.bytes += unsynced_;
    unsynced_ = 0;
    return absl::OkStatus();
  }

  // Says in the state what the part is to be called, and then calls it that: whoever takes complete
  // files away at once does not make a resumed export write them again.
  absl::Status EndPart() {
    LATCHKEY_RETURN_IF_ERROR(WriteOut());
    LATCHKEY_RETURN_IF_ERROR(SyncPart());
    state_.position = std::max(state_.position, state_.last);
    state_.finished =
        absl::StrCat("events-", Number(state_.first), "-", Number(state_.last), ".jsonl");
    LATCHKEY_RETURN_IF_ERROR(file_.Save());
    part_.Close();
    LATCHKEY_RETURN_IF_ERROR(RenameToFree(PathOf(state_.part), PathOf(state_.finished)));
    return ForgetPart();
  }

  // A run was killed when the part was complete, before or after it was renamed.
  absl::Status CompleteRename() {
    if (::access(PathOf(state_.part).c_str(), F_OK) == 0) {
      LATCHKEY_RETURN_IF_ERROR(RenameToFree(PathOf(state_.part), PathOf(state_.finished)));
    }
    return ForgetPart();
  }

  absl::Status ForgetPart() {
    LATCHKEY_RETURN_IF_ERROR(Sync(folder_fd_, folder_));
    state_.part.clear();
    state_.finished.clear();
    state_.bytes = 0;
    return file_.Save();
  }

  StateFile& file_;
  ExportState& state_;
  const std::string folder_;
  const Rotation rotation_;
  const Clock& clock_;
  Fd folder_fd_;
  Fd part_;
  std::string buffer_;
  std::uint64_t unsynced_ = 0;  // bytes in the part beyond the state's
};

}  // namespace

std::unique_ptr<Sink> MakeFolderSink(StateFile& state, const Rotation& rotation,
                                     const Clock& clock) {
  return std::make_unique<FolderSink>(state, rotation, clock);
}

}  // namespace latchkey::cli
