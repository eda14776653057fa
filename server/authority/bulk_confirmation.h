#ifndef LATCHKEY_SERVER_AUTHORITY_BULK_CONFIRMATION_H_
#define LATCHKEY_SERVER_AUTHORITY_BULK_CONFIRMATION_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "latchkey/v1/token_service.pb.h"
#include "server/secret/keyring.h"

namespace latchkey {

// How long a preview may be carried out.
inline constexpr absl::Duration kConfirmationLife = absl::Minutes(15);

// What a preview of a bulk revocation found, and when, to the microsecond.
struct BulkPreview {
  absl::Time time;
  std::uint64_t count = 0;
  // The generation that a run raises, so that it runs once; 0 where it raises none.
  std::uint64_t generation = 0;
};

// Returns the text that binds a run to the preview of `request` by `principal`: only a server with
// the same current key makes it, so a run says nothing but what was shown.
std::string MakeConfirmation(const secret::Keyring& keyring, absl::string_view principal,
                             const v1::BulkRevokeTokensRequest& request,
                             const BulkPreview& preview);

// Returns the preview that request.confirmation() is of; `generation` is that of now.
// INVALID_ARGUMENT: it is not of the form. FAILED_PRECONDITION: it is of another preview, or of one
// that is too old, or was run, or was made under a key that is not the current one any more.
absl::StatusOr<BulkPreview> CheckConfirmation(const secret::Keyring& keyring,
                                              absl::string_view principal,
                                              const v1::BulkRevokeTokensRequest& request,
                                              std::uint64_t generation, absl::Time now);

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_BULK_CONFIRMATION_H_
