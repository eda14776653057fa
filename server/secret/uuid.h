#ifndef LATCHKEY_SERVER_SECRET_UUID_H_
#define LATCHKEY_SERVER_SECRET_UUID_H_

#include <string>

#include "absl/strings/string_view.h"
#include "server/base/entropy.h"

namespace latchkey::secret {

// Returns whether `text`, which may be any bytes, is a random UUID: RFC 4122, version 4, variant
// 10, 36 characters in lower case.
bool IsRandomUuid(absl::string_view text);

// Makes one.
std::string MakeRandomUuid(Entropy& entropy);

}  // namespace latchkey::secret

#endif  // LATCHKEY_SERVER_SECRET_UUID_H_
