#ifndef LATCHKEY_SERVER_BASE_CLOCK_H_
#define LATCHKEY_SERVER_BASE_CLOCK_H_

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace latchkey {

// Tells the time. Inject it wherever a decision depends on the time; only a main() names
// SystemClock. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  // Returns the wall clock's time. It may go backwards between calls.
  virtual absl::Time Now() const = 0;
};

// The operating system's clock.
class SystemClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::Now(); }
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_BASE_CLOCK_H_
