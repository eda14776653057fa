#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "server/base/status_macros.h"
#include "tools/latchkey/export/files.h"
#include "tools/latchkey/export/sink.h"

namespace latchkey::cli {
namespace {

class FileSink final : public Sink {
 public:
  explicit FileSink(StateFile& state) : state_(state), path_(state.state().output) {}

  absl::Status Open() override {
    LATCHKEY_ASSIGN_OR_RETURN(file_, OpenLocked(path_));
    LATCHKEY_RETURN_IF_ERROR(state_.Reload());
    if (!state_.resumed()) LATCHKEY_RETURN_IF_ERROR(CheckFree());
    // Before anything is written, so that what a killed first run wrote is known for its own.
    LATCHKEY_RETURN_IF_ERROR(state_.Save());
    return CutBack(file_, path_, state_.state().bytes);
  }

  absl::Status Write(std::uint64_t /*sequence*/, absl::string_view line) override {
    absl::StrAppend(&buffer_, line);
    return buffer_.size() < kMostBuffered ? absl::OkStatus() : Flush();
  }

  absl::Status Flush() override {
    if (buffer_.empty()) return absl::OkStatus();
    LATCHKEY_RETURN_IF_ERROR(WriteAll(file_, buffer_, path_));
    unsynced_ += buffer_.size();
    buffer_.clear();
    return absl::OkStatus();
  }

  absl::Status Checkpoint(std::uint64_t position) override {
    LATCHKEY_RETURN_IF_ERROR(Flush());
    if (unsynced_ == 0 && position == state_.state().position) return absl::OkStatus();
    if (unsynced_ != 0) LATCHKEY_RETURN_IF_ERROR(Sync(file_, path_));
    state_.state().bytes += unsynced_;
    state_.state().position = position;
    unsynced_ = 0;
    return state_.Save();
  }

  absl::Status Finish(std::uint64_t position) override { return Checkpoint(position); }

 private:
  static constexpr std::size_t kMostBuffered = std::size_t{1} << 18;

  // Whether nothing is in the way of a new export.
  absl::Status CheckFree() const {
    struct stat info {};
    if (::stat(path_.c_str(), &info) != 0 || info.st_size == 0) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(
        path_, " is not empty, and there is no state to go on from; name another file"));
  }

  StateFile& state_;
  const std::string path_;
  Fd file_;
  std::string buffer_;
  std::uint64_t unsynced_ = 0;  // bytes in the file beyond the state's
};

}  // namespace

std::unique_ptr<Sink> MakeFileSink(StateFile& state) { return std::make_unique<FileSink>(state); }

}  // namespace latchkey::cli
