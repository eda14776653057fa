#ifndef LATCHKEY_SERVER_EVENTS_EVENT_SELECTOR_H_
#define LATCHKEY_SERVER_EVENTS_EVENT_SELECTOR_H_

#include <bitset>
#include <cstddef>
#include <string>
#include <vector>

#include "latchkey/v1/audit_service.pb.h"
#include "latchkey/v1/common.pb.h"
#include "server/events/event_bytes.h"

namespace latchkey {

// Says which events a filter selects: made once for a stream or a list, and asked about each event.
// Immutable, so thread-safe.
class EventSelector {
 public:
  // Selects every event.
  EventSelector() = default;
  // Selects what `filter` does, whose form must be good. `prefixed` has the actions that its
  // action_prefixes stand for.
  explicit EventSelector(const v1::EventFilter& filter,
                         const std::vector<v1::Action>& prefixed = {});

  // Whether it selects every event, so that none need be looked at.
  bool all() const { return all_; }
  bool Selects(const EventFacets& facets) const;

 private:
  static constexpr std::size_t kActions = 256;
  static_assert(v1::Action_ARRAYSIZE <= kActions);

  bool SelectsKind(const EventFacets& facets) const;

  bool all_ = true;
  bool any_action_ = true;
  bool any_outcome_ = true;
  std::bitset<kActions> actions_;
  std::bitset<v1::Outcome_ARRAYSIZE> outcomes_;
  // Empty: any.
  std::string workspace_;
  std::string organization_;
  std::string app_;
  std::string actor_;
  std::string resource_;
  std::string token_;
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_EVENTS_EVENT_SELECTOR_H_
