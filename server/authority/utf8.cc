#include "server/authority/utf8.h"

#include <cstddef>
#include <cstdint>

namespace latchkey {
namespace {

// Reads the code point at the front of `text` and removes it; returns false where it is malformed.
bool TakeCodePoint(absl::string_view& text, std::uint32_t& code) {
  const auto lead = static_cast<unsigned char>(text[0]);
  std::size_t size = 1;
  std::uint32_t smallest = 0;
  if (lead < 0x80) {
    code = lead;
  } else if (lead >> 5 == 0x6) {
    size = 2, smallest = 0x80, code = lead & 0x1fU;
  } else if (lead >> 4 == 0xe) {
    size = 3, smallest = 0x800, code = lead & 0x0fU;
  } else if (lead >> 3 == 0x1e) {
    size = 4, smallest = 0x10000, code = lead & 0x07U;
  } else {
    return false;
  }
  if (text.size() < size) return false;
  for (std::size_t i = 1; i < size; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if (next >> 6 != 0x2) return false;
    code = code << 6 | (next & 0x3fU);
  }
  text.remove_prefix(size);
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  return code >= smallest && code <= 0x10ffff && !surrogate;
}

}  // namespace

bool IsUtf8(absl::string_view text) {
  std::uint32_t code = 0;
  while (!text.empty()) {
    if (!TakeCodePoint(text, code)) return false;
  }
  return true;
}

bool IsPrintableUtf8(absl::string_view text) {
  while (!text.empty()) {
    std::uint32_t code = 0;
    if (!TakeCodePoint(text, code)) return false;
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return false;
  }
  return true;
}

}  // namespace latchkey
