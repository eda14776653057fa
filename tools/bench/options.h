#ifndef LATCHKEY_TOOLS_BENCH_OPTIONS_H_
#define LATCHKEY_TOOLS_BENCH_OPTIONS_H_

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tools/bench/address.h"
#include "tools/bench/echo_server.h"

namespace latchkey::benchmark {

// What the benchmark is told. Every field has its option (see ParseOptions).
struct Options {
  // The server: a program to run, or one that runs.
  std::string latchkeyd;
  std::string target;
  std::string token_file;
  std::string ca_file;
  pid_t server_pid = 0;

  // What to measure.
  bool verify = true;
  bool mutations = true;
  std::size_t tokens = 0;                 // of the large store; 0: it is not measured
  int streams = 0;                        // Subscribe streams at once; 0: they are not measured
  std::size_t stream_events = 1'000'000;  // that one of them catches up on

  // How.
  Transport transport = Transport::kTcp;
  bool pin = false;
  int outstanding = 64;
  int batch_outstanding = 16;
  int batch = 64;
  int channels = 4;
  int rounds = 5;
  absl::Duration measure = absl::Seconds(3);
  absl::Duration warm_up = absl::Seconds(1);
  std::size_t verify_tokens = 1000;
  bool quick = false;

  // What becomes of it.
  std::string folder;
  std::string json_file;
  bool check = false;
};

// What the command line asks for: a benchmark, or one of the processes that the benchmark starts.
struct CommandLine {
  bool done = false;  // nothing is left to do but to exit
  int exit_code = 0;
  Options options = {};
  std::string echo_address;  // not empty: serve it
  EchoApi echo_api = EchoApi::kQueue;
  bool fleet = false;  // read streams
};

// Reads the command line, and prints help and usage errors.
CommandLine ParseCommandLine(int argc, const char* const* argv);

}  // namespace latchkey::benchmark

#endif  // LATCHKEY_TOOLS_BENCH_OPTIONS_H_
