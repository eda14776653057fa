#ifndef LATCHKEY_SERVER_AUTHORITY_DRY_RUN_H_
#define LATCHKEY_SERVER_AUTHORITY_DRY_RUN_H_

#include <optional>

#include "absl/status/status.h"
#include "latchkey/v1/policy_service.pb.h"
#include "server/authority/caller.h"
#include "server/authority/fact_sheet.h"
#include "server/authority/mutation.h"
#include "storage/reader.h"

namespace latchkey {

// What CheckPermission is about.

// INVALID_ARGUMENT: a field of the request is of no form, or is not for its action.
absl::Status CheckAsked(const v1::CheckPermissionRequest& request);

// Fills the sheet, which is `caller`'s, as the method of its action would, and `target` with what
// that would name in its errors. The request passed CheckAsked().
// INVALID_ARGUMENT: the resource does not fit the action. Else errors as FactSheet.
absl::Status AboutAsked(const storage::Reader& reader, const Caller& caller, FactSheet& sheet,
                        const v1::CheckPermissionRequest& request, Target& target);

// The reading whose refusal hides what is asked about, as the method would: of one thing, and not
// of all that a workspace has.
std::optional<policy::Action> ReadingOfAsked(const v1::CheckPermissionRequest& request);

// NOT_FOUND as the method would say it to who has the right: what it is about is not there. Errors
// as storage::Reader.
absl::Status CheckThere(const storage::Reader& reader, const Caller& caller, const FactSheet& sheet,
                        const v1::CheckPermissionRequest& request, const Target& target);

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_DRY_RUN_H_
