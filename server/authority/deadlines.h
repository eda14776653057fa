#ifndef LATCHKEY_SERVER_AUTHORITY_DEADLINES_H_
#define LATCHKEY_SERVER_AUTHORITY_DEADLINES_H_

#include <vector>

#include "absl/time/time.h"
#include "latchkey/storage/v1/records.pb.h"
#include "latchkey/v1/directory_service.pb.h"

namespace latchkey {

// When something is to be done about a token by itself (design.md, section 5, automatic
// revocation). Pure: values in, times out.

// Last use is remembered to the hour.
inline constexpr absl::Duration kUsePrecision = absl::Hours(1);

// What a workspace and its plan say about the ends of its tokens.
struct EndingRules {
  absl::Duration idle_limit = absl::InfiniteDuration();
  std::vector<absl::Duration> expiry_warnings;  // how long before
  absl::Duration retention = absl::Hours(24 * 90);
};

// Returns the rules for tokens of `kind` in a workspace; a null one is that of a SERVICE token,
// which has no idle limit.
EndingRules RulesFor(const v1::Workspace* workspace, v1::TokenKind kind);

// When a live token ends by itself, and when a warning of that is due.
struct Ending {
  absl::Time expire = absl::InfiniteFuture();
  absl::Time idle = absl::InfiniteFuture();
  // What comes first after now: a warning, or an end.
  absl::Time next = absl::InfiniteFuture();
};

// Returns the ending of a live token that was last used in the hour that begins at `last_use`
// (InfinitePast: never). Its last hour counts whole, so that nothing ends early.
Ending EndingOf(const storage::v1::TokenRecord& token, const EndingRules& rules,
                absl::Time last_use, absl::Time now);

// The shortest of the warnings that are due at `now` for an end, where one is that was not left yet
// by what `token` remembers; else zero.
absl::Duration WarningDue(const storage::v1::TokenRecord& token, absl::Time end,
                          const std::vector<absl::Duration>& warnings, absl::Time now);

// How long before the end of an unused token warnings are left: 7 days and 1 day.
const std::vector<absl::Duration>& IdleWarnings();

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_DEADLINES_H_
