#include "server/rpc/credentials.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "grpc/grpc_security_constants.h"
#include "server/authority/errors.h"
#include "server/base/status_macros.h"
#include "server/form/secret_form.h"
#include "server/rpc/status_conversion.h"

namespace latchkey::rpc {
namespace {

absl::string_view View(const grpc::string_ref& text) { return {text.data(), text.size()}; }

// Takes the one value of a header that a call may have once.
absl::Status TakeOnce(absl::string_view name, absl::string_view value, absl::string_view& out) {
  if (!out.empty()) {
    return UnauthenticatedError(absl::StrCat("the call has more than one header ", name));
  }
  if (value.empty()) return UnauthenticatedError(absl::StrCat("the header ", name, " is empty"));
  out = value;
  return absl::OkStatus();
}

// The URI SANs of a client certificate that the handshake verified.
std::vector<std::string> ProvenUriSans(const grpc::ServerContextBase& context) {
  std::vector<std::string> sans;
  const std::shared_ptr<const grpc::AuthContext> auth = context.auth_context();
  if (auth == nullptr || !auth->IsPeerAuthenticated()) return sans;
  for (const grpc::string_ref& san : auth->FindPropertyValues(GRPC_PEER_URI_PROPERTY_NAME)) {
    sans.emplace_back(san.data(), san.size());
  }
  return sans;
}

absl::StatusOr<Caller> AuthenticateAs(Authority& authority, const grpc::ServerContextBase& context,
                                      const CallerHeaders& headers, absl::string_view peer) {
  if (!headers.authorization.empty()) {
    const absl::StatusOr<absl::string_view> bearer = ParseBearer(headers.authorization);
    if (!bearer.ok()) authority.CountFailedAuthentication(peer);
    LATCHKEY_RETURN_IF_ERROR(bearer.status());
    return authority.Authenticate(*bearer, headers.on_behalf_of, peer);
  }
  const std::vector<std::string> sans = ProvenUriSans(context);
  if (!sans.empty()) return authority.AuthenticateCertificate(sans, headers.on_behalf_of, peer);
  if (!headers.on_behalf_of.empty()) {
    return UnauthenticatedError("latchkey-on-behalf-of needs a service's credentials beside it");
  }
  return Caller();
}

}  // namespace

absl::StatusOr<absl::string_view> ParseBearer(absl::string_view header) {
  constexpr absl::string_view kScheme = "bearer ";
  const absl::string_view secret = absl::StartsWithIgnoreCase(header, kScheme)
                                       ? absl::StripAsciiWhitespace(header.substr(kScheme.size()))
                                       : absl::string_view();
  for (const char c : secret) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c))) {
      return UnauthenticatedError("the header authorization takes one secret after Bearer");
    }
  }
  if (secret.empty()) {
    return UnauthenticatedError("the header authorization takes the form: Bearer <secret>");
  }
  return secret;
}

std::string CleanUserAgent(absl::string_view user_agent) {
  std::string clean;
  for (const char c : user_agent) {
    if (absl::ascii_isprint(static_cast<unsigned char>(c))) clean.push_back(c);
  }
  // It stands in events. Before it is cut: the most of a secret tells what is left of it.
  if (secret::HoldsSecret(clean)) return "(not kept: it holds a secret)";
  if (clean.size() > kMaxUserAgentBytes) clean.resize(kMaxUserAgentBytes);
  return clean;
}

absl::StatusOr<CallerHeaders> ReadCallerHeaders(const grpc::ServerContextBase& context) {
  CallerHeaders headers;
  std::size_t bytes = 0;
  absl::Status status;
  for (const auto& [key_ref, value_ref] : context.client_metadata()) {
    const absl::string_view key = View(key_ref);
    const absl::string_view value = View(value_ref);
    bytes += key.size() + value.size();
    if (key == "authorization") {
      status.Update(TakeOnce(key, value, headers.authorization));
    } else if (key == "latchkey-on-behalf-of") {
      status.Update(TakeOnce(key, value, headers.on_behalf_of));
    } else if (key == "user-agent") {
      headers.user_agent = value;
    }
  }
  if (bytes > kMaxMetadataBytes) return TooLargeError("the call's metadata", kMaxMetadataBytes);
  LATCHKEY_RETURN_IF_ERROR(status);
  return headers;
}

absl::StatusOr<Caller> AuthenticateCall(Authority& authority,
                                        const grpc::ServerContextBase& context,
                                        const CallerHeaders& headers) {
  std::string peer = context.peer();
  LATCHKEY_ASSIGN_OR_RETURN(Caller caller, AuthenticateAs(authority, context, headers, peer));
  caller.peer = std::move(peer);
  caller.user_agent = CleanUserAgent(headers.user_agent);
  return caller;
}

absl::StatusOr<Caller> AuthenticateCall(Authority& authority,
                                        const grpc::ServerContextBase& context) {
  LATCHKEY_ASSIGN_OR_RETURN(const CallerHeaders headers, ReadCallerHeaders(context));
  return AuthenticateCall(authority, context, headers);
}

}  // namespace latchkey::rpc
