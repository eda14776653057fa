#ifndef LATCHKEY_SERVER_AUTHORITY_SEQUENCER_H_
#define LATCHKEY_SERVER_AUTHORITY_SEQUENCER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "latchkey/v1/audit_service.pb.h"
#include "server/authority/effects.h"
#include "server/base/entropy.h"
#include "server/base/executor.h"
#include "server/base/mutex.h"
#include "storage/engine/engine.h"
#include "storage/transaction.h"

namespace latchkey {

// One change that waits for the sequencer.
class Command {
 public:
  virtual ~Command() = default;

  // Decides and writes in `transaction`, in one step that it keeps or drops. Called once.
  virtual void Run(storage::Transaction& transaction, Effects& effects) = 0;

  // Answers whoever waits. OK: whatever Run() kept is durable and visible. Else nothing of it is,
  // and the status is the answer. Called once, also when Run() was not.
  virtual void Finish(const absl::Status& committed) = 0;
};

// The single writer. Takes every waiting command, runs each against the state that the ones before
// it left, commits all of their changes at once, tells the listener, and then answers them: so
// policy is decided against the very state that commits, one fsync serves the whole group, and
// nobody is told of what is not durable.
//
// Thread-safe. Commands run on `executor`, one group at a time, and are answered on `answers`, a
// group in one task, while the next group may run already. Enqueue() does not block on disk.
class Sequencer {
 public:
  // Called after each commit, on the executor, before the commands are answered. `events` are the
  // bytes of those of the commit.
  using Listener = std::function<void(
      const Effects& effects, const std::vector<std::string>& events, std::uint64_t newest)>;

  struct Options {
    engine::Engine& engine;
    Executor& executor;
    Executor& answers;  // calls Finish() of the commands that ran
    Listener on_commit;
    // What commands take random bytes from, if anything; they do only while they run.
    PrefetchedEntropy* entropy = nullptr;
    std::size_t max_group = 512;     // commands committed at once, at most
    std::size_t max_waiting = 8192;  // commands waiting, at most
    std::size_t max_cached_records = 16384;
  };

  // What was done since the start.
  struct Counters {
    std::uint64_t commits = 0;
    std::uint64_t commands = 0;
  };

  explicit Sequencer(Options options);
  // Waits for no command: stop the executors first. Commands that still wait are answered with
  // UNAVAILABLE.
  ~Sequencer();
  Sequencer(const Sequencer&) = delete;
  Sequencer& operator=(const Sequencer&) = delete;

  // Takes a command. It is answered on this thread where it is refused at once: UNAVAILABLE
  // (STORE_UNAVAILABLE) while the store cannot write, UNAVAILABLE (SHUTTING_DOWN) after Close(),
  // RESOURCE_EXHAUSTED (OVERLOADED) while too many wait.
  void Enqueue(std::unique_ptr<Command> command);

  // Refuses every later command.
  void Close();

  Counters counters() const;

 private:
  using Group = std::vector<std::unique_ptr<Command>>;

  // Puts `command` into the queue, and says whether a RunOnce() must be scheduled; or says why not,
  // and leaves it.
  absl::Status Take(std::unique_ptr<Command>& command, bool& schedule);
  void RunOnce();
  Group TakeGroup();
  absl::Status RunGroup(Group& group);
  void RunCommands(Group& group, storage::Transaction& transaction, Effects& effects);

  const Options options_;
  storage::RecordCache records_;  // the executor's
  std::atomic<std::uint64_t> commits_{0};
  std::atomic<std::uint64_t> commands_{0};
  mutable Mutex mu_;
  std::deque<std::unique_ptr<Command>> waiting_ ABSL_GUARDED_BY(mu_);
  bool scheduled_ ABSL_GUARDED_BY(mu_) = false;  // a RunOnce() is on its way
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_SEQUENCER_H_
