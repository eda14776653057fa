#include "server/form/secret_form.h"

#include <libdeflate.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace latchkey::secret {
namespace {

constexpr absl::string_view kBase62 =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// The 43 digits of 2^256 - 1. The digits stand in ASCII order, so that text of one length compares
// as the numbers do.
constexpr absl::string_view kLargest = "yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1";

// The powers of 62 that a word holds: a division by the last gives five digits at once.
constexpr std::array<std::uint32_t, 6> kPowers = {1, 62, 3844, 238'328, 14'776'336, 916'132'832};

// Writes the number in `words`, most significant first, as `digits` base62 digits. Leaves what is
// left over in `words`: zeros, where the digits suffice.
template <std::size_t N>
void WriteBase62(std::array<std::uint32_t, N>& words, std::size_t digits, char* out) {
  while (digits > 0) {
    const std::size_t some = std::min(digits, kPowers.size() - 1);
    std::uint64_t rest = 0;
    for (std::uint32_t& word : words) {
      const std::uint64_t value = rest << 32 | word;
      word = static_cast<std::uint32_t>(value / kPowers[some]);
      rest = value % kPowers[some];
    }
    for (std::size_t i = 0; i < some; ++i, rest /= kBase62.size()) {
      out[--digits] = kBase62[rest % kBase62.size()];
    }
  }
}

std::array<char, kChecksumDigits> ChecksumOf(absl::string_view text) {
  std::array<std::uint32_t, 1> word{libdeflate_crc32(0, text.data(), text.size())};
  std::array<char, kChecksumDigits> digits{};
  WriteBase62(word, digits.size(), digits.data());
  return digits;
}

bool IsPrefix(absl::string_view prefix) {
  return prefix.size() >= kMinPrefixBytes && prefix.size() <= kMaxPrefixBytes &&
         std::all_of(prefix.begin(), prefix.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

}  // namespace

TokenPrefixes::TokenPrefixes()
    : prefixes_{"lkb", "lku", "lkt", "lkc", "lkh", "lka", "lks", "lkr"} {}

absl::StatusOr<TokenPrefixes> TokenPrefixes::Create(const std::vector<std::string>& prefixes) {
  if (prefixes.size() != kTokenKinds) {
    return absl::InvalidArgumentError(
        absl::StrCat("token prefixes: got ", prefixes.size(), ", need one for each of 8 kinds"));
  }
  const TokenPrefixes defaults;
  TokenPrefixes result;
  for (std::size_t i = 0; i < kTokenKinds; ++i) {
    const auto kind = static_cast<TokenKindNumber>(i + 1);
    const auto twice = std::count(prefixes.begin(), prefixes.end(), prefixes[i]);
    if (!IsPrefix(prefixes[i]) || twice != 1 || prefixes[i] == kOperatorPrefix ||
        defaults.KindOf(prefixes[i]).value_or(kind) != kind) {
      return absl::InvalidArgumentError(
          absl::StrCat("token prefix ", i + 1, " is \"",
                       absl::CHexEscape(prefixes[i].substr(0, 2 * kMaxPrefixBytes)),
                       "\"; it takes 2 to 8 of [a-z0-9], not ", kOperatorPrefix,
                       " or another kind's default, and each differs from the others"));
    }
    result.prefixes_[i] = prefixes[i];
  }
  return result;
}

absl::Status TokenPrefixes::AddFormer(TokenKindNumber kind, absl::string_view prefix) {
  if (!IsPrefix(prefix) || prefix == kOperatorPrefix) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", absl::CHexEscape(prefix.substr(0, 2 * kMaxPrefixBytes)), "\" is no token prefix"));
  }
  if (!KindOf(prefix).has_value()) former_.push_back({std::string(prefix), kind});
  return absl::OkStatus();
}

absl::string_view TokenPrefixes::PrefixOf(TokenKindNumber kind) const {
  return prefixes_[static_cast<std::size_t>(kind) - 1];
}

