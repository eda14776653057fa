#ifndef LATCHKEY_TESTS_SERVER_REPLAYED_STATE_H_
#define LATCHKEY_TESTS_SERVER_REPLAYED_STATE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "latchkey/v1/audit_service.pb.h"
#include "tests/server/shown_secrets.h"
#include "tests/server/shown_state.h"

namespace latchkey::testing {

// The name of a token's workspace; "" of a service's token.
std::string WorkspaceOfToken(const std::string& token);

// What a subscriber who knows nothing but the events takes the state to be. Thread-compatible.
class ReplayedState {
 public:
  // Fails the test where the event does not fit those before it.
  void Apply(const v1::Event& event);

  // What lists show at `now`, with the tokens that were purged meanwhile: no event names those.
  State ShownAt(absl::Time now) const;
  // What reading a token shows; nullopt where there is none. A purged one is as it was.
  std::optional<v1::Token> TokenAt(const std::string& name, absl::Time now) const;
  // The access tokens of a REFRESH token that are good at `now`.
  std::vector<std::string> LiveAccessTokensOf(const std::string& refresh, absl::Time now) const;
  // An app; null where there is none.
  const v1::App* FindApp(const std::string& name) const;
  // A consumer as it was made; null where there is none.
  const v1::Consumer* FindConsumer(const std::string& name) const;
  // The event that made the present consumer of a name.
  std::uint64_t ConsumerMadeAt(const std::string& name) const { return made_.at(name); }

  // Whether a token has this secret at `now`, be it the last one or the one before, in its grace.
  bool IsGood(const ShownSecret& secret, absl::Time now) const;
  // The event that replaced a secret by the next; 0: none did.
  std::uint64_t ReplacedAt(const ShownSecret& secret) const;
  // The event that made the last secret of a token.
  std::uint64_t LastSecretOf(const std::string& token) const { return secrets_.at(token).back(); }

  // Whether a dead token may be one of those that the events of purges tell of.
  bool MayBePurged(const std::string& token, absl::Time now) const;
  // How many tokens were purged, by workspace, and by "" for those of services.
  const std::map<std::string, std::uint64_t>& purged() const { return purged_; }
  // Tokens that have expired at `now` without an event that tells so.
  std::vector<std::string> UntoldExpiries(absl::Time now) const;
  // The names of all services that ever were.
  const std::set<std::string>& services() const { return services_; }

 private:
  void NotePurge(const v1::Event& event);
  void NoteNotice(const v1::Event& event);
  // Ends the live tokens that `ends` selects, as one raised generation does.
  template <typename Ends>
  void EndTokens(const v1::Event& event, const std::string& why, const Ends& ends);
  void EndGenerations(const v1::Event& event);
  v1::Token Published(const v1::Token& own, absl::Time now) const;
  v1::Installation Published(const v1::Installation& own) const;

  // By name, each as its last own event has it.
  std::map<std::string, v1::Entity> resources_;
  // What ended tokens without an event of their own.
  std::map<std::string, v1::Revocation> ends_;
  // The events that made the secrets of each token, oldest first.
  std::map<std::string, std::vector<std::uint64_t>> secrets_;
  std::map<std::string, std::uint64_t> made_;  // consumers
  std::map<std::string, std::vector<v1::Summary>> purges_;
  std::map<std::string, std::uint64_t> purged_;
  std::set<std::string> told_;  // to have expired
  std::set<std::string> services_;
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_SERVER_REPLAYED_STATE_H_
