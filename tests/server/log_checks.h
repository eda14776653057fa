#ifndef LATCHKEY_TESTS_SERVER_LOG_CHECKS_H_
#define LATCHKEY_TESTS_SERVER_LOG_CHECKS_H_

#include <vector>

#include "latchkey/v1/audit_service.pb.h"
#include "tests/server/random_caller.h"
#include "tests/server/recorded_calls.h"
#include "tests/server/replayed_state.h"
#include "tests/server/test_authority.h"

namespace latchkey::testing {

using Log = std::vector<v1::Event>;

// Reads all of the log.
Log ReadLog(Authority& authority);

void CheckLogIsDense(const Log& log);

// An event for each change, and none without.
void CheckEventsAgreeWithAnswers(const Log& log, const std::vector<DoneCall>& done);

// What the events alone make.
ReplayedState Replay(const Log& log);

// It is the state that lists show at the clock's time.
void CheckReplayGivesTheState(const ReplayedState& replayed, TestAuthority& authority);

// Consumers are where they were made, or where the greatest position is that was acknowledged.
void CheckPositions(const ReplayedState& replayed, TestAuthority& authority,
                    const std::vector<RandomCaller::Acknowledged>& acknowledged);

// Where a method never succeeds, or something that the server does by itself never happens, the
// run says nothing about it.
void CheckEverythingHappened(const Log& log, const std::vector<DoneCall>& done);

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_SERVER_LOG_CHECKS_H_
