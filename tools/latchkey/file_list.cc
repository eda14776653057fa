#include "tools/latchkey/file_list.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace latchkey::cli {
namespace {

namespace fs = std::filesystem;

absl::Status Because(const std::error_code& error) { return absl::UnknownError(error.message()); }

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

}  // namespace latchkey::cli
