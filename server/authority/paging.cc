#include "server/authority/paging.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/authority/errors.h"

namespace latchkey {
namespace {

constexpr std::int32_t kDefaultSize = 100;
constexpr std::int32_t kMaxSize = 1000;
constexpr std::size_t kFingerprintSize = sizeof(std::uint64_t);

// FNV-1a (64 bits): tells requests apart; it is no protection, and needs to be none, since a list
// never leaves its own range whatever the token says.
std::uint64_t Fingerprint(absl::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return hash;
}

}  // namespace

absl::Status PageTokenError() {
  return InvalidFieldError("page_token",
                           "is not one that this request gave; begin again without it",
                           v1::ERROR_REASON_PAGE_TOKEN_INVALID);
}

absl::StatusOr<Page> ParsePage(std::int32_t page_size, absl::string_view page_token,
                               const google::protobuf::MessageLite& bare) {
  if (page_size < 0) {
    return InvalidFieldError("page_size",
                             absl::StrCat("is ", page_size, "; it takes 0 (100) to 1000"));
  }
  Page page;
  page.size =
      static_cast<std::size_t>(page_size == 0 ? kDefaultSize : std::min(page_size, kMaxSize));
  page.fingerprint = Fingerprint(bare.SerializeAsString());
  if (page_token.empty()) return page;
  std::string plain;
  std::uint64_t fingerprint = 0;
  const bool decoded = page_token.size() <= 1024 &&
                       absl::WebSafeBase64Unescape(page_token, &plain) &&
                       plain.size() > kFingerprintSize;
  if (decoded) std::memcpy(&fingerprint, plain.data(), kFingerprintSize);
  if (!decoded || fingerprint != page.fingerprint) {
    return PageTokenError();
  }
  page.after = plain.substr(kFingerprintSize);
  return page;
}

std::string PageTokenAfter(const Page& page, absl::string_view last) {
  std::string plain(kFingerprintSize, '\0');
  std::memcpy(plain.data(), &page.fingerprint, kFingerprintSize);
  plain.append(last.data(), last.size());
  return absl::WebSafeBase64Escape(plain);
}

}  // namespace latchkey
