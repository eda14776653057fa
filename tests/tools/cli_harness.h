#ifndef LATCHKEY_TESTS_TOOLS_CLI_HARNESS_H_
#define LATCHKEY_TESTS_TOOLS_CLI_HARNESS_H_

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/client/fake_server.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/temp_dir.h"
#include "tools/latchkey/cli_main.h"

namespace latchkey::testing {

// What a run of the command gave.
struct CliResult {
  cli::ExitCode code = cli::ExitCode::kOk;
  std::string out;
  std::string err;
};

// A secret of the right form, which is nobody's.
inline constexpr char kSecret[] = "lkb_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLM";

// Runs the command in this process, with a world of its own: no environment but `environment`, a
// home folder, and `input` as standard input. Used by one thread, but for `stop`.
class CliHarness {
 public:
  CliHarness();

  // Runs it with no server named.
  CliResult RunAlone(const std::vector<std::string>& args);
  // Runs it against a server.
  CliResult Run(const FakeServer& server, std::vector<std::string> args);

  // Makes a file in the home folder, and returns its path.
  std::string File(const std::string& name, const std::string& text) const;
  std::string home() const { return dir_.path(); }

  std::map<std::string, std::string> environment;
  std::string input;
  bool err_is_terminal = false;
  FakeClock clock;
  cli::StopSignal stop;

 private:
  TempDir dir_;
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_TOOLS_CLI_HARNESS_H_
