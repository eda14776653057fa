#ifndef LATCHKEY_TESTS_SERVER_SHOWN_STATE_H_
#define LATCHKEY_TESTS_SERVER_SHOWN_STATE_H_

#include <map>
#include <set>
#include <string>

#include "latchkey/v1/audit_service.pb.h"
#include "server/authority/authority.h"

namespace latchkey::testing {

// Every resource by name, as text, so that two states can be compared and a difference be read.
using State = std::map<std::string, std::string>;

template <typename Resource>
void AddTo(State& state, const Resource& resource) {
  state[resource.name()] = resource.ShortDebugString();
}

// Takes away what no event tells: where a consumer is, and whether it is used.
void ForgetPosition(v1::Consumer& consumer);

// What the authority's own lists show to the operator, but for what no event tells. `services` are
// those that ever were: a deleted one is listed no more, and its tokens are.
State ShownState(Authority& authority, const std::set<std::string>& services);

// The consumers, with their positions.
std::vector<v1::Consumer> ShownConsumers(Authority& authority, const std::string& workspace = "");

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_SERVER_SHOWN_STATE_H_
