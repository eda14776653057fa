#include "server/secret/uuid.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace latchkey::secret {
namespace {

constexpr std::size_t kUuidSize = 36;
constexpr std::size_t kVersionAt = 14;
constexpr std::size_t kVariantAt = 19;
constexpr absl::string_view kHex = "0123456789abcdef";

bool IsHyphenAt(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

}  // namespace

bool IsRandomUuid(absl::string_view text) {
  if (text.size() != kUuidSize || text[kVersionAt] != '4') return false;
  if (absl::string_view("89ab").find(text[kVariantAt]) == absl::string_view::npos) return false;
  for (std::size_t i = 0; i < kUuidSize; ++i) {
    if (IsHyphenAt(i) ? text[i] != '-' : kHex.find(text[i]) == absl::string_view::npos) {
      return false;
    }
  }
  return true;
}

std::string MakeRandomUuid(Entropy& entropy) {
  std::array<std::uint8_t, kUuidSize> random{};
  entropy.Fill(random.data(), random.size());
  std::string text(kUuidSize, '-');
  for (std::size_t i = 0; i < kUuidSize; ++i) {
    if (!IsHyphenAt(i)) text[i] = kHex[random[i] & 15];
  }
  text[kVersionAt] = '4';
  text[kVariantAt] = kHex[8 | (random[kVariantAt] & 3)];
  return text;
}

}  // namespace latchkey::secret
