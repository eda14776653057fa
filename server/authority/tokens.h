#ifndef LATCHKEY_SERVER_AUTHORITY_TOKENS_H_
#define LATCHKEY_SERVER_AUTHORITY_TOKENS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "latchkey/storage/v1/records.pb.h"
#include "latchkey/v1/token_service.pb.h"
#include "storage/reader.h"

namespace latchkey {

// What a token hangs on: something whose generation, when raised, ends the token.
struct Anchor {
  enum class Kind { kWorkspace, kMember, kApp, kInstallation, kService };
  Kind kind = Kind::kWorkspace;
  std::string key;           // the key of the record that has the generation
  std::uint64_t issued = 0;  // the generation under which the token was issued
};

// Returns what `token` hangs on.
std::vector<Anchor> AnchorsOf(const storage::v1::TokenRecord& token);

// A generation starts here, so that 0 in a token can mean "hangs on no such thing".
inline constexpr std::uint64_t kFirstGeneration = 1;

// Returns the generation that the record of `anchor` has now. Where there is no record: the first
// one of an installation, which an app's tokens need not have, else 0.
// UNAVAILABLE, DATA_LOSS: as storage::Reader.
absl::StatusOr<std::uint64_t> CurrentGeneration(const storage::Reader& reader,
                                                const Anchor& anchor);

// Returns the token as it is published at `now`: with the state that its own record, its
// generations and its expiry give it, and who ended it. Errors as storage::Reader.
absl::StatusOr<v1::Token> Published(const storage::Reader& reader,
                                    const storage::v1::TokenRecord& token, absl::Time now);

// Returns whether Published() would say that the token is active, for less.
absl::StatusOr<bool> IsActive(const storage::Reader& reader, const storage::v1::TokenRecord& token,
                              absl::Time now);

// Adds to a published token when it was last used, by what is written. Errors as storage::Reader.
absl::Status AddLastUse(const storage::Reader& reader, v1::Token& token);

// "active", "expired" or "revoked".
std::string StateName(v1::TokenState state);

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_TOKENS_H_
