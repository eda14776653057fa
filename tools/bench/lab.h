#ifndef LATCHKEY_TOOLS_BENCH_LAB_H_
#define LATCHKEY_TOOLS_BENCH_LAB_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/bench/closed_loop.h"
#include "tools/bench/folder.h"
#include "tools/bench/options.h"
#include "tools/bench/report.h"
#include "tools/bench/servers.h"
#include "tools/bench/tenant.h"

namespace latchkey::benchmark {

// One load of several that take turns.
struct Turn {
  std::string name;
  Load* load;
  int outstanding;
  pid_t server_pid;                      // 0: its CPU time is not known
  std::uint64_t max_calls = UINT64_MAX;  // a round; with a bound there is no warm-up
};

// A server to measure, with a tenant on it.
struct Subject {
  std::unique_ptr<Latchkeyd> process;  // null where it was not started here
  pid_t pid = 0;
  std::string address;
  Metadata as_operator;
  Channels channels;
  Tenant tenant;
};

// What the experiments share. Everything outlives them.
struct Lab {
  const Options& options;
  const Cores cores;
  const WorkFolder& folder;
  EchoProcess& echo;           // on a completion queue
  EchoProcess& callback_echo;  // by callbacks
  Report& report;
};

// Starts a server with the data folder `name`, or connects to the one that the options name, and
// makes a tenant on it.
absl::StatusOr<Subject> MakeSubject(const Options& options, const Cores& cores,
                                    const WorkFolder& folder, const std::string& name);

// Ends a server that was started here. It closes the channels first: nothing reads from an idle
// one, and a server that stops would wait for its client to go.
absl::Status StopSubject(Subject& subject);

// The same; or retires the tenant of a server that goes on.
absl::Status EndSubject(Subject& subject);

// Issues `count` tokens as fast as it goes and returns their secrets. Their making becomes a figure
// where it has a name.
absl::StatusOr<std::vector<std::string>> IssueTokens(Lab& lab, const Subject& subject,
                                                     std::size_t count, const std::string& figure);

// Runs the loads in turns, as many rounds as the options say, and adds a figure for each to the
// report. The result has the figures in the same order.
absl::StatusOr<std::vector<Figure>> RunInTurns(Lab& lab, const std::vector<Turn>& turns);

// Makes one call, so that the load knows its sizes.
absl::Status Probe(Load& load);

// Compares two figures of one RunInTurns() by a value of each round: `a` over `b`.
using ValueOf = std::function<double(const Sample&)>;
Spread RatioOf(const Figure& a, const Figure& b, const ValueOf& value);

// Values for it.
double CallsPerSecond(const Sample& sample);
double ServerCpu(const Sample& sample);

}  // namespace latchkey::benchmark

#endif  // LATCHKEY_TOOLS_BENCH_LAB_H_
