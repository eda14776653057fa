#ifndef LATCHKEY_SERVER_RPC_CREDENTIALS_H_
#define LATCHKEY_SERVER_RPC_CREDENTIALS_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "grpcpp/server_context.h"
#include "server/authority/authority.h"
#include "server/authority/caller.h"

namespace latchkey::rpc {

inline constexpr std::size_t kMaxMetadataBytes = 4096;
inline constexpr std::size_t kMaxUserAgentBytes = 256;

// Says whose call `context` is, from what the transport proved: the bearer of the one
// `authorization` header, else the client certificate's URI SANs, else nobody; acting for the
// member in `latchkey-on-behalf-of`. Peer and user agent are filled in. Never repeats what a header
// held.
//
// Blocks on disk where the credential was not seen lately.
//
// UNAUTHENTICATED: a header of the wrong form, or more than one; or credentials that do not hold.
// RESOURCE_EXHAUSTED (TOO_LARGE): more than kMaxMetadataBytes of metadata.
absl::StatusOr<Caller> AuthenticateCall(Authority& authority,
                                        const grpc::ServerContextBase& context);

// Returns the secret in a header "Bearer <secret>", the scheme in any case.
// UNAUTHENTICATED: it has another form.
absl::StatusOr<absl::string_view> ParseBearer(absl::string_view header);

// Returns what may be kept of a user agent: its printable ASCII, at most kMaxUserAgentBytes.
std::string CleanUserAgent(absl::string_view user_agent);

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_CREDENTIALS_H_
