#include "tools/bench/loads.h"

#include <cstdint>
#include <numeric>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "latchkey/bench/v1/echo.grpc.pb.h"
#include "latchkey/v1/token_service.grpc.pb.h"
#include "latchkey/v1/verifier_service.grpc.pb.h"
#include "server/base/status_macros.h"
#include "tools/bench/echo_server.h"
#include "tools/bench/unary_load.h"

namespace latchkey::benchmark {
namespace {

absl::Status ExpectActive(const v1::Verification& verification) {
  if (verification.status() == v1::VERIFY_STATUS_ACTIVE) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("a live token was not ACTIVE but ",
                                          v1::VerifyStatus_Name(verification.status()), ", ",
                                          v1::InactiveReason_Name(verification.inactive_reason())));
}

// A random UUID, version 4.
std::string NewRequestId(std::mt19937_64& random) {
  const std::uint64_t high = random();
  const std::uint64_t low = random();
  constexpr std::uint64_t kNode = (std::uint64_t{1} << 48) - 1;
  return absl::StrFormat("%08x-%04x-4%03x-%04x-%012x", high >> 32, (high >> 16) & 0xffff,
                         high & 0xfff, 0x8000 | ((low >> 48) & 0x3fff), low & kNode);
}

// Makes the requests of MakeIssueLoad().
class IssueRequests {
 public:
  IssueRequests(const Tenant& tenant, const IssueOptions& options)
      : workspace_(tenant.workspace), apps_(tenant.apps), request_ids_(options.request_ids) {
    if (options.one_app) apps_.resize(1);
  }

  void Fill(v1::IssueTokenRequest& request) {
    request.set_parent(workspace_);
    request.set_kind(v1::TOKEN_KIND_CUSTOM_BOT);
    request.set_app(apps_[next_++ % apps_.size()]);
    request.set_label("deploys");
    if (request_ids_) request.set_request_id(NewRequestId(random_));
  }

 private:
  const std::string workspace_;
  std::vector<std::string> apps_;  // constant
  const bool request_ids_;
  std::size_t next_ = 0;
  std::mt19937_64 random_{std::random_device()()};
};

}  // namespace

Picker PickAny(std::size_t count) {
  return [count, random = std::mt19937_64()]() mutable { return random() % count; };
}

Picker PickEachOnce(std::size_t count, std::size_t start) {
  // A step without a common divisor visits everything. Two fifths or so of the way, so that
  // neighbours are far apart.
  std::size_t step = count * 2 / 5 + 1;
  while (std::gcd(step, count) != 1) ++step;
  return [count, step, next = start % count * step % count]() mutable {
    const std::size_t index = next;
    next = (next + step) % count;
    return index;
  };
}

std::unique_ptr<Load> MakeVerifyLoad(const Channels& channels, const Tenant& tenant,
                                     const std::vector<std::string>& secrets, Picker pick) {
  using Verify = UnaryLoad<v1::VerifierService::Stub, v1::VerifyRequest, v1::VerifyResponse>;
  Verify::Options options;
  options.prepare = &v1::VerifierService::Stub::PrepareAsyncVerify;
  options.metadata = tenant.as_service;
  options.fill = [&secrets, pick = std::move(pick)](v1::VerifyRequest& request) {
    request.set_secret(secrets[pick()]);
  };
  options.accept = [](const v1::VerifyResponse& response) {
    return ExpectActive(response.verification());
  };
  return std::make_unique<Verify>(channels, std::move(options));
}

std::unique_ptr<Load> MakeBatchVerifyLoad(const Channels& channels, const Tenant& tenant,
                                          const std::vector<std::string>& secrets, Picker pick,
                                          int batch) {
  using BatchVerify =
      UnaryLoad<v1::VerifierService::Stub, v1::BatchVerifyRequest, v1::BatchVerifyResponse>;
  BatchVerify::Options options;
  options.prepare = &v1::VerifierService::Stub::PrepareAsyncBatchVerify;
  options.metadata = tenant.as_service;
  options.fill = [&secrets, pick = std::move(pick), batch](v1::BatchVerifyRequest& request) {
    request.clear_secrets();
    for (int i = 0; i < batch; ++i) request.add_secrets(secrets[pick()]);
  };
  options.accept = [batch](const v1::BatchVerifyResponse& response) {
    if (response.verifications_size() != batch) {
      return absl::InternalError("a batch was answered in part");
    }
    for (const v1::Verification& verification : response.verifications()) {
      LATCHKEY_RETURN_IF_ERROR(ExpectActive(verification));
    }
    return absl::OkStatus();
  };
  return std::make_unique<BatchVerify>(channels, std::move(options));
}

std::unique_ptr<Load> MakeIssueLoad(const Channels& channels, const Tenant& tenant,
                                    IssueOptions issue) {
  using Issue = UnaryLoad<v1::TokenService::Stub, v1::IssueTokenRequest, v1::IssueTokenResponse>;
  Issue::Options options;
  options.prepare = &v1::TokenService::Stub::PrepareAsyncIssueToken;
  options.metadata = tenant.on_behalf_of_member;
  options.fill = [requests = std::make_shared<IssueRequests>(tenant, issue)](
                     v1::IssueTokenRequest& request) { requests->Fill(request); };
  options.accept = [secrets = issue.secrets](const v1::IssueTokenResponse& response) {
    if (response.issued_token().secret().empty() || response.revision() == 0) {
      return absl::InternalError("an issued token came without its secret or revision");
    }
    if (secrets != nullptr) secrets->push_back(response.issued_token().secret());
    return absl::OkStatus();
  };
  return std::make_unique<Issue>(channels, std::move(options));
}

std::unique_ptr<Load> MakeEchoLoad(const Channels& channels, const Metadata& metadata,
                                   std::size_t request_bytes, std::size_t response_bytes) {
  using Echo =
      UnaryLoad<bench::v1::EchoService::Stub, bench::v1::EchoRequest, bench::v1::EchoResponse>;
  Echo::Options options;
  options.prepare = &bench::v1::EchoService::Stub::PrepareAsyncEcho;
  options.metadata = metadata;
  options.fill = [request = MakeEchoRequest(request_bytes, response_bytes)](
                     bench::v1::EchoRequest& next) { next.set_payload(request.payload()); };
  options.accept = [](const bench::v1::EchoResponse&) { return absl::OkStatus(); };
  return std::make_unique<Echo>(channels, std::move(options));
}

}  // namespace latchkey::benchmark
