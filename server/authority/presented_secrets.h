#ifndef LATCHKEY_SERVER_AUTHORITY_PRESENTED_SECRETS_H_
#define LATCHKEY_SERVER_AUTHORITY_PRESENTED_SECRETS_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "latchkey/v1/token_service.pb.h"
#include "server/authority/mutation.h"

namespace latchkey {

inline constexpr int kMaxPresentedSecrets = 1000;

// Returns whether a call presents the secrets that it is about. Such a call needs no credentials,
// since whoever holds a token's secret may end it, or trade it in.
template <typename Request>
bool PresentsSecret(const Request&) {
  return false;
}
inline bool PresentsSecret(const v1::RevokeTokenRequest& request) {
  switch (request.target_case()) {
    case v1::RevokeTokenRequest::kSecret:
    case v1::RevokeTokenRequest::kSecrets:
      return true;
    case v1::RevokeTokenRequest::kName:
    case v1::RevokeTokenRequest::TARGET_NOT_SET:
      break;
  }
  return false;
}

inline bool PresentsSecret(const v1::RotateTokenRequest&) { return true; }

// Ends the tokens whose secrets `request` presents; PresentsSecret(request) must hold. Answers the
// same for a secret that is dead, or was never issued.
// INVALID_ARGUMENT: the list of secrets, or the reason, is not of the form. Quotes no secret.
absl::StatusOr<v1::RevokeTokenResponse> RevokePresented(Mutation& m,
                                                        const v1::RevokeTokenRequest& request);

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_PRESENTED_SECRETS_H_
