#ifndef LATCHKEY_SERVER_AUTHORITY_AUDIT_FILTER_H_
#define LATCHKEY_SERVER_AUTHORITY_AUDIT_FILTER_H_

#include "latchkey/v1/audit_service.pb.h"
#include "server/authority/validate.h"
#include "server/events/event_selector.h"

namespace latchkey {

// Adds what is wrong with the form of `filter`, the field `filter` of a request.
void CheckFilter(const v1::EventFilter& filter, Validator& validator);

// Returns what selects the events of `filter`, whose form must be good. Its action_prefixes are
// looked up here, and not for each event.
EventSelector SelectorOf(const v1::EventFilter& filter);

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_AUDIT_FILTER_H_
