#ifndef LATCHKEY_TOOLS_LATCHKEY_PROGRESS_BAR_H_
#define LATCHKEY_TOOLS_LATCHKEY_PROGRESS_BAR_H_

#include <cstdint>
#include <iosfwd>
#include <string>

#include "absl/time/time.h"
#include "server/base/clock.h"

namespace latchkey::cli {

// What a work is counted in.
enum class ProgressUnit { kBytes, kTokens };

// Returns how far a work is, such as
// "[######------------------]  25%  1.0 GiB of 4.0 GiB  512.0 MiB/s". `total` 0: it is not known.
std::string ProgressText(std::uint64_t done, std::uint64_t total, absl::Duration elapsed,
                         ProgressUnit unit = ProgressUnit::kBytes);

// A line on a terminal that says how much of all is done, drawn a few times a second and gone at
// the end. Used by one thread. What is referred to must outlive it.
class ProgressBar {
 public:
  // `terminal` null: nothing is shown. `total` 0: it is not known.
  ProgressBar(std::ostream* terminal, const Clock& clock, std::uint64_t total,
              ProgressUnit unit = ProgressUnit::kBytes);
  ~ProgressBar() { Hide(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // Says that so much more is done.
  void Advance(std::uint64_t more);

  // Takes the line away, so that another can be written. It comes back with the next Advance().
  void Hide();

 private:
  std::ostream* const terminal_;
  const Clock& clock_;
  const std::uint64_t total_;
  const ProgressUnit unit_;
  const absl::Time start_;
  std::uint64_t done_ = 0;
  bool shown_ = false;
  absl::Time next_draw_ = absl::InfinitePast();
};

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_PROGRESS_BAR_H_
