#ifndef LATCHKEY_SERVER_AUTHORITY_VERIFIER_H_
#define LATCHKEY_SERVER_AUTHORITY_VERIFIER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "latchkey/storage/v1/records.pb.h"
#include "latchkey/v1/common.pb.h"
#include "latchkey/v1/token_service.pb.h"
#include "latchkey/v1/verifier_service.pb.h"
#include "server/authority/cached_token.h"
#include "server/authority/effects.h"
#include "server/authority/secret_cache.h"
#include "server/authority/tokens.h"
#include "server/base/clock.h"
#include "server/base/mutex.h"
#include "server/form/secret_form.h"
#include "server/secret/keyring.h"
#include "storage/engine/engine.h"
#include "storage/reader.h"

namespace latchkey {

// Says whether presented secrets are good now. Reads the store for secrets it has not seen lately,
// remembers the others in bounded memory, and never writes.
//
// Last use is folded in memory, to the hour, and handed out by TakeUses() to be written: design.md,
// promise 7.
//
// A secret whose predecessor is still good ends that one when it is first found good. The verifier
// remembers so at once, and hands it out by TakeFirstUses() to be written.
//
// A revocation is seen by every Check() that starts after Apply() of its commit returned: Apply()
// raises the cells and drops the secrets; an entry that was read before that is not put back.
//
// Thread-safe. Check() blocks on disk where it has to read.
class Verifier {
 public:
  struct Options {
    engine::Engine& engine;
    const Clock& clock;
    const secret::Keyring& keyring;
    const secret::TokenPrefixes& prefixes;
    std::size_t max_tokens = 1'000'000;  // remembered at most; 440 bytes each and more
  };

  // `reason` is UNSPECIFIED where the secret is good. `token` is null where it is unknown.
  struct Verdict {
    v1::InactiveReason reason = v1::INACTIVE_REASON_UNSPECIFIED;
    std::shared_ptr<const CachedToken> token;
    bool active() const { return reason == v1::INACTIVE_REASON_UNSPECIFIED; }
  };

  // `newest` is the log's end.
  Verifier(Options options, std::uint64_t newest);

  // A secret on its way to Check(). Refers to the text, which has to outlive it.
  struct Presented {
    absl::string_view text;
    // Under the current key; none where the text has no secret's form.
    std::optional<secret::Digest> digest;
  };
  // Does what can be done before anybody knows whether to Check(): forms the hash, and begins to
  // fetch where what is remembered of it is looked for.
  Presented Prepare(absl::string_view text);

  // Judges one presented secret. UNAVAILABLE, DATA_LOSS: as storage::Reader.
  absl::StatusOr<Verdict> Check(const Presented& presented);
  absl::StatusOr<Verdict> Check(absl::string_view text) { return Check(Prepare(text)); }

  // Appends `verdict` as the contract's answer, the reason and the token of a bad secret only where
  // the caller is `trusted`: in wire form, as the `verification` of a VerifyResponse, which is one
  // of the `verifications` of a BatchVerifyResponse too. Fields of a message may follow one another
  // in any order (https://protobuf.dev/programming-guides/encoding/#order).
  static void AppendAnswer(const Verdict& verdict, bool trusted, std::string& response);

  // A secret that was used for the first time while the one before it was good.
  struct FirstUse {
    std::string token;  // name
    std::uint64_t version = 0;
    // Keeps the verifier's memory of it until it is written.
    std::shared_ptr<GenerationCell> cell;
  };
  // Returns, and forgets, the first uses since the last call.
  std::vector<FirstUse> TakeFirstUses();
  // Takes back what could not be written.
  void ReturnFirstUses(std::vector<FirstUse> uses);

  // The hours, since 1970, in which tokens were last found good, by name.
  using Uses = absl::flat_hash_map<std::string, std::uint32_t>;
  // Returns, and forgets, the uses since the last call.
  Uses TakeUses();
  // Takes back what could not be written.
  void ReturnUses(const Uses& uses);
  // The beginning of the hour of a token's last use among those that were not taken yet, or
  // InfinitePast.
  absl::Time UseInMemory(absl::string_view token) const;

  // Learns of a commit. Called in the order of commits, before anybody is told of them.
  void Apply(const Effects& effects, std::uint64_t newest);

  // Forgets everything, after a store that stopped writing came back: it may show a commit that
  // nobody was told of. Called as Apply() is.
  void Reset(std::uint64_t newest);

  // Every Check() shows at least this revision.
  std::uint64_t revision() const { return revision_.load(std::memory_order_acquire); }

  std::size_t cached_tokens() const { return secrets_.size(); }

 private:
  // Returns the entry of a hash; null where the store has none.
  absl::StatusOr<SecretCache::Entry> Find(absl::string_view hash);
  absl::StatusOr<SecretCache::Entry> Load(absl::string_view hash);
  absl::Status LoadAnchors(const storage::v1::TokenRecord& record, CachedToken& token);
  // Returns what there is of a secret before the one of `hash`, or after it where that is
  // `superseded`; null where there is none.
  std::unique_ptr<const CachedToken::Overlap> LoadOverlap(absl::string_view hash,
                                                          const storage::v1::TokenRecord& record,
                                                          bool superseded);
  absl::StatusOr<std::unique_ptr<const CachedToken::Calling>> LoadCalling(const v1::Token& token);
  // Raises, and holds, the cells that there are now: those that the uses held may have been
  // forgotten since.
  void RememberFirstUses(std::vector<FirstUse>& uses);
  void NoteUse(const CachedToken& token, absl::Time now);
  void NoteFirstUse(const CachedToken& token);
  static v1::InactiveReason Judge(const CachedToken& token, absl::Time now);
  std::shared_ptr<GenerationCell> CellOf(const std::string& key);
  storage::View NewView() const { return storage::View(options_.engine.NewSnapshot()); }

  const Options options_;
  std::atomic<std::uint64_t> revision_;
  SecretCache secrets_;
  Mutex cells_mu_;
  absl::flat_hash_map<std::string, std::shared_ptr<GenerationCell>> cells_
      ABSL_GUARDED_BY(cells_mu_);
  std::size_t cells_to_sweep_ ABSL_GUARDED_BY(cells_mu_) = 4096;
  Mutex first_uses_mu_;
  std::vector<FirstUse> first_uses_ ABSL_GUARDED_BY(first_uses_mu_);
  mutable Mutex uses_mu_;
  Uses uses_ ABSL_GUARDED_BY(uses_mu_);
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_VERIFIER_H_
