#include "server/events/event_selector.h"

namespace latchkey {
namespace {

template <std::size_t N>
bool Has(const std::bitset<N>& set, int number) {
  return number >= 0 && static_cast<std::size_t>(number) < N &&
         set[static_cast<std::size_t>(number)];
}

template <std::size_t N>
void Add(int number, std::bitset<N>& set) {
  if (number >= 0 && static_cast<std::size_t>(number) < N)
    set.set(static_cast<std::size_t>(number));
}

}  // namespace

EventSelector::EventSelector(const v1::EventFilter& filter, const std::vector<v1::Action>& prefixed)
    : all_(filter.ByteSizeLong() == 0),
      any_action_(filter.actions().empty() && filter.action_prefixes().empty()),
      any_outcome_(filter.outcomes().empty()),
      workspace_(filter.workspace()),
      organization_(filter.organization()),
      app_(filter.app()),
      actor_(filter.actor()),
      resource_(filter.resource()),
      token_(filter.token()) {
  for (const int action : filter.actions()) Add(action, actions_);
  for (const v1::Action action : prefixed) Add(action, actions_);
  for (const int outcome : filter.outcomes()) Add(outcome, outcomes_);
}

bool EventSelector::SelectsKind(const EventFacets& facets) const {
  return (any_action_ || Has(actions_, facets.action)) &&
         (any_outcome_ || Has(outcomes_, facets.outcome));
}

bool EventSelector::Selects(const EventFacets& facets) const {
  if (all_) return true;
  if (!SelectsKind(facets)) return false;
  if (!workspace_.empty() && facets.workspace != workspace_) return false;
  if (!organization_.empty() && facets.organization != organization_) return false;
  if (!app_.empty() && facets.app != app_) return false;
  if (!resource_.empty() && facets.resource != resource_) return false;
  if (!token_.empty() && facets.resource != token_ && facets.token != token_) return false;
  return actor_.empty() || facets.principal == actor_ || facets.delegate == actor_;
}

}  // namespace latchkey
