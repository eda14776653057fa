#ifndef LATCHKEY_TESTS_SERVER_WITNESS_H_
#define LATCHKEY_TESTS_SERVER_WITNESS_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "tests/server/shown_secrets.h"
#include "tests/server/test_authority.h"

namespace latchkey::testing {

// Presents secrets to Verify and remembers what it said of each. Used by one thread.
class Witness {
 public:
  struct Seen {
    ShownSecret secret;
    std::uint64_t newest = 0;  // the log's end, as seen before
    absl::Time time;           // the clock, before
    bool active = false;
  };

  // `alone`: nobody else calls meanwhile, so that the log says exactly what was to be seen.
  Witness(TestAuthority& authority, bool alone) : authority_(authority), alone_(alone) {}

  void Present(const ShownSecret& secret) {
    Seen seen{secret, authority_->events().newest(), authority_.clock().Now()};
    seen.active = authority_.IsActive(secret.secret);
    seen_.push_back(seen);
  }

  const std::vector<Seen>& seen() const { return seen_; }
  bool alone() const { return alone_; }

 private:
  TestAuthority& authority_;
  const bool alone_;
  std::vector<Seen> seen_;
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_SERVER_WITNESS_H_
