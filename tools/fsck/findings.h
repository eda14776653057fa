#ifndef LATCHKEY_TOOLS_FSCK_FINDINGS_H_
#define LATCHKEY_TOOLS_FSCK_FINDINGS_H_

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>

#include "absl/strings/string_view.h"

namespace latchkey::fsck {

// What is wrong with a store: a line each, written as it is found, but no more than a thousand.
// Used by one thread.
class Findings {
 public:
  explicit Findings(std::ostream& out) : out_(out) {}

  void Add(absl::string_view what);
  std::size_t count() const { return count_; }

 private:
  std::ostream& out_;
  std::size_t count_ = 0;
};

// Things with numbers that are missing, told as one finding where they are next to each other.
class MissingNumbers {
 public:
  // `one` and `many` are such as "event" and "events"; `how` is such as "missing".
  MissingNumbers(Findings& findings, absl::string_view one, absl::string_view many,
                 absl::string_view how)
      : findings_(findings), one_(one), many_(many), how_(how) {}

  // Those from `first` to `last`. In ascending order.
  void Add(std::uint64_t first, std::uint64_t last);
  // Tells of what was added last.
  void Finish();

 private:
  Findings& findings_;
  const std::string one_;
  const std::string many_;
  const std::string how_;
  std::uint64_t first_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace latchkey::fsck

#endif  // LATCHKEY_TOOLS_FSCK_FINDINGS_H_