std::optional<TokenKindNumber> TokenPrefixes::KindOf(absl::string_view prefix) const {
  for (std::size_t i = 0; i < kTokenKinds; ++i) {
    if (prefixes_[i] == prefix) return static_cast<TokenKindNumber>(i + 1);
  }
  for (const Former& former : former_) {
    if (former.prefix == prefix) return former.kind;
  }
  return std::nullopt;
}

void WriteSecret(absl::string_view prefix, SecretBits& bits, char* out) {
  char* const digits = std::copy(prefix.begin(), prefix.end(), out) + 1;
  digits[-1] = '_';
  WriteBase62(bits, kRandomDigits, digits);
  const std::size_t body = prefix.size() + 1 + kRandomDigits;
  const auto checksum = ChecksumOf(absl::string_view(out, body));
  std::copy(checksum.begin(), checksum.end(), out + body);
}

namespace {

// Whether `digits`, the 49 after the underscore, can be a secret's, but for the checksum's value.
bool AreDigits(absl::string_view digits) {
  // Cheapest first: a CRC-32 in base62 begins with 0 to 4, and others than letters and digits are
  // rarely far.
  return digits[kRandomDigits] >= '0' && digits[kRandomDigits] <= '4' &&
         std::all_of(digits.begin(), digits.end(),
                     [](unsigned char c) { return absl::ascii_isalnum(c); }) &&
         digits.substr(0, kRandomDigits) <= kLargest;
}

bool FitsChecksum(absl::string_view secret) {
  const auto checksum = ChecksumOf(secret.substr(0, secret.size() - kChecksumDigits));
  return absl::EndsWith(secret, absl::string_view(checksum.data(), checksum.size()));
}

}  // namespace

bool HasSecretForm(absl::string_view prefix, absl::string_view presented) {
  return presented.size() == SecretBytes(prefix) && absl::StartsWith(presented, prefix) &&
         presented[prefix.size()] == '_' && AreDigits(presented.substr(prefix.size() + 1)) &&
         FitsChecksum(presented);
}

std::optional<std::size_t> FindSecretAround(absl::string_view text, std::size_t bar) {
  constexpr std::size_t kDigits = kRandomDigits + kChecksumDigits;
  if (bar < kMinPrefixBytes || text.size() - bar <= kDigits) return std::nullopt;
  if (!IsPrefix(text.substr(bar - kMinPrefixBytes, kMinPrefixBytes)) ||
      !AreDigits(text.substr(bar + 1, kDigits))) {
    return std::nullopt;
  }
  for (std::size_t size = kMinPrefixBytes; size <= std::min(bar, kMaxPrefixBytes); ++size) {
    const std::size_t start = bar - size;
    if (!IsPrefix(text.substr(start, size))) return std::nullopt;
    if (FitsChecksum(text.substr(start, size + 1 + kDigits))) return start;
  }
  return std::nullopt;
}

std::optional<absl::string_view> PrefixOfSecret(absl::string_view text) {
  const std::size_t bar = text.find('_');
  if (bar == absl::string_view::npos || text.size() != SecretBytes(text.substr(0, bar)) ||
      FindSecretAround(text, bar) != 0U) {
    return std::nullopt;
  }
  return text.substr(0, bar);
}

bool HoldsSecret(absl::string_view text) {
  for (std::size_t bar = text.find('_'); bar != absl::string_view::npos;
       bar = text.find('_', bar + 1)) {
    if (FindSecretAround(text, bar).has_value()) return true;
  }
  return false;
}

std::optional<ParsedSecret> ParseSecret(const TokenPrefixes& prefixes,
                                        absl::string_view presented) {
  if (presented.size() > kMaxPresentedBytes) return std::nullopt;
  const std::size_t bar = presented.find('_');
  if (bar == absl::string_view::npos) return std::nullopt;
  const absl::string_view prefix = presented.substr(0, bar);
  const std::optional<TokenKindNumber> kind = prefixes.KindOf(prefix);
  if (!kind.has_value() || !HasSecretForm(prefix, presented)) return std::nullopt;
  return ParsedSecret{*kind};
}

}  // namespace latchkey::secret
