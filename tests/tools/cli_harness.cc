#include "tests/tools/cli_harness.h"

#include <fstream>

namespace latchkey::testing {

CliHarness::CliHarness() { environment["HOME"] = dir_.path(); }

CliResult CliHarness::RunAlone(const std::vector<std::string>& args) {
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  cli::Io io{in, out, err, environment, clock, stop, nullptr};
  io.err_is_terminal = err_is_terminal;
  CliResult result;
  result.code = cli::RunCli(args, io);
  result.out = out.str();
  result.err = err.str();
  return result;
}

CliResult CliHarness::Run(const FakeServer& server, std::vector<std::string> args) {
  args.push_back("--target");
  args.push_back(server.target());
  return RunAlone(args);
}

std::string CliHarness::File(const std::string& name, const std::string& text) const {
  std::ofstream(dir_.Child(name)) << text;
  return dir_.Child(name);
}

}  // namespace latchkey::testing
