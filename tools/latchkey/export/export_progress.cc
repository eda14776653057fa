#include "tools/latchkey/export/export_progress.h"

#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace latchkey::cli {
namespace {

constexpr absl::Duration kDrawInterval = absl::Milliseconds(100);

}  // namespace

std::string ExportProgressText(std::uint64_t events, absl::Duration elapsed, std::uint64_t lag) {
  std::string text = absl::StrCat(events, " events");
  const double seconds = absl::ToDoubleSeconds(elapsed);
  if (seconds > 0) {
    absl::StrAppend(&text, absl::StrFormat("  %.0f/s", static_cast<double>(events) / seconds));
  }
  absl::StrAppend(&text, "  ", lag, " to go");
  return text;
}

ExportProgress::ExportProgress(Session& session, bool wanted)
    : io_(session.io()),
      shown_(wanted && io_.err_is_terminal && !session.json() && io_.Env("TERM") != "dumb"),
      start_(io_.clock.Now()) {}

void ExportProgress::Advance(std::uint64_t events, std::uint64_t lag) {
  events_ += events;
  lag_ = lag;
  const absl::Time now = io_.clock.Now();
  if (shown_ && now >= next_draw_) Draw(now);
}

void ExportProgress::Hide() {
  if (!drawn_) return;
  drawn_ = false;
  next_draw_ = absl::InfinitePast();
  io_.err << "\r\x1b[K" << std::flush;
}

void ExportProgress::End() {
  if (!shown_) return;
  Draw(io_.clock.Now());
  drawn_ = false;
  io_.err << std::endl;
}

void ExportProgress::Draw(absl::Time now) {
  next_draw_ = now + kDrawInterval;
  drawn_ = true;
  io_.err << "\r" << ExportProgressText(events_, now - start_, lag_) << "\x1b[K" << std::flush;
}

}  // namespace latchkey::cli
