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

// The headers of a call that say who calls. They live as long as the call's context.
struct CallerHeaders {
  absl::string_view authorization;  // empty: there is none
  absl::string_view on_behalf_of;
  absl::string_view user_agent;
};

// Finds them. Never repeats what a header held.
// UNAUTHENTICATED: one of the first two is there more than once, or empty.
// RESOURCE_EXHAUSTED (TOO_LARGE): more than kMaxMetadataBytes of metadata.
absl::StatusOr<CallerHeaders> ReadCallerHeaders(const grpc::ServerContextBase& context);

// Says whose call `context` is, from what the transport proved: the bearer of the header
// `authorization`, else the client certificate's URI SANs, else nobody; acting for the member in
// `latchkey-on-behalf-of`. Peer and user agent are filled in.
//
// Blocks on disk where the credential was not seen lately.
//
// UNAUTHENTICATED: a header of the wrong form, or credentials that do not hold.
absl::StatusOr<Caller> AuthenticateCall(Authority& authority,
                                        const grpc::ServerContextBase& context,
                                        const CallerHeaders& headers);
// The same with ReadCallerHeaders() before; errors as both.
absl::StatusOr<Caller> AuthenticateCall(Authority& authority,
                                        const grpc::ServerContextBase& context);

// Returns the secret in a header "Bearer <secret>", the scheme in any case.
// UNAUTHENTICATED: it has another form.
absl::StatusOr<absl::string_view> ParseBearer(absl::string_view header);

// Returns what may be kept of a user agent: its printable ASCII, at most kMaxUserAgentBytes.
std::string CleanUserAgent(absl::string_view user_agent);

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_CREDENTIALS_H_
