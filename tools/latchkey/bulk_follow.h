#ifndef LATCHKEY_TOOLS_LATCHKEY_BULK_FOLLOW_H_
#define LATCHKEY_TOOLS_LATCHKEY_BULK_FOLLOW_H_

#include "absl/status/statusor.h"
#include "client/client.h"
#include "latchkey/v1/token_service.pb.h"
#include "tools/latchkey/session.h"

namespace latchkey::cli {

// Follows the bulk revocation of `started` on the audit stream, with a bar on standard error where
// people watch it. Returns it as it was at its end, or when a signal ended the waiting.
// Errors: as AuditSubscriber::Run().
absl::StatusOr<v1::BulkRevocation> FollowBulkRevocation(
    Session& session, const Client& client, const v1::BulkRevokeTokensResponse& started);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_BULK_FOLLOW_H_
