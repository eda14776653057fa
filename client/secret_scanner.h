#ifndef LATCHKEY_CLIENT_SECRET_SCANNER_H_
#define LATCHKEY_CLIENT_SECRET_SCANNER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "latchkey/v1/common.pb.h"
#include "server/form/secret_form.h"

namespace latchkey {

// A secret in a stream of bytes, and where it is. The views last as long as the callback.
struct FoundSecret {
  std::uint64_t offset = 0;  // how many bytes of the stream stand before it
  std::uint64_t line = 1;    // lines end with '\n'
  std::uint64_t column = 1;  // in bytes
  absl::string_view prefix;  // secret::kOperatorPrefix: the operator's, which is of no kind
  // The kind of token that the prefix says; unspecified for one that the scanner was not told of.
  v1::TokenKind kind = v1::TOKEN_KIND_UNSPECIFIED;
  absl::string_view secret;  // whole; give it to nothing that logs
};

// Finds Latchkey secrets in text or binary data by their form and checksum, whatever prefixes their
// server gives, and without a server: whether they are good it does not know. What is encoded or
// compressed is not seen.
//
//   SecretScanner scanner([](const FoundSecret& found) { ... });
//   while (...) scanner.Feed(chunk);
//
// What stands right before or after a secret does not matter, letters and digits included: text is
// often logged with escapes, as in "\nlkb_..." or "token%3Dlkb_...", whose last character would
// hide the secret. The checksum, which covers the prefix too, tells, and where the prefix begins: a
// run of characters that is no secret passes for one less than once in 600 million times that it
// has the form.
//
// Holds 64 KiB, which it wipes at the end. Used by one thread.
class SecretScanner {
 public:
  using Callback = std::function<void(const FoundSecret&)>;

  // Calls `on_found` for each secret, in order, within the Feed() that completes it. It must not
  // call the scanner. `prefixes` tell the kinds of tokens, and not what is found.
  explicit SecretScanner(Callback on_found, secret::TokenPrefixes prefixes = {});
  ~SecretScanner();
  SecretScanner(const SecretScanner&) = delete;
  SecretScanner& operator=(const SecretScanner&) = delete;

  // Goes on with the stream's next bytes, however it is cut.
  void Feed(absl::string_view bytes);

  // Begins another stream: nothing reaches from the one before into it.
  void Restart();

 private:
  void ScanBuffer();
  // Looks whether the underscore at `bar` of the buffer is a secret's.
  bool Judge(std::size_t bar);
  void Report(std::size_t start, std::size_t bar);
  void CountLinesUpTo(std::size_t end);
  void DropWhatIsDone();

  const Callback on_found_;
  const secret::TokenPrefixes prefixes_;

  // A part of the stream: `size_` bytes from `offset_` on. Underscores before `next_` are judged.
  std::string buffer_;
  std::size_t size_ = 0;
  std::uint64_t offset_ = 0;
  std::size_t next_ = 0;
  // Lines are counted up to `counted_`, which is in the line that begins at `line_start_`.
  std::size_t counted_ = 0;
  std::uint64_t line_ = 1;
  std::uint64_t line_start_ = 0;
};

}  // namespace latchkey

#endif  // LATCHKEY_CLIENT_SECRET_SCANNER_H_
