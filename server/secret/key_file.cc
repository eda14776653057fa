#include "server/secret/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/base/status_macros.h"
#include "server/secret/new_secret.h"
#include "server/secret/uuid.h"
#include "storage/merkle/signed_note.h"

namespace latchkey::secret {
namespace {

constexpr std::size_t kKeySize = 32;
constexpr std::size_t kMaxFileSize = 64 * 1024;

// Closes a descriptor at the end of the scope.
class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

// Says what failed, from errno.
absl::Status SystemError(const std::string& path, absl::string_view what) {
  const int error = errno;
  const std::string message = absl::StrCat(path, ": ", what, ": ", std::strerror(error));
  if (error == ENOENT) return absl::NotFoundError(message);
  if (error == EEXIST) return absl::AlreadyExistsError(message);
  return absl::UnavailableError(message);
}

absl::Status Irregular(const std::string& path) {
  return absl::FailedPreconditionError(
      absl::StrCat(path, " is no regular file; name the key file itself"));
}

SecretString RandomKey(Entropy& entropy) {
  std::string key(kKeySize, '\0');
  entropy.Fill(key.data(), key.size());
  return SecretString(std::move(key));
}

absl::Status WriteAndSync(const std::string& path, int fd, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError(path, "cannot write");
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(fd) == 0 ? absl::OkStatus() : SystemError(path, "cannot sync");
}

// Reads a file of at most kMaxFileSize.
absl::StatusOr<SecretString> ReadAll(const std::string& path, int fd) {
  std::string text(kMaxFileSize + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError(path, "cannot read");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kMaxFileSize) {
    return absl::DataLossError(absl::StrCat(path, " is larger than any key file"));
  }
  text.resize(size);
  return SecretString(std::move(text));
}

std::string FolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return path.substr(0, slash == 0 ? 1 : slash);
}

absl::Status SyncFolderOf(const std::string& path) {
  const std::string folder = FolderOf(path);
  const File file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (file.fd() < 0 || ::fsync(file.fd()) != 0) return SystemError(folder, "cannot sync");
  return absl::OkStatus();
}

absl::Status CheckAccess(const std::string& path, int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return SystemError(path, "cannot stat");
  if (!S_ISREG(info.st_mode)) return Irregular(path);
  if (info.st_uid != ::geteuid() && info.st_uid != 0) {
    return absl::FailedPreconditionError(absl::StrFormat("%s belongs to user %d; run: chown %d %s",
                                                         path, info.st_uid, ::geteuid(), path));
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return absl::FailedPreconditionError(
        absl::StrFormat("%s has mode %04o, so that others can get at the keys; run: chmod 600 %s",
                        path, info.st_mode & 07777U, path));
  }
  return absl::OkStatus();
}

void MakeLogKey(Entropy& entropy, absl::string_view origin, KeyFileContents& contents) {
  contents.log_seed = RandomKey(entropy);
  contents.log_origin =
      origin.empty() ? absl::StrCat("latchkey/", MakeRandomUuid(entropy)) : std::string(origin);
}

// Replaces a file by another of the same mode, so that there is one of them whatever happens.
absl::Status Replace(const std::string& path, absl::string_view text) {
  const std::string draft = absl::StrCat(path, ".new");
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return SystemError(path, "cannot stat");
  const File file(
      ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file.fd() < 0) return SystemError(draft, "cannot make the key file");
  absl::Status replaced = WriteAndSync(draft, file.fd(), text);
  if (replaced.ok() && (::fchmod(file.fd(), info.st_mode & 07777U) != 0 ||
                        ::rename(draft.c_str(), path.c_str()) != 0)) {
    replaced = SystemError(path, "cannot replace");
  }
  if (!replaced.ok()) {
    ::unlink(draft.c_str());
    return replaced;
  }
  return SyncFolderOf(path);
}

}  // namespace

KeyFile KeyFile::Create(Entropy& entropy, SecretString& operator_secret,
                        absl::string_view log_origin) {
  KeyFileContents contents;
  contents.hash_keys.push_back({1, RandomKey(entropy)});
  contents.sealing_key = RandomKey(entropy);
  operator_secret = GenerateSecret(kOperatorPrefix, entropy);
  contents.operator_hash =
      KeyedHash(contents.hash_keys.front().key.Reveal()).Hash(operator_secret.Reveal());
  MakeLogKey(entropy, log_origin, contents);
  return KeyFile(std::move(contents));
}

absl::Status KeyFile::Write(const std::string& path) const {
  const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file.fd() < 0) return SystemError(path, "cannot make the key file");
  absl::Status written = WriteAndSync(path, file.fd(), FormatKeyFile(contents_).Reveal());
  if (written.ok()) written = SyncFolderOf(path);
  // Half a key file would stand in the way of the next try.
  if (!written.ok()) ::unlink(path.c_str());
  return written;
}

absl::StatusOr<KeyFile> KeyFile::Read(const std::string& path) {
  absl::StatusOr<KeyFile> keys = ReadAny(path);
  if (!keys.ok() || keys->contents_.has_log_key()) return keys;
  return absl::FailedPreconditionError(
      absl::StrCat(path, " has no key for the log's checkpoints (log_origin, log_seed); run: ",
                   "latchkeyd init --data ", FolderOf(path), " --add-log-key"));
}

absl::StatusOr<KeyFile> KeyFile::AddLogKey(const std::string& path, Entropy& entropy,
                                           absl::string_view log_origin) {
  LATCHKEY_ASSIGN_OR_RETURN(KeyFile keys, ReadAny(path));
  if (keys.contents_.has_log_key()) {
    return absl::AlreadyExistsError(
        absl::StrCat(path, " has a key for the log's checkpoints: ", keys.contents_.log_origin));
  }
  MakeLogKey(entropy, log_origin, keys.contents_);
  LATCHKEY_RETURN_IF_ERROR(Replace(path, FormatKeyFile(keys.contents_).Reveal()));
  return keys;
}

absl::StatusOr<KeyFile> KeyFile::ReadAny(const std::string& path) {
  // Not to wait for a writer, where it is a pipe.
  const File file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (file.fd() < 0 && errno == ELOOP) return Irregular(path);
  if (file.fd() < 0) return SystemError(path, "cannot open the key file");
  LATCHKEY_RETURN_IF_ERROR(CheckAccess(path, file.fd()));
  LATCHKEY_ASSIGN_OR_RETURN(const SecretString text, ReadAll(path, file.fd()));
  absl::StatusOr<KeyFileContents> contents = ParseKeyFile(text.Reveal());
  if (!contents.ok()) {
    return absl::Status(contents.status().code(),
                        absl::StrCat(path, ": ", contents.status().message()));
  }
  return KeyFile(*std::move(contents));
}

Keyring KeyFile::MakeKeyring() const {
  std::vector<std::pair<std::uint32_t, KeyedHash>> keys;
  for (const auto& [id, key] : contents_.hash_keys) keys.emplace_back(id, KeyedHash(key.Reveal()));
  // Its parts were looked at when they were read or made.
  absl::StatusOr<merkle::NoteSigner> log_signer =
      merkle::NoteSigner::Create(contents_.log_origin, contents_.log_seed.Reveal());
  return {std::move(keys), Sealer(contents_.sealing_key.Reveal()), contents_.operator_hash,
          *std::move(log_signer)};
}

}  // namespace latchkey::secret
