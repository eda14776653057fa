#ifndef LATCHKEY_TESTS_SERVER_REPLAYED_STATE_H_
#define LATCHKEY_TESTS_SERVER_REPLAYED_STATE_H_

#include <map>
#include <string>

#include "latchkey/v1/audit_service.pb.h"
#include "server/authority/authority.h"

namespace latchkey::testing {

// Every resource by name, as text, so that two states can be compared and a difference be read.
using State = std::map<std::string, std::string>;

// What a subscriber who knows nothing but the events takes the state to be. Thread-compatible.
class ReplayedState {
 public:
  void Apply(const v1::Event& event);
  State state() const;

 private:
  // Ends the live tokens that `ends` selects, as one raised generation does.
  template <typename Ends>
  void EndTokens(const v1::Event& event, const std::string& why, const Ends& ends);
  void EndGenerations(const v1::Event& event);

  std::map<std::string, v1::Entity> resources_;
};

// What the authority's own lists and reads show to the operator.
State ShownState(Authority& authority);

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_SERVER_REPLAYED_STATE_H_
