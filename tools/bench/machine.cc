#include "tools/bench/machine.h"

#include <sys/utsname.h>

#include <fstream>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "grpcpp/grpcpp.h"

namespace latchkey::benchmark {
namespace {

std::string CpuModel() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    if (absl::StartsWith(line, "model name") && colon != std::string::npos) {
      return std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
    }
  }
  return "unknown model";
}

std::string Kernel() {
  utsname name{};
  return uname(&name) == 0 ? absl::StrCat(name.sysname, " ", name.release) : "unknown";
}

std::string Build() {
#ifdef NDEBUG
  constexpr char kKind[] = "optimized";
#else
  constexpr char kKind[] = "DEBUG: its figures mean nothing";
#endif
  return absl::StrCat(kKind, ", compiler ", __VERSION__);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> DescribeMachine() {
  return {{"time", absl::FormatTime(absl::RFC3339_sec, absl::Now(), absl::UTCTimeZone())},
          {"machine", absl::StrCat(std::thread::hardware_concurrency(), " cores, ", CpuModel())},
          {"kernel", Kernel()},
          {"libraries",
           absl::StrCat("gRPC ", grpc::Version(), ", protobuf ",
                        google::protobuf::internal::VersionString(GOOGLE_PROTOBUF_VERSION))},
          {"build", Build()}};
}

}  // namespace latchkey::benchmark
