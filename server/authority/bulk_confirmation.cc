#include "server/authority/bulk_confirmation.h"

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/authority/errors.h"
#include "server/secret/digest.h"
#include "server/secret/secret_string.h"

namespace latchkey {
namespace {

// No secret begins with a zero byte, so what is hashed here is never what a secret's hash is of.
constexpr absl::string_view kDomain("\0latchkey bulk-revoke confirmation 1", 36);

constexpr std::size_t kMaxBytes = 128;

// Each part with its length before it, so that different parts are never the same bytes.
std::string Canonical(const std::vector<std::string>& parts) {
  std::string bytes(kDomain);
  for (const std::string& part : parts) absl::StrAppend(&bytes, ":", part.size(), ":", part);
  return bytes;
}

std::string MacOf(const secret::Keyring& keyring, absl::string_view principal,
                  const v1::BulkRevokeTokensRequest& request, const BulkPreview& preview) {
  const std::string before =
      request.has_issued_before()
          ? absl::StrCat(request.issued_before().seconds(), ".", request.issued_before().nanos())
          : "";
  const secret::Digest mac = keyring.HashUnderCurrent(
      Canonical({std::string(principal), request.parent(), request.app(), request.member(),
                 absl::StrCat(static_cast<int>(request.kind())), request.label(), before,
                 absl::StrCat(absl::ToUnixMicros(preview.time)), absl::StrCat(preview.count),
                 absl::StrCat(preview.generation)}));
  return absl::BytesToHexString(secret::AsBytes(mac));
}

}  // namespace

std::string MakeConfirmation(const secret::Keyring& keyring, absl::string_view principal,
                             const v1::BulkRevokeTokensRequest& request,
                             const BulkPreview& preview) {
  return absl::StrCat(absl::ToUnixMicros(preview.time), ".", preview.count, ".",
                      MacOf(keyring, principal, request, preview));
}

absl::StatusOr<BulkPreview> CheckConfirmation(const secret::Keyring& keyring,
                                              absl::string_view principal,
                                              const v1::BulkRevokeTokensRequest& request,
                                              std::uint64_t generation, absl::Time now) {
  BulkPreview preview;
  preview.generation = generation;
  std::int64_t micros = 0;
  std::vector<absl::string_view> parts;
  if (request.confirmation().size() <= kMaxBytes) {
    parts = absl::StrSplit(request.confirmation(), '.');
  }
  const bool formed = parts.size() == 3 && absl::SimpleAtoi(parts[0], &micros) &&
                      absl::SimpleAtoi(parts[1], &preview.count);
  if (!formed) {
    return InvalidFieldError("confirmation",
                             "is not one that a preview gives; preview first, and run with the "
                             "confirmation of its answer");
  }
  preview.time = absl::FromUnixMicros(micros);
  const std::string mac = MacOf(keyring, principal, request, preview);
  const bool ours = secret::ConstantTimeEquals(mac, parts[2]);
  const bool fresh = preview.time <= now && now - preview.time <= kConfirmationLife;
  if (!ours || !fresh) return ConfirmationError();
  return preview;
}

}  // namespace latchkey
