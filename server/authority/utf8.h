#ifndef LATCHKEY_SERVER_AUTHORITY_UTF8_H_
#define LATCHKEY_SERVER_AUTHORITY_UTF8_H_

#include "absl/strings/string_view.h"

namespace latchkey {

// Returns whether `text` is well-formed UTF-8 (RFC 3629).
bool IsUtf8(absl::string_view text);

// Returns whether `text` is well-formed UTF-8 without control characters (U+0000 to
// U+001F, U+007F to U+009F).
bool IsPrintableUtf8(absl::string_view text);

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_UTF8_H_
