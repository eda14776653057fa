#ifndef LATCHKEY_SERVER_RPC_COMPLETION_TAG_H_
#define LATCHKEY_SERVER_RPC_COMPLETION_TAG_H_

#include "server/base/mutex.h"

namespace latchkey::rpc {

// What an operation on the completion queue is known by: its address is the operation's tag.
class CompletionTag {
 public:
  virtual ~CompletionTag() = default;

  // Called once for each operation, on one of the poller's threads; `ok` is what the queue gave.
  // Must not block but on a credential or token that was not seen lately.
  virtual void Proceed(bool ok) = 0;

  // Runs `begin`, which begins the operation that this is the tag of. What it writes is seen by
  // Proceed(): gRPC's queue sees to that too, but within the distribution's library, which
  // ThreadSanitizer cannot look into.
  template <typename Begin>
  void BeginWith(const Begin& begin) {
    MutexLock lock(beginning_);
    begin();
  }
  // Called before Proceed(): waits for the end of BeginWith().
  void AwaitBegun() { MutexLock lock(beginning_); }

 private:
  Mutex beginning_;
};

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_COMPLETION_TAG_H_
