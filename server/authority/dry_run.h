#ifndef LATCHKEY_SERVER_AUTHORITY_DRY_RUN_H_
#define LATCHKEY_SERVER_AUTHORITY_DRY_RUN_H_

#include "absl/status/status.h"
#include "latchkey/v1/policy_service.pb.h"
#include "server/authority/fact_sheet.h"
#include "server/authority/mutation.h"
#include "storage/reader.h"

namespace latchkey {

// What CheckPermission is about.

// Fills the sheet as the method of its action would, and `target` with what that would name in its
// errors.
// INVALID_ARGUMENT: the resource does not fit the action. Else errors as FactSheet.
absl::Status AboutAsked(FactSheet& sheet, const v1::CheckPermissionRequest& request,
                        Target& target);

// NOT_FOUND as the method would say it to who has the right: what it is about is not there. Errors
// as storage::Reader.
absl::Status CheckThere(const storage::Reader& reader, const FactSheet& sheet,
                        const v1::CheckPermissionRequest& request, const Target& target);

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_DRY_RUN_H_
