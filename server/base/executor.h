#ifndef LATCHKEY_SERVER_BASE_EXECUTOR_H_
#define LATCHKEY_SERVER_BASE_EXECUTOR_H_

#include <cstddef>
#include <deque>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "server/base/mutex.h"

namespace latchkey {

// Runs tasks: the hand-off from one thread to another, injected so that the same code can also run
// in one thread under a simulated clock. Thread-safe.
class Executor {
 public:
  using Task = absl::AnyInvocable<void()>;

  virtual ~Executor() = default;

  // Runs `task` once, now or later, on a thread that the implementation chooses. The task must not
  // throw. Does not wait for it unless the implementation says so.
  virtual void Schedule(Task task) = 0;
};

// Runs tasks on threads of its own, started in the order in which they were scheduled. With one
// thread they run one after another.
class ThreadPoolExecutor final : public Executor {
 public:
  // `threads` is at least 1. `name` is what a debugger calls the threads; 15 bytes of it count.
  explicit ThreadPoolExecutor(int threads, absl::string_view name = "worker");
  // Runs every task that was scheduled, also those that tasks schedule meanwhile, and then joins
  // the threads. Not on one of its own threads. Nobody else may schedule any more.
  ~ThreadPoolExecutor() override;
  ThreadPoolExecutor(const ThreadPoolExecutor&) = delete;
  ThreadPoolExecutor& operator=(const ThreadPoolExecutor&) = delete;

  void Schedule(Task task) override;

 private:
  void Work();

  Mutex mu_;
  CondVar changed_;
  std::deque<Task> tasks_ ABSL_GUARDED_BY(mu_);
  std::size_t running_ ABSL_GUARDED_BY(mu_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;  // constant after construction
};

// Runs each task on the caller's thread before Schedule() returns. A task that schedules another
// runs it within itself.
class InlineExecutor final : public Executor {
 public:
  void Schedule(Task task) override { task(); }
};

// Hands each task on to another executor while one is lent, and runs it on the caller's thread
// before Schedule() returns while none is.
class LentExecutor final : public Executor {
 public:
  // Hands tasks on to `executor` from now on; null: to none. Once it has returned, what was lent
  // before gets no more tasks.
  void Lend(Executor* executor);

  void Schedule(Task task) override;

 private:
  std::shared_mutex mu_;
  Executor* lent_ = nullptr;  // guarded by mu_
};

// Keeps tasks until somebody runs them by hand, in the order in which they were scheduled.
class ManualExecutor final : public Executor {
 public:
  void Schedule(Task task) override;

  // Runs the oldest task on the caller's thread. Returns false where there is none.
  bool RunOne();

  // Runs tasks until none is left, also those that tasks schedule meanwhile. Returns how many.
  std::size_t RunAll();

  // Returns how many tasks wait.
  std::size_t pending() const;

 private:
  mutable Mutex mu_;
  std::deque<Task> tasks_ ABSL_GUARDED_BY(mu_);
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_BASE_EXECUTOR_H_
