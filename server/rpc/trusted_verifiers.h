#ifndef LATCHKEY_SERVER_RPC_TRUSTED_VERIFIERS_H_
#define LATCHKEY_SERVER_RPC_TRUSTED_VERIFIERS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "grpcpp/server_context.h"
#include "server/authority/authority.h"
#include "server/base/mutex.h"
#include "server/rpc/credentials.h"
#include "server/secret/secret_string.h"

namespace latchkey::rpc {

// Says whether the callers of the verifier are trusted with full answers, and remembers the last
// few that are: the same handful of services call Verify all day, and finding out each time would
// be a tenth of a call. What is remembered holds for one revision, so any commit makes it void, a
// revocation like every other; and a credential that can end without one, by time or by the first
// use of the secret that replaced it, is not remembered.
//
// Thread-safe. Blocks on disk where a credential was not seen lately.
class TrustedVerifiers {
 public:
  explicit TrustedVerifiers(Authority& authority) : authority_(authority) {}

  // Returns whether the caller of `context` is trusted.
  // UNAUTHENTICATED, RESOURCE_EXHAUSTED: as AuthenticateCall(). PERMISSION_DENIED: the caller may
  // not verify at all.
  absl::StatusOr<bool> IsTrusted(const grpc::ServerContextBase& context);

 private:
  // A header `authorization` that was trusted at `revision`.
  struct Known {
    secret::SecretString authorization;
    std::uint64_t revision = 0;
  };
  static constexpr std::size_t kKnown = 8;

  bool Knows(absl::string_view authorization, std::uint64_t revision);
  void Learn(absl::string_view authorization, std::uint64_t revision);
  // Whether only a commit can end what `authorization` is good for.
  bool IsTimeless(absl::string_view authorization);

  Authority& authority_;
  Mutex mu_;
  std::array<Known, kKnown> known_ ABSL_GUARDED_BY(mu_);
  std::size_t next_ ABSL_GUARDED_BY(mu_) = 0;  // the oldest, which goes first
};

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_TRUSTED_VERIFIERS_H_
