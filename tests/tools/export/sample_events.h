#ifndef LATCHKEY_TESTS_TOOLS_EXPORT_SAMPLE_EVENTS_H_
#define LATCHKEY_TESTS_TOOLS_EXPORT_SAMPLE_EVENTS_H_

#include <vector>

#include "latchkey/v1/audit_service.pb.h"

namespace latchkey::testing {

// Returns events of every shape that the forms of an export tell apart: an issue by a member, an
// issue on behalf of one, a denial, one that waits for an approval, an update, a reactivation, the
// progress of a bulk revocation, summaries, a reuse, a warning, an organization's, one with an
// action and fields that nobody knows yet, and an empty one.
std::vector<v1::Event> SampleEvents();

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_TOOLS_EXPORT_SAMPLE_EVENTS_H_
