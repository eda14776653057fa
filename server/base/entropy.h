#ifndef LATCHKEY_SERVER_BASE_ENTROPY_H_
#define LATCHKEY_SERVER_BASE_ENTROPY_H_

#include <cstddef>

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
class SystemEntropy final : public Entropy {
 public:
  void Fill(void* out, std::size_t size) override;
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_BASE_ENTROPY_H_
