#include "server/secret/harden.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gtest/gtest.h"

namespace latchkey::secret {
namespace {

// Runs `check` in a process of its own, which stays hardened, and returns what it returns.
int InAnotherProcess(int (*check)()) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(check());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(DisableCoreDumpsTest, LeavesTheProcessWithoutCoreDumps) {
  const int result = InAnotherProcess([] {
    if (::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return 1;
    if (!DisableCoreDumps().ok()) return 2;
    rlimit limit{1, 1};
    if (::getrlimit(RLIMIT_CORE, &limit) != 0) return 3;
    if (limit.rlim_cur != 0 || limit.rlim_max != 0) return 4;
    return ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : 5;
  });

  EXPECT_EQ(result, 0) << "the step that failed";
}

TEST(DisableCoreDumpsTest, MayBeCalledTwice) {
  const int result =
      InAnotherProcess([] { return DisableCoreDumps().ok() && DisableCoreDumps().ok() ? 0 : 1; });

  EXPECT_EQ(result, 0);
}

}  // namespace
}  // namespace latchkey::secret
