#ifndef LATCHKEY_SERVER_AUTHORITY_AUDIT_FILTER_H_
#define LATCHKEY_SERVER_AUTHORITY_AUDIT_FILTER_H_

#include "absl/status/status.h"
#include "latchkey/v1/audit_service.pb.h"
#include "server/authority/caller.h"
#include "server/authority/fact_sheet.h"
#include "server/authority/validate.h"
#include "server/events/event_selector.h"

namespace latchkey {

// What reading the log through a filter takes.

// Fills `sheet`: the action is about the events that `filter` selects. A member's rights are in one
// workspace, so that is judged where the filter names neither that nor an organization.
absl::Status AboutEventsOf(const Caller& caller, const v1::EventFilter& filter, FactSheet& sheet);

// Returns whether `filter` names what a caller of this kind must name: a member, a workspace or an
// organization.
bool NamesItsPart(const Caller& caller, const v1::EventFilter& filter);
// INVALID_ARGUMENT: it does not.
absl::Status CheckNamesItsPart(const Caller& caller, const v1::EventFilter& filter);

// Adds what is wrong with the form of `filter`, the field `filter` of a request.
void CheckFilter(const v1::EventFilter& filter, Validator& validator);

// Returns what selects the events of `filter`, whose form must be good. Its action_prefixes are
// looked up here, and not for each event.
EventSelector SelectorOf(const v1::EventFilter& filter);

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_AUDIT_FILTER_H_
