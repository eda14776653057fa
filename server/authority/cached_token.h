#ifndef LATCHKEY_SERVER_AUTHORITY_CACHED_TOKEN_H_
#define LATCHKEY_SERVER_AUTHORITY_CACHED_TOKEN_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/inlined_vector.h"
#include "absl/time/time.h"
#include "latchkey/v1/common.pb.h"
#include "server/policy/policy.h"

namespace latchkey {

// A generation as the verifier remembers it. It only grows, so that learning of it twice, or in
// any order, does no harm.
class GenerationCell {
 public:
  std::uint64_t Get() const { return generation_.load(std::memory_order_acquire); }
  // Returns whether it was lower before.
  bool RaiseTo(std::uint64_t generation);
  bool loaded() const { return loaded_.load(std::memory_order_acquire); }
  void set_loaded() { loaded_.store(true, std::memory_order_release); }

 private:
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<bool> loaded_{false};
};

// What the verifier remembers of a secret. Immutable but for what says otherwise.
//
// As a rule one block of memory, with what every look at it reads first: of a token that nobody
// asked about lately each further block is a cache miss.
struct CachedToken {
  // Of a token that may authenticate a call to Latchkey: who its call is.
  struct Calling {
    std::string name;  // of the token
    std::string principal;
    policy::ServiceRoles roles;  // SERVICE only
  };
  // Of a token with two live secrets.
  struct Overlap {
    // Reaches `version` when the present secret is first used, which ends the one before.
    std::shared_ptr<GenerationCell> first_use;
    std::uint64_t version = 0;
    // Of the secret that was replaced, and is good until then; else in the past.
    absl::Time superseded_until = absl::InfinitePast();
  };
  struct IssuedUnder {
    std::shared_ptr<GenerationCell> cell;
    std::uint64_t generation = 0;
  };

  // The first half of the secret's keyed hash.
  using Id = std::array<std::uint64_t, 2>;
  explicit CachedToken(const Id& of) : id(of) {}

  const Id id;
  mutable std::uint32_t place = 0;  // in its SecretCache, and under the lock of that
  // The hour, since 1970, of the last use that was noted; 0: none yet.
  mutable std::atomic<std::uint32_t> used_hour{0};
  v1::TokenKind kind = v1::TOKEN_KIND_UNSPECIFIED;
  bool revoked = false;     // by its own record
  bool superseded = false;  // the secret was replaced
  absl::Time expire_time = absl::InfiniteFuture();
  std::unique_ptr<const Overlap> overlap;  // null where the token has one live secret
  absl::InlinedVector<IssuedUnder, 4> anchors;
  // The answer while the token is active, as AppendAnswer() writes it.
  absl::InlinedVector<char, 176> answer;
  std::unique_ptr<const Calling> calling;  // null: the token may not call Latchkey
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_CACHED_TOKEN_H_
