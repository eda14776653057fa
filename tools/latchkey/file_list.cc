#include "tools/latchkey/file_list.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "client/secret_string.h"

namespace latchkey::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPieceBytes = 256 * 1024;

absl::Status Because(const std::error_code& error) { return absl::UnknownError(error.message()); }
absl::Status BecauseOfErrno() { return Because({errno, std::generic_category()}); }

std::uint64_t SizeOf(const fs::path& path) {
  std::error_code error;
  const std::uintmax_t bytes = fs::file_size(path, error);
  return error ? 0 : bytes;
}

void ListFolder(const fs::path& folder, OnUnreadable on_unreadable,
                std::vector<ListedFile>& files) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    entries.push_back(entry->path());
  }
  if (error) on_unreadable(folder.string(), Because(error));
  std::sort(entries.begin(), entries.end());
  for (const fs::path& entry : entries) {
    const fs::file_status status = fs::symlink_status(entry, error);
    if (error) {
      on_unreadable(entry.string(), Because(error));
    } else if (fs::is_directory(status)) {
      ListFolder(entry, on_unreadable, files);
    } else if (fs::is_regular_file(status)) {
      files.push_back({entry.string(), SizeOf(entry)});
    }
  }
}

// An open file, closed at the end.
class Descriptor {
 public:
  explicit Descriptor(const std::string& path)
      : number_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }

 private:
  const int number_;
};

}  // namespace

std::vector<ListedFile> ListFiles(const std::vector<std::string>& paths,
                                  OnUnreadable on_unreadable) {
  std::vector<ListedFile> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (fs::is_directory(path, error)) {
      ListFolder(path, on_unreadable, files);
    } else {
      files.push_back({path, SizeOf(path)});
    }
  }
  return files;
}

absl::Status ReadFileInto(const std::string& path,
                          absl::FunctionRef<void(absl::string_view)> take) {
  const Descriptor file(path);
  if (file.number() < 0) return BecauseOfErrno();
  std::string piece(kPieceBytes, '\0');
  absl::Status status;
  while (true) {
    const ssize_t got = ::read(file.number(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) status = BecauseOfErrno();
    if (got <= 0) break;
    take(absl::string_view(piece.data(), static_cast<std::size_t>(got)));
  }
  WipeString(piece);
  return status;
}

}  // namespace latchkey::cli
