#include "storage/engine/anchor_file.h"

#include <libdeflate.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "rocksdb/env.h"
#include "server/base/status_macros.h"

namespace latchkey::engine {
namespace {

constexpr absl::string_view kName = "/ANCHOR";
constexpr absl::string_view kTemporaryName = "/ANCHOR.new";
constexpr absl::string_view kHead = "latchkey-anchor 1 ";
constexpr std::size_t kMaxSize = 128;

absl::Status ToStatus(const rocksdb::IOStatus& status) {
  if (status.ok()) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("ANCHOR: ", status.ToString()));
}

std::string LineOf(Version version) {
  const std::string body = absl::StrCat(kHead, version);
  const std::uint32_t crc = libdeflate_crc32(0, body.data(), body.size());
  return absl::StrFormat("%s %08x\n", body, crc);
}

}  // namespace

absl::Status WriteAnchorFile(rocksdb::FileSystem& file_system, const std::string& folder,
                             Version version) {
  const rocksdb::IOOptions options;
  const std::string temporary = absl::StrCat(folder, kTemporaryName);
  std::unique_ptr<rocksdb::FSWritableFile> file;
  LATCHKEY_RETURN_IF_ERROR(
      ToStatus(file_system.NewWritableFile(temporary, rocksdb::FileOptions(), &file, nullptr)));
  LATCHKEY_RETURN_IF_ERROR(ToStatus(file->Append(LineOf(version), options, nullptr)));
  LATCHKEY_RETURN_IF_ERROR(ToStatus(file->Fsync(options, nullptr)));
  LATCHKEY_RETURN_IF_ERROR(ToStatus(file->Close(options, nullptr)));
  LATCHKEY_RETURN_IF_ERROR(
      ToStatus(file_system.RenameFile(temporary, absl::StrCat(folder, kName), options, nullptr)));
  std::unique_ptr<rocksdb::FSDirectory> directory;
  LATCHKEY_RETURN_IF_ERROR(
      ToStatus(file_system.NewDirectory(folder, options, &directory, nullptr)));
  return ToStatus(directory->Fsync(options, nullptr));
}

absl::StatusOr<Version> ReadAnchorFile(rocksdb::FileSystem& file_system,
                                       const std::string& folder) {
  const std::string path = absl::StrCat(folder, kName);
  const rocksdb::IOOptions options;
  if (file_system.FileExists(path, options, nullptr).IsNotFound()) return Version{0};
  std::unique_ptr<rocksdb::FSSequentialFile> file;
  LATCHKEY_RETURN_IF_ERROR(
      ToStatus(file_system.NewSequentialFile(path, rocksdb::FileOptions(), &file, nullptr)));
  std::string buffer(kMaxSize, '\0');
  rocksdb::Slice got;
  LATCHKEY_RETURN_IF_ERROR(ToStatus(file->Read(kMaxSize, options, &got, buffer.data(), nullptr)));
  const absl::string_view line(got.data(), got.size());
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
  Version version = 0;
  if (words.size() != 4 || !absl::SimpleAtoi(words[2], &version) || line != LineOf(version)) {
    return absl::DataLossError(absl::StrCat(path, " does not read back as it was written"));
  }
  return version;
}

}  // namespace latchkey::engine
