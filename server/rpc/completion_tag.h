#ifndef LATCHKEY_SERVER_RPC_COMPLETION_TAG_H_
#define LATCHKEY_SERVER_RPC_COMPLETION_TAG_H_

namespace latchkey::rpc {

// What an operation on the completion queue is known by: its address is the operation's tag.
class CompletionTag {
 public:
  virtual ~CompletionTag() = default;

  // Called once for each operation, on one of the poller's threads; `ok` is what the queue gave.
  // Must not block but on a credential or token that was not seen lately.
  virtual void Proceed(bool ok) = 0;
};

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_COMPLETION_TAG_H_
