#ifndef LATCHKEY_SERVER_AUTHORITY_REFUSAL_H_
#define LATCHKEY_SERVER_AUTHORITY_REFUSAL_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/authority/fact_sheet.h"
#include "server/policy/policy.h"

namespace latchkey {

// How a refusal is told: with rule and reason, or, where that would tell of what the caller may not
// know of, as if it did not exist. Mutations, reads and dry runs all ask here.

// What a service without the role DELEGATE is told that calls on behalf of a member: whoever may
// not act for a member does not act as itself instead.
policy::Decision UndelegatedDecision();

// Whether a refusal is about who calls, whatever the call is about, and so tells of nothing else.
bool IsAboutCaller(const policy::Decision& decision);

// Whether a refusal says what the app or the token is that the action is about.
bool TellsWhatItIs(policy::Action action, const policy::Decision& decision);

// The reading that tells whether the caller may know of what `action` is about, where that is not
// for everybody in the workspace.
std::optional<policy::Action> ReadingOf(policy::Action action);

// Whether `decision`, a refusal by `sheet`, is told as if what it is about did not exist: in
// another workspace, where there is no such app or token, or where `reading` is refused too.
bool IsHidden(const FactSheet& sheet, const policy::Decision& decision,
              std::optional<policy::Action> reading);

// The error that tells a refusal. NOT_FOUND names `app`, if that is given and is what is not there,
// else `resource`.
absl::Status RefusalError(const FactSheet& sheet, const policy::Decision& decision,
                          std::optional<policy::Action> reading, absl::string_view resource,
                          absl::string_view app = "");

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_REFUSAL_H_
