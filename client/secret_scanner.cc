#include "client/secret_scanner.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "client/secret_string.h"

namespace latchkey {
namespace {

constexpr std::size_t kBufferBytes = 64 * 1024;
constexpr std::size_t kDigits = secret::kRandomDigits + secret::kChecksumDigits;

}  // namespace

SecretScanner::SecretScanner(Callback on_found, secret::TokenPrefixes prefixes)
    : on_found_(std::move(on_found)), prefixes_(std::move(prefixes)), buffer_(kBufferBytes, '\0') {}

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
  const absl::string_view text(buffer_.data(), size_);
  const std::optional<std::size_t> start = secret::FindSecretAround(text, bar);
  if (start.has_value()) Report(*start, bar);
  return start.has_value();
}

void SecretScanner::Report(std::size_t start, std::size_t bar) {
  CountLinesUpTo(start);
  FoundSecret found;
  found.offset = offset_ + start;
  found.line = line_;
  found.column = found.offset - line_start_ + 1;
  found.prefix = absl::string_view(&buffer_[start], bar - start);
  const std::optional<secret::TokenKindNumber> kind = prefixes_.KindOf(found.prefix);
  if (kind.has_value()) found.kind = static_cast<v1::TokenKind>(*kind);
  found.secret = absl::string_view(&buffer_[start], secret::SecretBytes(found.prefix));
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
