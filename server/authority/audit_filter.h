#ifndef LATCHKEY_SERVER_AUTHORITY_AUDIT_FILTER_H_
#define LATCHKEY_SERVER_AUTHORITY_AUDIT_FILTER_H_

#include "absl/status/status.h"
#include "latchkey/v1/audit_service.pb.h"
#include "server/authority/caller.h"
#include "server/authority/fact_sheet.h"

namespace latchkey {

// What reading the log through a filter takes; Authority::AuthorizeAudit() is all of it together.

// Fills `sheet`: the action is about the events that `filter` selects. A member's rights are in one
// workspace, so that is judged where the filter names none.
absl::Status AboutEventsOf(const Caller& caller, const v1::EventFilter& filter, FactSheet& sheet);

// Returns whether `filter` names what a caller of this kind must name: a member, a workspace.
bool NamesItsPart(const Caller& caller, const v1::EventFilter& filter);
// INVALID_ARGUMENT: it does not.
absl::Status CheckNamesItsPart(const Caller& caller, const v1::EventFilter& filter);

// INVALID_ARGUMENT: the filter is not of the form. The fields are those of a request with a
// `filter`.
absl::Status CheckFilter(const v1::EventFilter& filter);

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_AUDIT_FILTER_H_
