#include "server/rpc/trusted_verifiers.h"

#include <string>

#include "absl/time/time.h"
#include "server/base/status_macros.h"

namespace latchkey::rpc {

absl::StatusOr<bool> TrustedVerifiers::IsTrusted(const grpc::ServerContextBase& context) {
  LATCHKEY_ASSIGN_OR_RETURN(const CallerHeaders headers, ReadCallerHeaders(context));
  // Before the caller is looked at: a commit that comes between voids what is learned.
  const std::uint64_t revision = authority_.verifier().revision();
  const bool alone = !headers.authorization.empty() && headers.on_behalf_of.empty();
  if (alone && Knows(headers.authorization, revision)) return true;
  LATCHKEY_ASSIGN_OR_RETURN(const Caller caller, AuthenticateCall(authority_, context, headers));
  LATCHKEY_ASSIGN_OR_RETURN(const Authority::VerifyTrust trust, authority_.AuthorizeVerify(caller));
  const bool trusted = trust == Authority::VerifyTrust::kFull;
  if (trusted && alone && IsTimeless(headers.authorization)) {
    Learn(headers.authorization, revision);
  }
  return trusted;
}

bool TrustedVerifiers::Knows(absl::string_view authorization, std::uint64_t revision) {
  MutexLock lock(mu_);
  for (const Known& known : known_) {
    if (known.revision == revision &&
        secret::ConstantTimeEquals(known.authorization.Reveal(), authorization)) {
      return true;
    }
  }
  return false;
}

void TrustedVerifiers::Learn(absl::string_view authorization, std::uint64_t revision) {
  MutexLock lock(mu_);
  Known& known = known_[next_];
  next_ = (next_ + 1) % kKnown;
  known.authorization = secret::SecretString(std::string(authorization));
  known.revision = revision;
}

bool TrustedVerifiers::IsTimeless(absl::string_view authorization) {
  const absl::StatusOr<absl::string_view> bearer = ParseBearer(authorization);
  if (!bearer.ok()) return false;
  const auto verdict = authority_.verifier().Check(*bearer);
  // The operator's secret is no token. The first use of a new secret ends the one before it in
  // memory, and is committed later.
  return verdict.ok() &&
         (verdict->token == nullptr ||
          (verdict->token->expire_time == absl::InfiniteFuture() && !verdict->token->superseded));
}

}  // namespace latchkey::rpc
