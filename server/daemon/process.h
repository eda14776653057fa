#ifndef LATCHKEY_SERVER_DAEMON_PROCESS_H_
#define LATCHKEY_SERVER_DAEMON_PROCESS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/base/logger.h"

namespace latchkey::daemon {

// What a server asks of the operating system for its own process.

// Keeps this thread, and all that it starts afterwards, from being interrupted by SIGTERM and
// SIGINT, so that WaitForStop() can take them; and makes writing to a closed pipe an error in place
// of the process's end. Call it before any thread is started.
void TakeOverSignals();

// Waits for SIGTERM or SIGINT and returns its name.
std::string WaitForStop();

// Raises the number of descriptors that this process may open to the most it may have.
void RaiseDescriptorLimit(Logger& logger);

// Sends what gRPC has to say to `logger`, which must outlive the process's last use of gRPC: at
// most a few lines a minute, since strangers can cause them.
void SendGrpcLogTo(Logger& logger);

// Replaces `path` by a file of `content`, so that a reader finds either all of it or no such file.
// UNAVAILABLE: it cannot be written.
absl::Status WriteFileAtomically(const std::string& path, absl::string_view content);

}  // namespace latchkey::daemon

#endif  // LATCHKEY_SERVER_DAEMON_PROCESS_H_
