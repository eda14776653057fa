#ifndef LATCHKEY_SERVER_BASE_ENTROPY_H_
#define LATCHKEY_SERVER_BASE_ENTROPY_H_

#include <cstddef>

#include "absl/base/thread_annotations.h"
#include "server/base/mutex.h"

namespace latchkey {

// Gives random bytes that nobody can foretell: fit for secrets, keys and ids. Inject it; only a
// main() names SystemEntropy. Thread-safe.
class Entropy {
 public:
  virtual ~Entropy() = default;

  // Writes `size` random bytes to `out`.
  virtual void Fill(void* out, std::size_t size) = 0;
};

// The kernel's generator. Blocks only early in the machine's start, until it is seeded. Ends the
// process if the kernel refuses: there is no second-best source for a secret.
//
// Asks for a page at a time, since a call of the kernel for each id and secret is 2 % of what a new
// token costs. What waits in the page is in no core dump, is gone in the child of a fork, and each
// byte is erased as it is given out. Where the kernel cannot promise that, nothing waits.
class SystemEntropy final : public Entropy {
 public:
  SystemEntropy();
  ~SystemEntropy() override;
  SystemEntropy(const SystemEntropy&) = delete;
  SystemEntropy& operator=(const SystemEntropy&) = delete;

  void Fill(void* out, std::size_t size) override;

 private:
  struct Stock;

  Mutex mu_;
  Stock* stock_ ABSL_PT_GUARDED_BY(mu_) = nullptr;  // null: none
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_BASE_ENTROPY_H_
