#ifndef LATCHKEY_CLIENT_BACKOFF_H_
#define LATCHKEY_CLIENT_BACKOFF_H_

#include "absl/time/time.h"
#include "server/base/entropy.h"

namespace latchkey {

// Says how long to wait before trying again: twice as long after each failure, up to a bound, and
// less a random part, so that those who failed together do not come back together.
//
// Used by one thread. `entropy` must outlive it.
class Backoff {
 public:
  // 0 < `shortest` <= `longest`.
  Backoff(absl::Duration shortest, absl::Duration longest, Entropy& entropy)
      : shortest_(shortest), longest_(longest), entropy_(entropy), next_(shortest) {}

  // Returns a wait between half of the present step and all of it, and makes the next step longer.
  absl::Duration Next();

  // Begins at `shortest` again.
  void Reset() { next_ = shortest_; }

 private:
  const absl::Duration shortest_;
  const absl::Duration longest_;
  Entropy& entropy_;
  absl::Duration next_;
};

}  // namespace latchkey

#endif  // LATCHKEY_CLIENT_BACKOFF_H_
