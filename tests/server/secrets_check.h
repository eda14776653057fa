#ifndef LATCHKEY_TESTS_SERVER_SECRETS_CHECK_H_
#define LATCHKEY_TESTS_SERVER_SECRETS_CHECK_H_

#include <vector>

#include "latchkey/v1/audit_service.pb.h"
#include "tests/server/recorded_calls.h"
#include "tests/server/witness.h"

namespace latchkey::testing {

// Goes through the log and judges by it every secret that was presented meanwhile:
//   - to Verify: none is good that the log had ended before, and none is refused that is still
//     good at the end; of a witness that was alone, what it saw is exactly what the log says;
//   - to RevokeToken: what was good is dead when the answer comes, and nothing else ended;
//   - to RotateToken: only the last secret of a living pair gave the next one, and one that was
//     spent before ended the pair, or left an alert, as the app's policy was then.
// Of a family at most two access tokens are good at any time, and none without its refresh token.
// A first use that the log tells of was one, and no token that was used within a day ended for want
// of use. `now` is the clock's time; nothing is in memory that is still to be written.
void CheckSecrets(const std::vector<v1::Event>& log, const std::vector<DoneCall>& done,
                  const std::vector<const Witness*>& witnesses, absl::Time now);

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_SERVER_SECRETS_CHECK_H_
