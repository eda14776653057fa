#ifndef LATCHKEY_SERVER_BASE_ENTROPY_H_
#define LATCHKEY_SERVER_BASE_ENTROPY_H_

#include <array>
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

// Another source's bytes, fetched ahead for a piece of work that asks for a few many times: each
// call of the kernel costs more than the bytes. Nothing that was fetched outlives the piece, so
// that no memory, and no snapshot of a machine, holds the secrets of tomorrow.
//
// Used by one thread at a time.
class PrefetchedEntropy final : public Entropy {
 public:
  // Does not own `source`, which must outlive it.
  explicit PrefetchedEntropy(Entropy& source) : source_(source) {}
  ~PrefetchedEntropy() override { Discard(); }
  PrefetchedEntropy(const PrefetchedEntropy&) = delete;
  PrefetchedEntropy& operator=(const PrefetchedEntropy&) = delete;

  // Begins a piece of work: fetches `size` bytes, or 4096 where that is less.
  void Prefetch(std::size_t size);
  // Ends it: wipes what was not given.
  void Discard();

  // Gives what was fetched, each byte once, and asks the source for what goes beyond it.
  void Fill(void* out, std::size_t size) override;

 private:
  Entropy& source_;
  std::array<unsigned char, 4096> bytes_{};
  std::size_t begin_ = 0;  // of those not given yet
  std::size_t end_ = 0;
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_BASE_ENTROPY_H_
