#ifndef LATCHKEY_SERVER_BASE_MUTEX_H_
#define LATCHKEY_SERVER_BASE_MUTEX_H_

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"

namespace latchkey {

// A std::mutex that Clang's thread-safety analysis understands.
//
// Not absl::Mutex: the distribution's Abseil is built without TSan, so every access that it guards
// would look like a data race to a TSan build.
class ABSL_LOCKABLE Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mu_.lock(); }
  void Unlock() ABSL_UNLOCK_FUNCTION() { mu_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mu_;
};

// Holds a Mutex for the current scope.
class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex& mu) ABSL_EXCLUSIVE_LOCK_FUNCTION(mu) : mu_(mu) { mu_.Lock(); }
  ~MutexLock() ABSL_UNLOCK_FUNCTION() { mu_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mu_;
};

// Waits for what another thread changes under a Mutex. Thread-safe.
//
// Every wait releases `mu`, blocks and takes it again, and may also end without cause, so wait in a
// loop over the condition:
//
//   MutexLock lock(mu_);
//   while (!ready_) changed_.Wait(mu_);
class CondVar {
 public:
  CondVar() = default;
  CondVar(const CondVar&) = delete;
  CondVar& operator=(const CondVar&) = delete;

  void Wait(Mutex& mu) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    Adopted lock(mu);
    cv_.wait(lock.get());
  }

  // Waits for at most `timeout`, which the steady clock measures. Returns false after all of it.
  bool WaitFor(Mutex& mu, absl::Duration timeout) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    // Longer waits would overflow the clock's arithmetic, and this wait may end early anyway.
    constexpr absl::Duration kLongest = absl::Hours(24 * 365);
    if (timeout > kLongest) timeout = kLongest;
    Adopted lock(mu);
    return cv_.wait_for(lock.get(), absl::ToChronoNanoseconds(timeout)) ==
           std::cv_status::no_timeout;
  }

  // Waits until the wall clock shows `deadline` at the latest. Returns false if it does.
  bool WaitUntil(Mutex& mu, absl::Time deadline) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    if (deadline == absl::InfiniteFuture()) {
      Wait(mu);
      return true;
    }
    Adopted lock(mu);
    return cv_.wait_until(lock.get(), absl::ToChronoTime(deadline)) == std::cv_status::no_timeout;
  }

  void NotifyOne() { cv_.notify_one(); }
  void NotifyAll() { cv_.notify_all(); }

 private:
  // Lends a Mutex that is held to std::condition_variable, and leaves it held.
  class Adopted {
   public:
    explicit Adopted(Mutex& mu) : lock_(mu.mu_, std::adopt_lock) {}
    ~Adopted() { lock_.release(); }
    Adopted(const Adopted&) = delete;
    Adopted& operator=(const Adopted&) = delete;
    std::unique_lock<std::mutex>& get() { return lock_; }

   private:
    std::unique_lock<std::mutex> lock_;
  };

  std::condition_variable cv_;
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_BASE_MUTEX_H_
