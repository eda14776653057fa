#ifndef LATCHKEY_SERVER_RPC_TLS_H_
#define LATCHKEY_SERVER_RPC_TLS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "grpcpp/security/server_credentials.h"

namespace latchkey::rpc {

// Files in PEM. All empty: no TLS.
struct TlsOptions {
  std::string cert_file;       // the server's chain, its own certificate first
  std::string key_file;        // the private key of that certificate
  std::string client_ca_file;  // whoever signs clients' certificates; empty: none are asked for
  bool require_client_cert = false;

  bool enabled() const { return !cert_file.empty() || !key_file.empty(); }
};

// Reads the files and returns the credentials of a listener, those of no TLS where it is off.
//
// A client certificate that is presented must be good, else the connection ends.
//
// INVALID_ARGUMENT: the options do not fit together; a file is no PEM; or the key is not that of
//   the certificate.
// NOT_FOUND, PERMISSION_DENIED: a file cannot be read.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const TlsOptions& options);

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_TLS_H_
