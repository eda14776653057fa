#ifndef LATCHKEY_SERVER_AUTHORITY_CALLER_H_
#define LATCHKEY_SERVER_AUTHORITY_CALLER_H_

#include <string>

#include "server/policy/policy.h"

namespace latchkey {

// Names of principals that are no resource.
inline constexpr char kOperatorPrincipal[] = "operator";
inline constexpr char kSystemPrincipal[] = "latchkey";
inline constexpr char kBearerPrincipal[] = "bearer";
inline constexpr char kAnonymousPrincipal[] = "anonymous";

// An authenticated caller, as the transport proved it. Never built from fields of a request
// message. What the caller may do is judged against the state that commits, not kept here.
struct Caller {
  policy::CallerKind kind = policy::CallerKind::kAnonymous;
  // Name of who acts: a member, a service, "operator", or "anonymous".
  std::string principal = kAnonymousPrincipal;
  // Name of the service that acts on behalf of `principal`; empty if nobody does.
  std::string delegate;
  // Name of the member that a service without the role DELEGATE asked to act for: `principal` is
  // the service then, and every action is refused.
  std::string undelegated;
  // Name of the token that authenticated the call; empty for the operator secret, a client
  // certificate, and nobody.
  std::string token;
  // The roles of `principal` where it is a service, as it was authenticated. A hint for what is
  // judged at once; a mutation reads them again.
  policy::ServiceRoles roles;
  // Where the call came from, and with what software (at most 256 bytes).
  std::string peer;
  std::string user_agent;
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_CALLER_H_
