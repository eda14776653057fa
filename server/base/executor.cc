#include "server/base/executor.h"

#include <pthread.h>

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <string>
#include <utility>

namespace latchkey {

ThreadPoolExecutor::ThreadPoolExecutor(int threads, absl::string_view name) {
  const std::string short_name(name.substr(0, 15));  // what the kernel keeps
  for (int i = 0; i < std::max(threads, 1); ++i) {
    threads_.emplace_back([this] { Work(); });
    pthread_setname_np(threads_.back().native_handle(), short_name.c_str());
  }
}

ThreadPoolExecutor::~ThreadPoolExecutor() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
  }
  changed_.NotifyAll();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPoolExecutor::Schedule(Task task) {
  {
    MutexLock lock(mu_);
    tasks_.push_back(std::move(task));
  }
  changed_.NotifyOne();
}

void ThreadPoolExecutor::Work() {
  mu_.Lock();
  while (true) {
    if (!tasks_.empty()) {
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      ++running_;
      mu_.Unlock();
      task();
      task = nullptr;  // what it holds is released before it counts as done
      mu_.Lock();
      --running_;
    } else if (stopping_ && running_ == 0) {
      break;
    } else {
      changed_.Wait(mu_);
    }
  }
  mu_.Unlock();
  changed_.NotifyAll();  // the last task may have been what other threads waited for
}

void LentExecutor::Lend(Executor* executor) {
  const std::unique_lock lock(mu_);
  lent_ = executor;
}

void LentExecutor::Schedule(Task task) {
  {
    const std::shared_lock lock(mu_);
    if (lent_ != nullptr) {
      lent_->Schedule(std::move(task));
      return;
    }
  }
  task();
}

void ManualExecutor::Schedule(Task task) {
  MutexLock lock(mu_);
  tasks_.push_back(std::move(task));
}

bool ManualExecutor::RunOne() {
  Task task;
  {
    MutexLock lock(mu_);
    if (tasks_.empty()) return false;
    task = std::move(tasks_.front());
    tasks_.pop_front();
  }
  task();
  return true;
}

std::size_t ManualExecutor::RunAll() {
  std::size_t count = 0;
  while (RunOne()) ++count;
  return count;
}

std::size_t ManualExecutor::pending() const {
  MutexLock lock(mu_);
  return tasks_.size();
}

}  // namespace latchkey
