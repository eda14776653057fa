#ifndef LATCHKEY_CLIENT_SECRET_STRING_H_
#define LATCHKEY_CLIENT_SECRET_STRING_H_

#include <string>

#include "absl/strings/string_view.h"

namespace latchkey {

// Holds a secret and wipes its memory at the end. Copies are as careful; what Reveal() was copied
// into is not. It has no stream operator, so that it cannot be printed by accident.
//
// Thread-compatible: const methods may run concurrently.
class SecretString {
 public:
  SecretString() = default;
  explicit SecretString(absl::string_view secret) : value_(secret) {}
  ~SecretString() { Wipe(); }
  SecretString(const SecretString&) = default;
  SecretString(SecretString&& other) noexcept;
  SecretString& operator=(const SecretString& other);
  SecretString& operator=(SecretString&& other) noexcept;

  bool empty() const { return value_.empty(); }

  // Returns the secret itself, while this object lives unchanged. Give it to nothing that logs.
  absl::string_view Reveal() const { return value_; }

 private:
  void Wipe();

  std::string value_;
};

// Overwrites the memory of `text` and empties it.
void WipeString(std::string& text);

}  // namespace latchkey

#endif  // LATCHKEY_CLIENT_SECRET_STRING_H_
