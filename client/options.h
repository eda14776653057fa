#ifndef LATCHKEY_CLIENT_OPTIONS_H_
#define LATCHKEY_CLIENT_OPTIONS_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "client/secret_string.h"
#include "server/base/entropy.h"

namespace latchkey {

// How to reach a server over TLS. Files are PEM, and are read once.
struct TlsOptions {
  // Certificates of the authorities to trust. Empty: the system's.
  std::string ca_file;
  // The client's certificate chain and its key, which has no passphrase, for mutual TLS. Both or
  // neither.
  std::string cert_file;
  std::string key_file;
  // The name that the server's certificate must have. Empty: the target's host.
  std::string server_name;
};

// Where the server is, and who calls.
struct ClientOptions {
  // "host:port", "dns:///host:port" or "unix:/path". Required.
  std::string target;
  // Unset: in the clear, which is refused for a target off this machine.
  std::optional<TlsOptions> tls;
  // Lets calls, with the secret in them, travel in the clear to another machine: whoever can listen
  // to the network then has the secret.
  bool send_secrets_in_clear = false;
  // The caller's secret; goes with every call as "authorization: Bearer ...". Empty: none.
  SecretString secret;
  // Name of the member to act for; see the metadata latchkey-on-behalf-of. Empty: nobody.
  std::string on_behalf_of;
  // Names the calling program. Latchkey's name and version follow it.
  std::string user_agent;
  // How long a call may take, its retries included, where CallOptions does not say.
  absl::Duration timeout = absl::Seconds(10);
  // Where request ids and jitter come from; must outlive the client. Null: the kernel.
  Entropy* entropy = nullptr;
};

// What may be said for one call.
struct CallOptions {
  // In place of ClientOptions::timeout. absl::InfiniteDuration(): no deadline.
  std::optional<absl::Duration> timeout;
};

}  // namespace latchkey

#endif  // LATCHKEY_CLIENT_OPTIONS_H_
