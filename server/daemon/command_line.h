#ifndef LATCHKEY_SERVER_DAEMON_COMMAND_LINE_H_
#define LATCHKEY_SERVER_DAEMON_COMMAND_LINE_H_

#include <string>

#include "server/daemon/settings.h"

namespace latchkey::daemon {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

enum class Subcommand { kInit, kServe, kCheckConfig };

struct CommandLine {
  // What to do; where there is nothing, because help was asked for or the words are wrong, `done`
  // is set and the text was written.
  bool done = false;
  int exit_code = kExitOk;
  Subcommand subcommand = Subcommand::kServe;
  Settings settings = {};
};

// Reads the command line, and the file that --config names: TOML, one key for each option of the
// subcommand, by its name without the dashes. The command line goes before the file; a key that is
// no option is an error.
CommandLine ParseCommandLine(int argc, const char* const* argv);

}  // namespace latchkey::daemon

#endif  // LATCHKEY_SERVER_DAEMON_COMMAND_LINE_H_
