#include "client/channel.h"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/local_file.h"
#include "google/protobuf/descriptor.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"
#include "latchkey/v1/admin_service.pb.h"
#include "latchkey/v1/app_service.pb.h"
#include "latchkey/v1/audit_service.pb.h"
#include "latchkey/v1/directory_service.pb.h"
#include "latchkey/v1/policy_service.pb.h"
#include "latchkey/v1/token_service.pb.h"
#include "latchkey/v1/verifier_service.pb.h"
#include "server/base/pem_pair.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

constexpr int kMaxResponseBytes = 64 << 20;
constexpr int kMaxMetadataBytes = 64 << 10;
// The pauses between attempts to connect, which grow from one to the other: a server that is back
// is found within about a second, however long it was away.
constexpr int kFirstReconnectMillis = 100;
constexpr int kLastReconnectMillis = 1000;
// How long an attempt may take, to a machine that does not answer.
constexpr int kConnectMillis = 5000;

bool IsRead(const std::string& method) {
  constexpr std::array<absl::string_view, 5> kPrefixes = {"Get", "List", "Check", "Verify",
                                                          "BatchVerify"};
  return std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [&](absl::string_view prefix) { return absl::StartsWith(method, prefix); });
}

bool IsSafeToRetry(const google::protobuf::MethodDescriptor& method) {
  if (method.client_streaming() || method.server_streaming()) return false;
  return IsRead(method.name()) || method.input_type()->FindFieldByName("request_id") != nullptr;
}

std::string HostOf(absl::string_view target) {
  for (const absl::string_view scheme : {"dns:///", "dns:", "ipv4:", "ipv6:"}) {
    if (absl::ConsumePrefix(&target, scheme)) break;
  }
  if (absl::ConsumePrefix(&target, "[")) return std::string(target.substr(0, target.find(']')));
  // More than one colon without brackets is an IPv6 address without a port.
  const auto colon = target.rfind(':');
  if (colon == absl::string_view::npos || target.find(':') != colon) return std::string(target);
  return std::string(target.substr(0, colon));
}

bool IsLoopbackAddress(absl::string_view host) {
  const std::vector<absl::string_view> parts = absl::StrSplit(host, '.');
  if (parts.size() != 4 || parts[0] != "127") return false;
  return std::all_of(parts.begin(), parts.end(), [](absl::string_view part) {
    int value = 0;
    return absl::SimpleAtoi(part, &value) && value >= 0 && value <= 255;
  });
}

// How the first lines of what a PEM file holds end.
constexpr absl::string_view kCertificate = "CERTIFICATE";
constexpr absl::string_view kPrivateKey = "PRIVATE KEY";

absl::StatusOr<std::string> ReadPem(const std::string& path, absl::string_view kind) {
  if (path.empty()) return std::string();
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) {
    return absl::NotFoundError(absl::StrCat("the TLS file ", text.status().message()));
  }
  if (absl::StrContains(*text, absl::StrCat(kind, "-----"))) return text;
  WipeString(*text);
  return absl::InvalidArgumentError(
      absl::StrCat("the TLS file ", path, " holds no ", absl::AsciiStrToLower(kind), " in PEM"));
}

