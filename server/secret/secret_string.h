#ifndef LATCHKEY_SERVER_SECRET_SECRET_STRING_H_
#define LATCHKEY_SERVER_SECRET_SECRET_STRING_H_

#include <cstddef>
#include <ostream>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace latchkey::secret {

// Overwrites memory in a way that the compiler does not leave out.
void Wipe(void* data, std::size_t size);

// Wipes all that `text` has room for, and leaves it empty.
void Wipe(std::string& text);

// Returns whether two byte strings are equal, in a time that depends on their sizes only.
bool ConstantTimeEquals(absl::string_view a, absl::string_view b);

// Owns a secret: wipes it when it is moved from, assigned over, or destroyed, and never prints it.
// Streaming one does not compile; a failed test shows "<secret>". Thread-compatible: const methods
// may run concurrently.
class SecretString {
 public:
  SecretString() = default;
  // Move `bytes` in: what a copy was made from is the caller's to wipe.
  explicit SecretString(std::string bytes) : bytes_(std::move(bytes)) {}
  SecretString(SecretString&& other) noexcept : bytes_(std::move(other.bytes_)) { other.Clear(); }
  SecretString& operator=(SecretString&& other) noexcept;
  SecretString(const SecretString&) = delete;
  SecretString& operator=(const SecretString&) = delete;
  ~SecretString() { Clear(); }

  // The secret itself, while this object lives unchanged. Look at every use: nothing that it is
  // given to may log or store it.
  absl::string_view Reveal() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }

  // Takes a time that depends on the sizes only.
  friend bool operator==(const SecretString& a, const SecretString& b) {
    return ConstantTimeEquals(a.bytes_, b.bytes_);
  }

  friend std::ostream& operator<<(std::ostream&, const SecretString&) = delete;
  template <typename Sink>
  friend void AbslStringify(Sink& sink, const SecretString& secret) = delete;
  friend void PrintTo(const SecretString&, std::ostream* out) { *out << "<secret>"; }

 private:
  void Clear() { Wipe(bytes_); }

  std::string bytes_;
};

}  // namespace latchkey::secret

#endif  // LATCHKEY_SERVER_SECRET_SECRET_STRING_H_
