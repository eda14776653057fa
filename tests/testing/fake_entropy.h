#ifndef LATCHKEY_TESTS_TESTING_FAKE_ENTROPY_H_
#define LATCHKEY_TESTS_TESTING_FAKE_ENTROPY_H_

#include <cstddef>
#include <cstdint>

#include "server/base/entropy.h"
#include "server/base/mutex.h"

namespace latchkey::testing {

// Gives the same bytes for the same seed and calls. Bytes of different calls differ, as far as a
// test can tell. Thread-safe.
class FakeEntropy final : public Entropy {
 public:
  explicit FakeEntropy(std::uint64_t seed = 1) : state_(seed) {}

  void Fill(void* out, std::size_t size) override {
    MutexLock lock(mu_);
    auto* bytes = static_cast<unsigned char*>(out);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<unsigned char>(Next() >> 56);
  }

 private:
  // The splitmix64 generator.
  std::uint64_t Next() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }

  Mutex mu_;
  std::uint64_t state_ ABSL_GUARDED_BY(mu_);
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_TESTING_FAKE_ENTROPY_H_
