#include "tools/latchkey/secret_source.h"

#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <istream>
#include <optional>
#include <ostream>
#include <sstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/local_file.h"
#include "server/base/mutex.h"
#include "server/base/status_macros.h"
#include "server/form/secret_form.h"
#include "tools/latchkey/terminal.h"

namespace latchkey::cli {
namespace {

// After the prefix and the underscore.
constexpr std::size_t kSecretCharacters = secret::kRandomDigits + secret::kChecksumDigits;
constexpr std::size_t kLikelyCharacters = 8;  // after "lk?_", for a part of a secret
constexpr std::size_t kLongestLine = 16 * 1024;

// The terminal as it was before its echo was turned off, for as long as it is: also whoever ends
// the process by a signal has to bring it back.
struct SilencedTerminal {
  Mutex mu;
  std::optional<termios> before ABSL_GUARDED_BY(mu);
};

SilencedTerminal& Silenced() {
  static SilencedTerminal silenced;
  return silenced;
}

// Turns the terminal's echo off while it lives.
class EchoOff {
 public:
  explicit EchoOff(bool terminal) {
    termios before{};
    if (!terminal || ::tcgetattr(STDIN_FILENO, &before) != 0) return;
    MutexLock lock(Silenced().mu);
    Silenced().before = before;
    termios silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  ~EchoOff() { RestoreTerminal(); }
  EchoOff(const EchoOff&) = delete;
  EchoOff& operator=(const EchoOff&) = delete;
};

absl::StatusOr<std::vector<SecretString>> ReadLines(std::istream& in, absl::string_view what) {
  std::vector<SecretString> lines;
  std::string line;
  while (std::getline(in, line)) {
    if (line.size() > kLongestLine) {
      WipeString(line);
      return absl::InvalidArgumentError(absl::StrCat(what, " has a line that is too long"));
    }
    const absl::string_view text = absl::StripAsciiWhitespace(line);
    if (!text.empty()) lines.emplace_back(text);
    WipeString(line);
  }
  if (lines.empty()) return absl::InvalidArgumentError(absl::StrCat(what, " holds no secret"));
  return lines;
}

absl::StatusOr<std::vector<SecretString>> ReadStandardInput(const Io& io) {
  const EchoOff silence(io.in_is_terminal);
  if (io.in_is_terminal) io.err << "Secret: " << std::flush;
  if (!io.in_is_terminal) return ReadLines(io.in, "standard input");
  std::string line;
  std::getline(io.in, line);
  io.err << '\n';
  const absl::string_view text = absl::StripAsciiWhitespace(line);
  if (text.empty()) return absl::InvalidArgumentError("no secret was typed");
  std::vector<SecretString> secrets;
  secrets.emplace_back(text);
  WipeString(line);
  return secrets;
}

absl::StatusOr<std::vector<SecretString>> ReadSecretFile(const std::string& path) {
  LATCHKEY_ASSIGN_OR_RETURN(std::string text, ReadFile(path));
  std::istringstream in(std::move(text));
  return ReadLines(in, absl::StrCat("the file ", path));
}

absl::StatusOr<std::vector<SecretString>> ReadVariable(const std::string& name, const Io& io) {
  const auto found = io.environment.find(name);
  if (found == io.environment.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the environment variable ", name, " is not set"));
  }
  const absl::string_view text = absl::StripAsciiWhitespace(found->second);
  if (text.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("the environment variable ", name, " is empty"));
  }
  std::vector<SecretString> secrets;
  secrets.emplace_back(text);
  return secrets;
}

}  // namespace

void RestoreTerminal() {
  MutexLock lock(Silenced().mu);
  if (!Silenced().before.has_value()) return;
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &*Silenced().before);
  Silenced().before.reset();
}

absl::StatusOr<SecretSource> ParseSecretSource(absl::string_view text) {
  if (text == "-") return SecretSource{SecretSource::Kind::kStandardInput, "-"};
  if (absl::ConsumePrefix(&text, "env:")) {
    if (text.empty()) return absl::InvalidArgumentError("env: takes a variable's name");
    return SecretSource{SecretSource::Kind::kEnvironment, std::string(text)};
  }
  if (text.empty()) return absl::InvalidArgumentError("it takes -, env:NAME or a file");
  return SecretSource{SecretSource::Kind::kFile, std::string(text)};
}

namespace {

absl::StatusOr<std::vector<SecretString>> ReadSource(const SecretSource& source, const Io& io) {
  switch (source.kind) {
    case SecretSource::Kind::kStandardInput:
      return ReadStandardInput(io);
    case SecretSource::Kind::kFile:
      return ReadSecretFile(source.name);
    case SecretSource::Kind::kEnvironment:
      return ReadVariable(source.name, io);
    case SecretSource::Kind::kNone:
      break;
  }
  return absl::InvalidArgumentError("no secret was given");
}

}  // namespace

absl::StatusOr<std::vector<SecretString>> ReadSecrets(const SecretSource& source, const Io& io) {
  LATCHKEY_ASSIGN_OR_RETURN(std::vector<SecretString> secrets, ReadSource(source, io));
  for (std::size_t i = 0; i < secrets.size(); ++i) {
    if (IsUtf8(secrets[i].Reveal())) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("secret ", i + 1, " of ", secrets.size(), " is not UTF-8, as no secret is"));
  }
  return secrets;
}

absl::StatusOr<SecretString> ReadSecret(const SecretSource& source, const Io& io) {
  LATCHKEY_ASSIGN_OR_RETURN(std::vector<SecretString> secrets, ReadSecrets(source, io));
  if (secrets.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        source.kind == SecretSource::Kind::kFile ? absl::StrCat("the file ", source.name)
                                                 : std::string("standard input"),
        " holds ", secrets.size(), " lines; a secret is one line"));
  }
  return std::move(secrets[0]);
}

namespace {

// Whether `text` has small and capital letters and digits, as words that people choose rarely have.
bool IsMixed(absl::string_view text) {
  return std::any_of(text.begin(), text.end(), absl::ascii_isdigit) &&
         std::any_of(text.begin(), text.end(), absl::ascii_islower) &&
         std::any_of(text.begin(), text.end(), absl::ascii_isupper);
}

}  // namespace

bool LooksLikeSecret(absl::string_view argument) {
  for (auto at = argument.find('_'); at != absl::string_view::npos;
       at = argument.find('_', at + 1)) {
    const absl::string_view after = argument.substr(at + 1);
    const auto run = static_cast<std::size_t>(
        std::find_if_not(after.begin(), after.end(), absl::ascii_isalnum) - after.begin());
    const bool ours =
        at >= 3 && argument[at - 3] == 'l' && argument[at - 2] == 'k' &&
        absl::ascii_islower(static_cast<unsigned char>(argument[at - 1])) &&
        (at == 3 || !absl::ascii_isalnum(static_cast<unsigned char>(argument[at - 4])));
    const bool prefixed =
        at >= 1 && absl::ascii_isalnum(static_cast<unsigned char>(argument[at - 1]));
    // With a prefix that the server was told to give it may be cut, or have something added, too.
    const bool long_and_mixed = run >= kSecretCharacters / 2 && IsMixed(after.substr(0, run));
    if (ours && run >= kLikelyCharacters) return true;
    if (prefixed && (run == kSecretCharacters || long_and_mixed)) return true;
  }
  return false;
}

}  // namespace latchkey::cli
