#ifndef LATCHKEY_TOOLS_LATCHKEY_PARSER_H_
#define LATCHKEY_TOOLS_LATCHKEY_PARSER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/latchkey/command.h"
#include "tools/latchkey/settings.h"

namespace latchkey::cli {

// A command line that was understood.
struct Parsed {
  // Not empty: the user asked for this text, and for nothing to be done.
  std::string help;
  Flags flags;
  std::string request_id;  // empty: none was given
  bool changes = false;
  Runner run;
};

// Reads a command line without the program's name. Global options may stand anywhere.
//
// INVALID_ARGUMENT: it is wrong; says why, and what was probably meant.
absl::StatusOr<Parsed> ParseCommandLine(std::vector<std::string> args,
                                        const std::vector<Command>& commands);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_PARSER_H_
