#include "server/rpc/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cerrno>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/base/status_macros.h"

namespace latchkey::rpc {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

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

Bio Open(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
}

// An encrypted key has nobody to type its passphrase.
int NoPassphrase(char*, int, int, void*) { return 0; }

absl::StatusOr<Certificate> ParseCertificate(absl::string_view what, const std::string& path,
                                             const std::string& pem) {
  const Bio bio = Open(pem);
  Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, &NoPassphrase, nullptr),
                          &X509_free);
  ERR_clear_error();
  if (certificate == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, " ", path, " holds no certificate in PEM"));
  }
  return certificate;
}

// gRPC would find out only at the first handshake, and refuse every client.
absl::Status CheckPair(const TlsOptions& options, const std::string& chain,
                       const std::string& key_pem) {
  LATCHKEY_ASSIGN_OR_RETURN(const Certificate certificate,
                            ParseCertificate("--tls-cert", options.cert_file, chain));
  const Bio bio = Open(key_pem);
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &NoPassphrase, nullptr),
                &EVP_PKEY_free);
  const bool fits = key != nullptr && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (key == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--tls-key ", options.key_file, " holds no private key in PEM without a passphrase"));
  }
  if (!fits) {
    return absl::InvalidArgumentError(absl::StrCat("--tls-key ", options.key_file,
                                                   " is not the key of the certificate in ",
                                                   options.cert_file));
  }
  return absl::OkStatus();
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
    LATCHKEY_RETURN_IF_ERROR(
        ParseCertificate("--tls-client-ca", options.client_ca_file, ssl.pem_root_certs).status());
  }
  ssl.pem_key_cert_pairs.push_back({key, chain});
  return grpc::SslServerCredentials(ssl);
}

}  // namespace latchkey::rpc
