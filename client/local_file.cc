#include "client/local_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "client/secret_string.h"

namespace latchkey {
namespace {

constexpr std::size_t kPieceBytes = 256 * 1024;

absl::Status SystemError(int error, absl::string_view message) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case EACCES:
    case EPERM:
    case ELOOP:
    case ENAMETOOLONG:
      return absl::InvalidArgumentError(message);
    default:
      return absl::UnknownError(message);
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

absl::Status FileError(absl::string_view path, absl::string_view verb) {
  const int error = errno;
  return SystemError(error, absl::StrCat(path, " cannot be ", verb, ": ", std::strerror(error)));
}

absl::Status ReadFileInto(const std::string& path,
                          absl::FunctionRef<void(absl::string_view)> take) {
  const Descriptor file(path);
  if (file.number() < 0) return SystemError(errno, std::strerror(errno));
  std::string piece(kPieceBytes, '\0');
  absl::Status status;
  while (true) {
    const ssize_t got = ::read(file.number(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) status = SystemError(errno, std::strerror(errno));
    if (got <= 0) break;
    take(absl::string_view(piece.data(), static_cast<std::size_t>(got)));
  }
  WipeString(piece);
  return status;
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::string text;
  const absl::Status read =
      ReadFileInto(path, [&](absl::string_view piece) { absl::StrAppend(&text, piece); });
  if (read.ok()) return text;
  WipeString(text);
  return absl::Status(read.code(), absl::StrCat(path, " cannot be read: ", read.message()));
}

}  // namespace latchkey
