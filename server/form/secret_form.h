#ifndef LATCHKEY_SERVER_FORM_SECRET_FORM_H_
#define LATCHKEY_SERVER_FORM_SECRET_FORM_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace latchkey::secret {

// The form of secrets: `<prefix>_<43 base62><6 base62>`. The 43 characters are 256 random bits,
// most significant digit first; the 6 are the CRC-32 (IEEE 802.3, as in zlib) of everything before
// them ("prefix_" and the 43), most significant digit first. base62 is 0-9 A-Z a-z. 43 digits that
// make 2^256 or more are refused, checksum or not: no server made them. A scanner can tell a
// secret, and a server refuse a mistyped one, without looking anything up.

inline constexpr std::size_t kMinPrefixBytes = 2;
inline constexpr std::size_t kMaxPrefixBytes = 8;
inline constexpr std::size_t kRandomDigits = 43;
inline constexpr std::size_t kChecksumDigits = 6;
// Nothing longer is looked at, so that refusing costs little, whatever is presented.
inline constexpr std::size_t kMaxPresentedBytes = 1024;
// The operator's secret has the same form. Its prefix stands for no kind of token.
inline constexpr char kOperatorPrefix[] = "lko";

// 1 to 8, the numbers of latchkey.v1.TokenKind.
enum class TokenKindNumber : std::uint8_t {};
inline constexpr std::size_t kTokenKinds = 8;

// The prefix of each kind of token, and those that a kind had before, whose secrets are still good.
// Thread-safe where it is const.
class TokenPrefixes {
 public:
  // The default: lkb lku lkt lkc lkh lka lks lkr.
  TokenPrefixes();

  // `prefixes` are those of the kinds 1 to 8.
  // INVALID_ARGUMENT: not 8 of them, or one is not 2 to 8 of [a-z0-9], used twice, "lko", or what
  // another kind has by default.
  static absl::StatusOr<TokenPrefixes> Create(const std::vector<std::string>& prefixes);

  // Knows `prefix`, which `kind` had before, too. What a kind has now goes before what another had.
  // `kind` must be 1 to 8. INVALID_ARGUMENT: it is no prefix.
  absl::Status AddFormer(TokenKindNumber kind, absl::string_view prefix);

  // The prefix that new secrets of `kind` get, which must be 1 to 8.
  absl::string_view PrefixOf(TokenKindNumber kind) const;
  // The kind that has `prefix` or had it; nullopt: none.
  std::optional<TokenKindNumber> KindOf(absl::string_view prefix) const;

 private:
  struct Former {
    std::string prefix;
    TokenKindNumber kind;
  };

  std::array<std::string, kTokenKinds> prefixes_;
  std::vector<Former> former_;
};

// The random bits of a secret, as a number of 256 bits: the most significant word first.
using SecretBits = std::array<std::uint32_t, 8>;

// Returns how many bytes a secret with `prefix` has.
constexpr std::size_t SecretBytes(absl::string_view prefix) {
  return prefix.size() + 1 + kRandomDigits + kChecksumDigits;
}

// Writes the secret that `prefix` and `bits` make to the SecretBytes(prefix) bytes at `out`, and
// leaves zeros in `bits`.
void WriteSecret(absl::string_view prefix, SecretBits& bits, char* out);

// What can be told of a secret without looking it up.
struct ParsedSecret {
  TokenKindNumber kind;
};

// Returns nullopt where `presented`, which may be any bytes, is not of the form, is no token's (the
// operator's is none), or does not fit its checksum.
std::optional<ParsedSecret> ParseSecret(const TokenPrefixes& prefixes, absl::string_view presented);

// Returns whether `presented`, which may be any bytes, has the form of a secret with `prefix`,
// checksum included.
bool HasSecretForm(absl::string_view prefix, absl::string_view presented);

// Returns where in `text`, which may be any bytes, the secret begins whose underscore is at `bar`,
// with any prefix that one can have; nullopt: there is none. What stands before or after it does
// not matter.
std::optional<std::size_t> FindSecretAround(absl::string_view text, std::size_t bar);

// Returns the prefix of `text` where that is a whole secret, with any prefix that one can have.
std::optional<absl::string_view> PrefixOfSecret(absl::string_view text);

// Returns whether anything within `text`, which may be any bytes, has the form of a secret with any
// prefix that one can have. For short texts: takes time in proportion to the length.
bool HoldsSecret(absl::string_view text);

}  // namespace latchkey::secret

#endif  // LATCHKEY_SERVER_FORM_SECRET_FORM_H_
