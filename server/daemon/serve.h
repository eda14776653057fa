#ifndef LATCHKEY_SERVER_DAEMON_SERVE_H_
#define LATCHKEY_SERVER_DAEMON_SERVE_H_

#include "absl/status/status.h"
#include "server/base/clock.h"
#include "server/base/entropy.h"
#include "server/base/logger.h"
#include "server/daemon/settings.h"

namespace latchkey::daemon {

// Says whether Serve() with `settings` would find what it needs, without touching the store.
// INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED, FAILED_PRECONDITION: as Serve().
absl::Status CheckSettings(const Settings& settings);

// Serves the data folder until SIGTERM or SIGINT, then ends every stream, finishes what was taken,
// and returns OK. Call TakeOverSignals() first. Once a process.
//
// INVALID_ARGUMENT: the settings do not fit together (rpc::Server::Check).
// NOT_FOUND: the folder, or a file that the settings name, does not exist.
// FAILED_PRECONDITION: others can read the key file; the store is of a newer format, or in use by
//   another process.
// UNAVAILABLE: an address cannot be listened at, or the store does not open.
absl::Status Serve(const Settings& settings, const Clock& clock, Entropy& entropy, Logger& logger);

}  // namespace latchkey::daemon

#endif  // LATCHKEY_SERVER_DAEMON_SERVE_H_
