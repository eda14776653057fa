#include "server/events/rights_events.h"

#include "latchkey/v1/common.pb.h"

namespace latchkey {

bool MayTakeRights(const EventFacets& facets) {
  // A spent refresh secret is refused and ends a family of tokens all the same.
  if (facets.action == v1::ACTION_TOKEN_REUSE) return true;
  if (facets.outcome != v1::OUTCOME_ALLOWED) return false;
  switch (facets.action) {
    case v1::ACTION_TOKEN_ISSUE:
      // A member's new TEST token ends the one before, which has an event of the same action.
      return facets.has_before;
    case v1::ACTION_WORKSPACE_CREATE:
    case v1::ACTION_MEMBER_CREATE:
    case v1::ACTION_SERVICE_CREATE:
    case v1::ACTION_ORGANIZATION_CREATE:
    case v1::ACTION_APP_CREATE:
    case v1::ACTION_APP_UPDATE:
    case v1::ACTION_APP_ADD_COLLABORATOR:
    case v1::ACTION_APP_REMOVE_COLLABORATOR:
    case v1::ACTION_APP_INSTALL:
    case v1::ACTION_APP_APPROVE:
    case v1::ACTION_REQUEST_RESOLVE:
    case v1::ACTION_REQUEST_WITHDRAW:
    case v1::ACTION_REQUEST_EXPIRE:
    case v1::ACTION_TOKEN_EXPIRE_WARN:
    case v1::ACTION_TOKEN_IDLE_WARN:
    case v1::ACTION_TOKEN_PURGE:
    case v1::ACTION_CONSUMER_CREATE:
    case v1::ACTION_CONSUMER_DELETE:
    case v1::ACTION_AUDIT_HOLD_LAPSE:
    case v1::ACTION_AUDIT_TRUNCATE:
      return false;
    default:
      return true;  // what comes to be later, too
  }
}

}  // namespace latchkey
