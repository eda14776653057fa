#ifndef LATCHKEY_SERVER_SECRET_HARDEN_H_
#define LATCHKEY_SERVER_SECRET_HARDEN_H_

#include "absl/status/status.h"

namespace latchkey::secret {

// Keeps this process's memory out of core dumps and out of the reach of other processes of its
// user: sets RLIMIT_CORE to 0 and PR_SET_DUMPABLE to 0. Both, since a dump that goes to a pipe has
// no limit, and executing a program makes it dumpable again. Call it first in main(). There is no
// way back from the first. UNAVAILABLE: the system refuses.
absl::Status DisableCoreDumps();

}  // namespace latchkey::secret

#endif  // LATCHKEY_SERVER_SECRET_HARDEN_H_
