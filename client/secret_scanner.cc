#include "client/secret_scanner.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "client/secret_string.h"

namespace latchkey {
namespace {

constexpr std::size_t kBufferBytes = 64 * 1024;
constexpr std::size_t kDigits = secret::kRandomDigits + secret::kChecksumDigits;

}  // namespace

SecretScanner::SecretScanner(Callback on_found, const secret::TokenPrefixes& prefixes)
    : on_found_(std::move(on_found)), buffer_(kBufferBytes, '\0') {
  for (std::size_t i = 0; i < secret::kTokenKinds; ++i) {
    const auto number = static_cast<secret::TokenKindNumber>(i + 1);
    prefixes_[i] = {std::string(prefixes.PrefixOf(number)), static_cast<v1::TokenKind>(number)};
  }
  prefixes_.back() = {secret::kOperatorPrefix, v1::TOKEN_KIND_UNSPECIFIED};
  for (const Prefix& prefix : prefixes_) {
    ends_prefix_[static_cast<unsigned char>(prefix.text.back())] = true;
  }
}

SecretScanner::~SecretScanner() { WipeString(buffer_); }

void SecretScanner::Feed(absl::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t taken = std::min(bytes.size(), kBufferBytes - size_);
    std::copy_n(bytes.data(), taken, &buffer_[size_]);
    size_ += taken;
    bytes.remove_prefix(taken);
    ScanBuffer();
    DropWhatIsDone();
  }
}

void SecretScanner::Restart() {
  size_ = next_ = counted_ = 0;
  offset_ = line_start_ = 0;
  line_ = 1;
}

void SecretScanner::ScanBuffer() {
  // An underscore is judged when all the digits that may follow it are there.
  while (next_ + kDigits < size_) {
    const char* const from = &buffer_[next_];
    const void* const found = std::memchr(from, '_', size_ - kDigits - next_);
    if (found == nullptr) {
      next_ = size_ - kDigits;
      return;
    }
    const std::size_t bar =
        next_ + static_cast<std::size_t>(static_cast<const char*>(found) - from);
    next_ = bar + 1 + (Judge(bar) ? kDigits : 0);
  }
}

bool SecretScanner::Judge(std::size_t bar) {
  if (bar == 0 || !ends_prefix_[static_cast<unsigned char>(buffer_[bar - 1])] ||
      !absl::ascii_isalnum(static_cast<unsigned char>(buffer_[bar + 1]))) {
    return false;
  }
  const absl::string_view before(buffer_.data(), bar);
  for (const Prefix& prefix : prefixes_) {
    if (!absl::EndsWith(before, prefix.text)) continue;
    const std::size_t start = bar - prefix.text.size();
    const absl::string_view candidate(&buffer_[start], secret::SecretBytes(prefix.text));
    if (!secret::HasSecretForm(prefix.text, candidate)) continue;
    Report(start, prefix);
    return true;
  }
  return false;
}

void SecretScanner::Report(std::size_t start, const Prefix& prefix) {
  CountLinesUpTo(start);
  FoundSecret found;
  found.offset = offset_ + start;
  found.line = line_;
  found.column = found.offset - line_start_ + 1;
  found.prefix = prefix.text;
  found.kind = prefix.kind;
  found.secret = absl::string_view(&buffer_[start], secret::SecretBytes(prefix.text));
  on_found_(found);
}

void SecretScanner::CountLinesUpTo(std::size_t end) {
  while (counted_ < end) {
    const char* const from = &buffer_[counted_];
    const void* const found = std::memchr(from, '\n', end - counted_);
    if (found == nullptr) {
      counted_ = end;
      return;
    }
    counted_ += static_cast<std::size_t>(static_cast<const char*>(found) - from) + 1;
    ++line_;
    line_start_ = offset_ + counted_;
  }
}

void SecretScanner::DropWhatIsDone() {
  // What may be the prefix before the next underscore stays.
  const std::size_t done = next_ - std::min(next_, secret::kMaxPrefixBytes);
  CountLinesUpTo(done);
  std::copy(&buffer_[done], &buffer_[size_], buffer_.data());
  offset_ += done;
  size_ -= done;
  next_ -= done;
  counted_ -= done;
}

}  // namespace latchkey
