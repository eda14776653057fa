#include "tools/latchkey/progress_bar.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace latchkey::cli {
namespace {

constexpr std::size_t kCells = 24;
constexpr absl::Duration kDrawInterval = absl::Milliseconds(100);

std::string BytesText(double bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  constexpr double kStep = 1024;
  std::size_t unit = 0;
  for (; bytes >= kStep && unit + 1 < kUnits.size(); ++unit) bytes /= kStep;
  return absl::StrFormat("%.*f %s", unit == 0 ? 0 : 1, bytes, kUnits[unit]);
}

std::string AmountText(double amount, ProgressUnit unit) {
  return unit == ProgressUnit::kBytes ? BytesText(amount) : absl::StrFormat("%.0f", amount);
}

}  // namespace

std::string ProgressText(std::uint64_t done, std::uint64_t total, absl::Duration elapsed,
                         ProgressUnit unit) {
  std::string text = AmountText(static_cast<double>(done), unit);
  if (total != 0) {
    // A file may have grown since it was listed.
    const double part = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    const auto full = static_cast<std::size_t>(part * kCells);
    text = absl::StrFormat("[%s%s] %3d%%  %s of %s", std::string(full, '#'),
                           std::string(kCells - full, '-'), static_cast<int>(part * 100), text,
                           AmountText(static_cast<double>(total), unit));
  }
  const double seconds = absl::ToDoubleSeconds(elapsed);
  if (seconds > 0) {
    absl::StrAppend(&text, "  ", AmountText(static_cast<double>(done) / seconds, unit), "/s");
  }
  return text;
}

ProgressBar::ProgressBar(std::ostream* terminal, const Clock& clock, std::uint64_t total,
                         ProgressUnit unit)
    : terminal_(terminal), clock_(clock), total_(total), unit_(unit), start_(clock.Now()) {}

void ProgressBar::Advance(std::uint64_t more) {
  done_ += more;
  if (terminal_ == nullptr) return;
  const absl::Time now = clock_.Now();
  if (now < next_draw_) return;
  next_draw_ = now + kDrawInterval;
  shown_ = true;
  *terminal_ << "\r" << ProgressText(done_, total_, now - start_, unit_) << "\x1b[K" << std::flush;
}

void ProgressBar::Hide() {
  if (!shown_) return;
  shown_ = false;
  next_draw_ = absl::InfinitePast();
  *terminal_ << "\r\x1b[K" << std::flush;
}

}  // namespace latchkey::cli
