#ifndef LATCHKEY_SERVER_RPC_SERVER_H_
#define LATCHKEY_SERVER_RPC_SERVER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/authority/authority.h"
#include "server/base/entropy.h"
#include "server/base/logger.h"
#include "server/rpc/tls.h"

namespace latchkey::rpc {

// The gRPC server: every service of latchkey.v1, grpc.health.v1 and reflection over one authority.
//
// Health: the server as a whole ("") and each service by its full name. While changes cannot be
// made durable, the services that change something are NOT_SERVING; the others, and the whole, go
// on SERVING.
//
// Thread-safe but for Start() and Shutdown(), which one thread calls.
class Server {
 public:
  // What an operator chooses.
  struct Settings {
    // "host:port" (port 0: any free one), "[v6]:port" or "unix:path"; at least one.
    std::vector<std::string> addresses;
    TlsOptions tls = {};
    // Lets secrets travel readable to whoever is on the way.
    bool allow_cleartext_on_network = false;
    bool reflection = true;
    int poll_threads = 1;                             // that take calls, and answer Verify
    int worker_threads = 4;                           // that read the store
    int stream_threads = 2;                           // that read it for Subscribe
    int max_calls = 4096;                             // unary calls served at once
    int max_subscribers = 4096;                       // Subscribe streams at once
    int max_streams_per_connection = 1024;            // calls at once of one connection
    std::size_t memory_bytes = std::size_t{1} << 30;  // for gRPC's buffers
  };

  struct Options {
    Authority& authority;
    Logger& logger;
    Entropy& entropy;
    Settings settings;
  };

  // Says whether a server with `settings` could be made, as far as that shows without listening.
  // INVALID_ARGUMENT: a number or address is out of bounds, an address that others could reach is
  //   to be served without TLS, or what MakeServerCredentials() says.
  // NOT_FOUND, PERMISSION_DENIED: as MakeServerCredentials().
  static absl::Status Check(const Settings& settings);

  // Makes a server that does not listen yet. Errors as Check().
  static absl::StatusOr<std::unique_ptr<Server>> Create(Options options);

  // Shuts down at once where Shutdown() was not called.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens and serves. Once.
  // UNAVAILABLE: an address cannot be listened at.
  absl::Status Start();

  // Refuses new calls with UNAVAILABLE (SHUTTING_DOWN), ends every stream with that, waits for the
  // calls that are under way and cancels those that are not done after `grace`. A mutation that was
  // taken is finished also after that, so the authority must still work. Only after Start().
  void Shutdown(absl::Duration grace);

  // The address in Settings::addresses at `index` as clients reach it, with its real port. Only
  // after Start().
  std::string address(std::size_t index) const;
  // The port of that address; 0 for a unix socket.
  int port(std::size_t index = 0) const;

  // Says whether mutations can be made durable now, for the health service. Only after Start().
  void SetWritable(bool writable);

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_SERVER_H_
