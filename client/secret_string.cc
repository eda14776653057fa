#include "client/secret_string.h"

#include <string.h>  // explicit_bzero is not in <cstring>

#include <utility>

namespace latchkey {

SecretString::SecretString(SecretString&& other) noexcept { *this = std::move(other); }

SecretString& SecretString::operator=(const SecretString& other) {
  if (this == &other) return *this;
  Wipe();
  value_ = other.value_;
  return *this;
}

// Swaps and wipes: a plain move may leave a short string's bytes behind.
SecretString& SecretString::operator=(SecretString&& other) noexcept {
  if (this == &other) return *this;
  value_.swap(other.value_);
  other.Wipe();
  return *this;
}

void SecretString::Wipe() { WipeString(value_); }

void WipeString(std::string& text) {
  text.resize(text.capacity());
  ::explicit_bzero(text.data(), text.size());
  text.clear();
}

}  // namespace latchkey
