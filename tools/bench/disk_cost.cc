#include "tools/bench/disk_cost.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/base/status_macros.h"
#include "tools/bench/interrupt.h"

namespace latchkey::benchmark {
namespace {

using SteadyTime = std::chrono::steady_clock;

float Milliseconds(SteadyTime::duration span) {
  return std::chrono::duration<float, std::milli>(span).count();
}

// Returns how long each sync took, in milliseconds, of as many as end within `span`.
absl::StatusOr<std::vector<float>> SyncFor(absl::Duration span, int fd, const std::string& bytes) {
  std::vector<float> times;
  const auto end = SteadyTime::now() + absl::ToChronoNanoseconds(span);
  for (auto began = SteadyTime::now(); began < end;) {
    LATCHKEY_RETURN_IF_ERROR(CheckInterrupt());
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written >= 0 && static_cast<std::size_t>(written) < bytes.size()) {
      return absl::ResourceExhaustedError("measuring the disk: it is full");
    }
    if (written < 0 || fdatasync(fd) != 0) {
      return absl::ErrnoToStatus(errno, "measuring the disk");
    }
    const auto ended = SteadyTime::now();
    times.push_back(Milliseconds(ended - began));
    began = ended;
  }
  return times;
}

}  // namespace

absl::StatusOr<DiskCost> MeasureDisk(const Lab& lab, std::size_t bytes) {
  const std::string path = absl::StrCat(lab.folder.path(), "/disk");
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", path));
  const absl::Cleanup remove = [&] {
    close(fd);
    unlink(path.c_str());
  };
  const std::string text(bytes, 'x');
  std::vector<double> rates;
  std::vector<double> medians;
  for (int round = 0; round < lab.options.rounds; ++round) {
    LATCHKEY_ASSIGN_OR_RETURN(std::vector<float> times, SyncFor(lab.options.measure, fd, text));
    rates.push_back(static_cast<double>(times.size()) / absl::ToDoubleSeconds(lab.options.measure));
    medians.push_back(QuantileOf(times, 0.5));
  }
  return DiskCost{SpreadOf(std::move(rates)), SpreadOf(std::move(medians))};
}

}  // namespace latchkey::benchmark
