#include "tools/bench/channels.h"

#include <chrono>
#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"
#include "server/base/status_macros.h"

namespace latchkey::benchmark {
namespace {

bool IsLocal(absl::string_view address) {
  for (const char* prefix : {"unix:", "127.0.0.1:", "[::1]:", "localhost:"}) {
    if (absl::StartsWith(address, prefix)) return true;
  }
  return false;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> CredentialsFor(
    const std::string& address, const std::string& ca_file) {
  if (ca_file.empty()) {
    if (IsLocal(address)) return grpc::InsecureChannelCredentials();
    return absl::InvalidArgumentError(
        absl::StrCat(address, " takes TLS, since secrets go over the network: give a CA file"));
  }
  std::ifstream file(ca_file);
  if (!file) return absl::NotFoundError(absl::StrCat(ca_file, " cannot be read"));
  grpc::SslCredentialsOptions options;
  options.pem_root_certs.assign(std::istreambuf_iterator<char>(file), {});
  return grpc::SslCredentials(options);
}

}  // namespace

absl::StatusOr<Channels> OpenChannels(const std::string& address, const std::string& ca_file,
                                      int count) {
  LATCHKEY_ASSIGN_OR_RETURN(const auto credentials, CredentialsFor(address, ca_file));
  grpc::ChannelArguments arguments;
  // Without it, channels to one address share one connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  Channels channels;
  for (int i = 0; i < count; ++i) {
    channels.push_back(grpc::CreateCustomChannel(address, credentials, arguments));
  }
  return channels;
}

void SetUpCall(const Metadata& metadata, grpc::ClientContext& context) {
  if (!metadata.secret.empty()) {
    context.AddMetadata("authorization", absl::StrCat("Bearer ", metadata.secret));
  }
  if (!metadata.on_behalf_of.empty()) {
    context.AddMetadata("latchkey-on-behalf-of", metadata.on_behalf_of);
  }
  context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoNanoseconds(kCallTimeout));
}

absl::Status ToAbsl(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace latchkey::benchmark
