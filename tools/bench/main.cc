// latchkey_bench: measures a Latchkey server. docs/performance.md says what its figures mean.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "server/base/status_macros.h"
#include "server/secret/harden.h"
#include "tools/bench/echo_server.h"
#include "tools/bench/experiments.h"
#include "tools/bench/fleet_process.h"
#include "tools/bench/interrupt.h"
#include "tools/bench/lab.h"
#include "tools/bench/machine.h"
#include "tools/bench/options.h"
#include "tools/bench/report.h"

namespace latchkey::benchmark {
namespace {

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "latchkey_bench: %s\n", status.ToString().c_str());
  return 1;
}

absl::StatusOr<Cores> ChooseCores(const Options& options) {
  Cores cores;
  if (!options.pin) return cores;
  LATCHKEY_ASSIGN_OR_RETURN(const CorePair pair, UsableCores());
  cores.server = pair.first;
  cores.client = pair.last;
  LATCHKEY_RETURN_IF_ERROR(PinToCore(cores.client));
  return cores;
}

void Describe(const Options& options, const Cores& cores, const WorkFolder& folder,
              Report& report) {
  report.quick = options.quick;
  report.setting = DescribeMachine();
  report.setting.emplace_back("transport", !options.target.empty() ? options.target
                                           : options.transport == Transport::kUnix
                                               ? "unix sockets"
                                               : "loopback TCP");
  report.setting.emplace_back(
      "cores", options.pin ? absl::StrCat("servers on ", cores.server, ", client on ", cores.client)
                           : "any");
  report.setting.emplace_back(
      "turns",
      absl::StrCat(options.rounds, " of ", absl::FormatDuration(options.measure), " after ",
                   absl::FormatDuration(options.warm_up), ", ", options.channels, " channels"));
  // Where a server that runs has its data is not known here.
  if (options.target.empty()) {
    report.setting.emplace_back("data on", FileSystemOf(folder.path()));
  }
}

absl::Status MeasureCalls(Lab& lab) {
  LATCHKEY_ASSIGN_OR_RETURN(Subject subject,
                            MakeSubject(lab.options, lab.cores, lab.folder, "calls"));
  absl::Status status = DescribeServer(lab, subject);
  if (status.ok() && lab.options.verify) status = MeasureVerify(lab, subject);
  if (status.ok() && lab.options.mutations) status = MeasureMutations(lab, subject);
  status.Update(EndSubject(subject));
  return status;
}

absl::StatusOr<Report> Measure(const Options& options) {
  LATCHKEY_ASSIGN_OR_RETURN(const Cores cores, ChooseCores(options));
  LATCHKEY_ASSIGN_OR_RETURN(const WorkFolder folder, WorkFolder::Make(options.folder));
  LATCHKEY_ASSIGN_OR_RETURN(
      const std::unique_ptr<EchoProcess> echo,
      EchoProcess::Start(options, cores.server, folder.path(), EchoApi::kQueue));
  LATCHKEY_ASSIGN_OR_RETURN(
      const std::unique_ptr<EchoProcess> callback_echo,
      EchoProcess::Start(options, cores.server, folder.path(), EchoApi::kCallback));
  Report report;
  Describe(options, cores, folder, report);
  Lab lab{options, cores, folder, *echo, *callback_echo, report};
  if (options.verify || options.mutations) LATCHKEY_RETURN_IF_ERROR(MeasureCalls(lab));
  if (options.tokens > 0) LATCHKEY_RETURN_IF_ERROR(MeasureStore(lab));
  if (options.streams > 0) LATCHKEY_RETURN_IF_ERROR(MeasureStreams(lab));
  return report;
}

absl::Status Show(const Report& report, const std::string& json_file) {
  if (json_file == "-") {
    std::fputs(ToJson(report).c_str(), stdout);
    return absl::OkStatus();
  }
  std::fputs(ToText(report).c_str(), stdout);
  if (json_file.empty()) return absl::OkStatus();
  std::ofstream file(json_file);
  file << ToJson(report) << std::flush;
  return file ? absl::OkStatus()
              : absl::UnavailableError(absl::StrCat(json_file, " could not be written"));
}

// Lets channels that nobody calls through answer the pings by which servers look for dead peers:
// gRPC would look at one event each 5 s, which is too seldom for more than four connections.
void KeepIdleChannels() { ::setenv("GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS", "200", 0); }

int Run(const Options& options) {
  // The operator secret of a server is in memory.
  if (const absl::Status hardened = secret::DisableCoreDumps(); !hardened.ok()) {
    return Fail(hardened);
  }
  KeepIdleChannels();
  NoteInterrupts();
  const absl::StatusOr<Report> report = Measure(options);
  if (!report.ok()) return Fail(report.status());
  const absl::Status shown = Show(*report, options.json_file);
  if (!shown.ok()) return Fail(shown);
  const bool met = std::all_of(report->findings.begin(), report->findings.end(),
                               [](const Finding& finding) { return finding.met(); });
  return options.check && !met ? 1 : 0;
}

}  // namespace
}  // namespace latchkey::benchmark

int main(int argc, char** argv) {
#ifdef NDEBUG
  // As latchkeyd does.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
#endif
  using namespace latchkey::benchmark;
  const CommandLine line = ParseCommandLine(argc, argv);
  if (line.done) return line.exit_code;
  if (line.echo_address.empty() && !line.fleet) return Run(line.options);
  const absl::Status status =
      line.fleet ? ReadStreams() : ServeEcho(line.echo_address, line.echo_api);
  return status.ok() ? 0 : Fail(status);
}
