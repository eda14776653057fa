#ifndef LATCHKEY_TESTS_TESTING_FAKE_CLOCK_H_
#define LATCHKEY_TESTS_TESTING_FAKE_CLOCK_H_

#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/mutex.h"

namespace latchkey::testing {

// A clock that stands still until a test moves it. It starts at 2030-01-01 00:00 UTC. Thread-safe.
class FakeClock final : public Clock {
 public:
  FakeClock() = default;
  explicit FakeClock(absl::Time now) : now_(now) {}

  absl::Time Now() const override {
    MutexLock lock(mu_);
    return now_;
  }

  void Set(absl::Time now) {
    MutexLock lock(mu_);
    now_ = now;
  }

  void Advance(absl::Duration by) {
    MutexLock lock(mu_);
    now_ += by;
  }

 private:
  mutable Mutex mu_;
  absl::Time now_ ABSL_GUARDED_BY(mu_) = absl::FromUnixSeconds(1893456000);
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_TESTING_FAKE_CLOCK_H_
