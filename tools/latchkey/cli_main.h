#ifndef LATCHKEY_TOOLS_LATCHKEY_CLI_MAIN_H_
#define LATCHKEY_TOOLS_LATCHKEY_CLI_MAIN_H_

#include <string>
#include <vector>

#include "tools/latchkey/exit_code.h"
#include "tools/latchkey/io.h"

namespace latchkey::cli {

// Runs the command that `args`, without the program's name, ask for, and returns what to exit
// with. The whole of the program but for the process around it: terminals, signals, limits.
//
// Blocks until the command is done; `audit tail` until it is told to stop.
ExitCode RunCli(const std::vector<std::string>& args, const Io& io);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_CLI_MAIN_H_
