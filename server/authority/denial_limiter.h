#ifndef LATCHKEY_SERVER_AUTHORITY_DENIAL_LIMITER_H_
#define LATCHKEY_SERVER_AUTHORITY_DENIAL_LIMITER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"

namespace latchkey {

// Keeps a flood of refusals from becoming a flood of writes (design.md, section 5): the first few
// of each key in a window are let through to be recorded one by one, the rest are counted, and
// handed out once the window is over, to be written as one summary each.
//
// Remembers at most `max_keys` keys; refusals of further keys are counted together under "".
// Thread-safe.
class DenialLimiter {
 public:
  struct Options {
    std::uint64_t recorded = 10;  // let through in a window, for each key
    absl::Duration window = absl::Minutes(1);
    std::size_t max_keys = 4096;
  };

  // What was counted of a key and not let through.
  struct Counted {
    std::string key;
    std::uint64_t count = 0;
    absl::Time first;
    absl::Time last;
  };

  explicit DenialLimiter(Options options) : options_(options) {}

  // Counts one refusal. Returns whether it is to be recorded by itself.
  bool Admit(absl::string_view key, absl::Time now);

  // Whether TakeDue() would return anything.
  bool AnyDue(absl::Time now) const;

  // Returns, and forgets, what was counted of every key whose window is over.
  std::vector<Counted> TakeDue(absl::Time now);

  // Returns, and forgets, all that was counted.
  std::vector<Counted> TakeAll();

  // Takes back what could not be written, to be handed out again.
  void Restore(const std::vector<Counted>& counted);

 private:
  struct Window {
    absl::Time begin;
    std::uint64_t admitted = 0;
    Counted counted;
  };

  std::vector<Counted> Take(absl::FunctionRef<bool(const Window&)> is_due)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const Options options_;
  mutable Mutex mu_;
  absl::flat_hash_map<std::string, Window> windows_ ABSL_GUARDED_BY(mu_);
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_DENIAL_LIMITER_H_
