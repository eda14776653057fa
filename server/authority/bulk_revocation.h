#ifndef LATCHKEY_SERVER_AUTHORITY_BULK_REVOCATION_H_
#define LATCHKEY_SERVER_AUTHORITY_BULK_REVOCATION_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "latchkey/v1/token_service.pb.h"
#include "server/authority/fact_sheet.h"
#include "server/authority/token_selection.h"
#include "server/base/logger.h"
#include "storage/reader.h"

namespace latchkey {

// What previews, runs and the work on bulk revocations share.

// Of so many owners of generations, which many tokens have in common, the present one is remembered
// for one walk.
inline constexpr std::size_t kMaxRememberedOwners = 16384;

// What a revocation says where the caller gave no reason.
inline constexpr char kBulkReason[] = "Revoked in bulk.";

// The form of its name.
inline constexpr char kBulkRevocationForm[] = "workspaces/{id}/bulkRevocations/{id}";

// Gathers for BulkRevokeTokens. Errors as FactSheet.
absl::Status AboutBulk(FactSheet& sheet, const v1::BulkRevokeTokensRequest& request);

// Checks the form of a request, and that what its filter names is there, and returns the filter.
// `sheet` must be AboutBulk().
// INVALID_ARGUMENT: the form. NOT_FOUND: the workspace, app or member.
absl::StatusOr<TokenSelection> CheckBulk(const FactSheet& sheet, const storage::Reader& reader,
                                         const v1::BulkRevokeTokensRequest& request);

// Returns whether a filter is all tokens of an app in the workspace, of a member, or of the
// workspace: then raising one generation ends them.
bool IsGeneration(const TokenSelection& selection);

// Returns the generation that ending such a filter raises; 0 where it is none.
// UNAVAILABLE, DATA_LOSS: as storage::Reader.
absl::StatusOr<std::uint64_t> GenerationOf(const storage::Reader& reader,
                                           const TokenSelection& selection);

// Returns `selection` without what was issued after a preview at `time`.
TokenSelection UpTo(absl::Time time, TokenSelection selection);

// The filter of a bulk revocation that was started.
TokenSelection SelectionOf(const v1::BulkRevocation& job);

// Returns whether `what` is to be passed over because its record is damaged, which is logged and
// must not keep the others. What cannot be read now may well be read later.
bool IsDamaged(const absl::Status& status, absl::string_view what, Logger& logger);

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_BULK_REVOCATION_H_