absl::Status CheckPair(const TlsOptions& tls, const std::string& chain, const std::string& key) {
  switch (CheckPemPair(chain, key)) {
    case PemPair::kFits:
      return absl::OkStatus();
    case PemPair::kNoCertificate:
      return absl::InvalidArgumentError(
          absl::StrCat("the TLS file ", tls.cert_file, " holds no certificate that can be read"));
    case PemPair::kNoKey:
      return absl::InvalidArgumentError(
          absl::StrCat("the TLS file ", tls.key_file,
                       " holds no private key that can be read without a passphrase"));
    case PemPair::kOtherKey:
      break;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "the TLS file ", tls.key_file, " is not the key of the certificate in ", tls.cert_file));
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeTls(const TlsOptions& tls) {
  if (tls.cert_file.empty() != tls.key_file.empty()) {
    return absl::InvalidArgumentError(
        "a client certificate takes both its certificate file and its key file");
  }
  grpc::SslCredentialsOptions options;
  LATCHKEY_ASSIGN_OR_RETURN(options.pem_root_certs, ReadPem(tls.ca_file, kCertificate));
  LATCHKEY_ASSIGN_OR_RETURN(options.pem_cert_chain, ReadPem(tls.cert_file, kCertificate));
  LATCHKEY_ASSIGN_OR_RETURN(options.pem_private_key, ReadPem(tls.key_file, kPrivateKey));
  if (!tls.cert_file.empty()) {
    if (absl::Status pair = CheckPair(tls, options.pem_cert_chain, options.pem_private_key);
        !pair.ok()) {
      WipeString(options.pem_private_key);
      return pair;
    }
  }
  auto credentials = grpc::SslCredentials(options);
  WipeString(options.pem_private_key);
  return credentials;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(
    const ClientOptions& options) {
  if (options.tls.has_value()) return MakeTls(*options.tls);
  if (!IsLocalTarget(options.target) && !options.send_secrets_in_clear) {
    return absl::FailedPreconditionError(absl::StrCat("refused to talk in the clear to ",
                                                      options.target,
                                                      ", which is not on this machine: use TLS"));
  }
  return grpc::InsecureChannelCredentials();
}

grpc::ChannelArguments MakeArguments(const ClientOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetUserAgentPrefix(absl::StrCat(options.user_agent,
                                            options.user_agent.empty() ? "" : " ",
                                            "latchkey-client/" LATCHKEY_VERSION));
  arguments.SetServiceConfigJSON(RetryServiceConfig());
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectMillis);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLastReconnectMillis);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectMillis);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  arguments.SetMaxReceiveMessageSize(kMaxResponseBytes);
  if (options.tls.has_value() && !options.tls->server_name.empty()) {
    arguments.SetSslTargetNameOverride(options.tls->server_name);
  }
  return arguments;
}

}  // namespace

bool IsLocalTarget(absl::string_view target) {
  if (absl::StartsWith(target, "unix:") || absl::StartsWith(target, "unix-abstract:")) return true;
  const std::string host = absl::AsciiStrToLower(HostOf(target));
  return host == "localhost" || host == "::1" || IsLoopbackAddress(host);
}

bool IsHeaderText(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::string RetryServiceConfig() {
  std::vector<std::string> names;
  for (const google::protobuf::FileDescriptor* file :
       {v1::GetStatusRequest::descriptor()->file(), v1::GetAppRequest::descriptor()->file(),
        v1::GetEventRequest::descriptor()->file(), v1::GetMemberRequest::descriptor()->file(),
        v1::ListRulesRequest::descriptor()->file(), v1::GetTokenRequest::descriptor()->file(),
        v1::VerifyRequest::descriptor()->file()}) {
    const google::protobuf::ServiceDescriptor& service = *file->service(0);
    for (int i = 0; i < service.method_count(); ++i) {
      const google::protobuf::MethodDescriptor& method = *service.method(i);
      if (!IsSafeToRetry(method)) continue;
      names.push_back(absl::StrCat(R"({"service":")", service.full_name(), R"(","method":")",
                                   method.name(), R"("})"));
    }
  }
  return absl::StrCat(
      R"({"methodConfig":[{"name":[)", absl::StrJoin(names, ","),
      R"(],"retryPolicy":{"maxAttempts":4,"initialBackoff":"0.1s","maxBackoff":"1s",)",
      R"("backoffMultiplier":3,"retryableStatusCodes":["UNAVAILABLE"]}}]})");
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ClientOptions& options) {
  if (options.target.empty()) return absl::InvalidArgumentError("the client has no target");
  if (!IsHeaderText(options.user_agent)) {
    return absl::InvalidArgumentError("the user agent takes printable ASCII only");
  }
  LATCHKEY_ASSIGN_OR_RETURN(const auto credentials, MakeCredentials(options));
  return grpc::CreateCustomChannel(options.target, credentials, MakeArguments(options));
}

}  // namespace latchkey
