#ifndef LATCHKEY_SERVER_EVENTS_RIGHTS_EVENTS_H_
#define LATCHKEY_SERVER_EVENTS_RIGHTS_EVENTS_H_

#include "server/events/event_bytes.h"

namespace latchkey {

// Returns whether the change that an event records may have taken the right to read events from
// somebody, or ended a credential that reads them. It rather says so once too often: what it costs
// is that open streams look at their rights again.
bool MayTakeRights(const EventFacets& facets);

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_EVENTS_RIGHTS_EVENTS_H_
