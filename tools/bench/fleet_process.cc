#include "tools/bench/fleet_process.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/base/status_macros.h"
#include "tools/bench/channels.h"
#include "tools/bench/interrupt.h"
#include "tools/bench/stream_fleet.h"

namespace latchkey::benchmark {
namespace {

// What the process prints once each stream has its first response.
constexpr absl::string_view kOpen = "open";
constexpr absl::Duration kStopTimeout = absl::Seconds(60);

bool SaysThatItIsOpen(const std::string& log_file) {
  std::ifstream file(log_file);
  for (std::string line; std::getline(file, line);) {
    if (line == kOpen) return true;
  }
  return false;
}

StreamFleet::Options FleetOf(const bench::v1::FleetSpec& spec) {
  StreamFleet::Options options;
  options.method = spec.method();
  options.metadata.secret = spec.secret();
  options.count = spec.streams();
  options.reads = [one_in = spec.silent_one_in()](std::size_t number) {
    return one_in == 0 || number % one_in != 0;
  };
  options.request = [spec, reads = options.reads](std::size_t number) {
    return reads(number) ? spec.request() : spec.silent_request();
  };
  return options;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FleetProcess>> FleetProcess::Start(const bench::v1::FleetSpec& spec,
                                                                  int core,
                                                                  const std::string& log_file) {
  unlink(log_file.c_str());  // what an earlier one printed
  ChildProcess::Options child;
  child.argv = {"/proc/self/exe", "fleet"};
  child.input = spec.SerializeAsString();
  child.log_file = log_file;
  child.core = core;
  LATCHKEY_ASSIGN_OR_RETURN(std::unique_ptr<ChildProcess> process, ChildProcess::Start(child));
  std::unique_ptr<FleetProcess> fleet(new FleetProcess(std::move(process), log_file));
  while (!SaysThatItIsOpen(log_file)) {
    LATCHKEY_RETURN_IF_ERROR(CheckInterrupt());
    LATCHKEY_RETURN_IF_ERROR(fleet->Check());
    absl::SleepFor(absl::Milliseconds(10));
  }
  return fleet;
}

absl::Status FleetProcess::Check() {
  if (process_->IsRunning()) return absl::OkStatus();
  return WithLog(absl::InternalError("the process that reads streams ended"), log_file_);
}

absl::Status FleetProcess::Stop() { return WithLog(process_->Stop(kStopTimeout), log_file_); }

absl::Status ReadStreams() {
  EndSignals end;
  bench::v1::FleetSpec spec;
  if (!spec.ParseFromFileDescriptor(STDIN_FILENO) || spec.streams() == 0 ||
      spec.connections() == 0) {
    return absl::InvalidArgumentError("standard input is no FleetSpec");
  }
  LATCHKEY_ASSIGN_OR_RETURN(
      const Channels channels,
      OpenChannels(spec.address(), spec.ca_file(), static_cast<int>(spec.connections())));
  LATCHKEY_ASSIGN_OR_RETURN(const std::unique_ptr<StreamFleet> fleet,
                            StreamFleet::Open(channels, FleetOf(spec)));
  std::printf("%s\n", kOpen.data());
  std::fflush(stdout);
  end.Wait();
  if (fleet->failed()) return absl::InternalError("a stream ended");
  return absl::OkStatus();
}

}  // namespace latchkey::benchmark
