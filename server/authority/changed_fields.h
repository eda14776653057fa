#ifndef LATCHKEY_SERVER_AUTHORITY_CHANGED_FIELDS_H_
#define LATCHKEY_SERVER_AUTHORITY_CHANGED_FIELDS_H_

#include "latchkey/v1/audit_service.pb.h"

namespace latchkey {

// Sets `changed` of an event that has `before` and `after` of one kind, as the contract says;
// leaves any other event as it is. Takes a microsecond or two.
void SetChanged(v1::Event& event);

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_CHANGED_FIELDS_H_
