#ifndef LATCHKEY_TOOLS_LATCHKEY_EXPORT_EXPORT_PROGRESS_H_
#define LATCHKEY_TOOLS_LATCHKEY_EXPORT_EXPORT_PROGRESS_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "tools/latchkey/session.h"

namespace latchkey::cli {

// Returns how an export goes, such as "1200 events  600/s  30 to go".
std::string ExportProgressText(std::uint64_t events, absl::Duration elapsed, std::uint64_t lag);

// A line on standard error that says how an export goes, where that is a terminal; drawn a few
// times a second. Used by one thread. The session must outlive it.
class ExportProgress {
 public:
  ExportProgress(Session& session, bool wanted);

  // Says that so many more events were written, and how many revisions are to come.
  void Advance(std::uint64_t events, std::uint64_t lag);
  // Takes the line away, so that another can be written. It comes back with the next Advance().
  void Hide();
  // Leaves the line as it is at the end.
  void End();

 private:
  void Draw(absl::Time now);

  const Io& io_;
  const bool shown_;
  const absl::Time start_;
  std::uint64_t events_ = 0;
  std::uint64_t lag_ = 0;
  bool drawn_ = false;
  absl::Time next_draw_ = absl::InfinitePast();
};

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_EXPORT_EXPORT_PROGRESS_H_
