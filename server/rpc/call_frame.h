#ifndef LATCHKEY_SERVER_RPC_CALL_FRAME_H_
#define LATCHKEY_SERVER_RPC_CALL_FRAME_H_

#include "server/authority/authority.h"
#include "server/base/executor.h"
#include "server/rpc/call_gate.h"
#include "server/rpc/status_conversion.h"

namespace latchkey::rpc {

// What serving any call takes. Everything outlives the calls.
struct CallFrame {
  Authority& authority;
  Executor& workers;  // for what blocks on disk; several threads
  // The same for streams, which may have all of the log to read, so that no other call waits for
  // that.
  Executor& stream_workers;
  CallGate& gate;
  const StatusConverter& statuses;
};

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_CALL_FRAME_H_
