#include "server/rpc/tls.h"

#include <cerrno>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/base/pem_pair.h"
#include "server/base/status_macros.h"

namespace latchkey::rpc {
namespace {

absl::StatusOr<std::string> ReadFile(absl::string_view what, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const int error = errno;
    return absl::ErrnoToStatus(error, absl::StrCat(what, " ", path, " cannot be opened"));
  }
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) return absl::UnavailableError(absl::StrCat(what, " ", path, " does not read"));
  return text;
}

absl::Status NoCertificateError(absl::string_view what, const std::string& path) {
  return absl::InvalidArgumentError(absl::StrCat(what, " ", path, " holds no certificate in PEM"));
}

absl::Status CheckPair(const TlsOptions& options, const std::string& chain,
                       const std::string& key) {
  switch (CheckPemPair(chain, key)) {
    case PemPair::kFits:
      return absl::OkStatus();
    case PemPair::kNoCertificate:
      return NoCertificateError("--tls-cert", options.cert_file);
    case PemPair::kNoKey:
      return absl::InvalidArgumentError(absl::StrCat(
          "--tls-key ", options.key_file, " holds no private key in PEM without a passphrase"));
    case PemPair::kOtherKey:
      break;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "--tls-key ", options.key_file, " is not the key of the certificate in ", options.cert_file));
}

absl::Status CheckOptions(const TlsOptions& options) {
  if (options.cert_file.empty() != options.key_file.empty()) {
    return absl::InvalidArgumentError("--tls-cert and --tls-key go together: give both");
  }
  if (!options.client_ca_file.empty() && !options.enabled()) {
    return absl::InvalidArgumentError("--tls-client-ca needs --tls-cert and --tls-key");
  }
  if (options.require_client_cert && options.client_ca_file.empty()) {
    return absl::InvalidArgumentError("--require-client-cert needs --tls-client-ca");
  }
  return absl::OkStatus();
}

grpc_ssl_client_certificate_request_type RequestType(const TlsOptions& options) {
  if (options.client_ca_file.empty()) return GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
  return options.require_client_cert ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                     : GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY;
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const TlsOptions& options) {
  LATCHKEY_RETURN_IF_ERROR(CheckOptions(options));
  if (!options.enabled()) return grpc::InsecureServerCredentials();
  LATCHKEY_ASSIGN_OR_RETURN(const std::string chain, ReadFile("--tls-cert", options.cert_file));
  LATCHKEY_ASSIGN_OR_RETURN(const std::string key, ReadFile("--tls-key", options.key_file));
  LATCHKEY_RETURN_IF_ERROR(CheckPair(options, chain, key));
  grpc::SslServerCredentialsOptions ssl(RequestType(options));
  if (!options.client_ca_file.empty()) {
    LATCHKEY_ASSIGN_OR_RETURN(ssl.pem_root_certs,
                              ReadFile("--tls-client-ca", options.client_ca_file));
    if (!HoldsCertificate(ssl.pem_root_certs)) {
      return NoCertificateError("--tls-client-ca", options.client_ca_file);
    }
  }
  ssl.pem_key_cert_pairs.push_back({key, chain});
  return grpc::SslServerCredentials(ssl);
}

}  // namespace latchkey::rpc
