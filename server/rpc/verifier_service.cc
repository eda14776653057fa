#include "server/rpc/verifier_service.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/authority/errors.h"
#include "server/base/status_macros.h"
#include "server/rpc/trusted_verifiers.h"

namespace latchkey::rpc {
namespace {

// Calls that gRPC is asked for ahead, and calls whose memory is kept.
constexpr int kWaitingVerifies = 16;
constexpr int kWaitingBatches = 4;
constexpr std::size_t kPooledVerifies = 256;
constexpr std::size_t kPooledBatches = 32;
constexpr int kMaxBatch = 1000;
constexpr std::size_t kUsualAnswer = 200;
// Messages that grew beyond this are not kept for the next call.
constexpr std::size_t kKeptBytes = 4096;
constexpr std::size_t kKeptBatchBytes = 256 * 1024;

// What both methods need.
struct Verifying {
  Authority& authority;
  TrustedVerifiers trusted;

  explicit Verifying(Authority& a) : authority(a), trusted(a) {}
};

// Says whether the caller is trusted with reasons, once the state is new enough.
absl::StatusOr<bool> Admit(Verifying& verifying, const grpc::ServerContext& context,
                           std::uint64_t min_revision) {
  LATCHKEY_ASSIGN_OR_RETURN(const bool trusted, verifying.trusted.IsTrusted(context));
  const std::uint64_t revision = verifying.authority.verifier().revision();
  if (revision < min_revision) {
    return UnavailableError(v1::ERROR_REASON_REVISION_NOT_REACHED,
                            absl::StrCat("this server is at revision ", revision,
                                         ", below min_revision ", min_revision, "; try again"),
                            absl::Milliseconds(100));
  }
  return trusted;
}

// Writes the revision that the verdicts to come show at least.
template <typename Response>
void BeginAnswer(const Verifier& verifier, std::string& bytes) {
  Response response;
  response.set_revision(verifier.revision());
  response.AppendToString(&bytes);
}

absl::Status Verify(Verifying& verifying, UnaryCall<v1::VerifyRequest, EncodedResponse>& call) {
  const v1::VerifyRequest& request = call.request();
  Verifier& verifier = verifying.authority.verifier();
  // Of who is not admitted it takes a hash's time, and tells nothing.
  const Verifier::Presented presented = verifier.Prepare(request.secret());
  LATCHKEY_ASSIGN_OR_RETURN(const bool trusted,
                            Admit(verifying, call.context(), request.min_revision()));
  std::string& response = call.response().bytes;
  BeginAnswer<v1::VerifyResponse>(verifier, response);
  LATCHKEY_ASSIGN_OR_RETURN(const Verifier::Verdict verdict, verifier.Check(presented));
  Verifier::AppendAnswer(verdict, trusted, response);
  return absl::OkStatus();
}

absl::Status BatchVerify(Verifying& verifying,
                         UnaryCall<v1::BatchVerifyRequest, EncodedResponse>& call) {
  const v1::BatchVerifyRequest& request = call.request();
  LATCHKEY_ASSIGN_OR_RETURN(const bool trusted,
                            Admit(verifying, call.context(), request.min_revision()));
  if (request.secrets_size() > kMaxBatch) {
    return InvalidFieldError(
        "secrets", absl::StrCat("takes at most ", kMaxBatch, ", not ", request.secrets_size()));
  }
  Verifier& verifier = verifying.authority.verifier();
  std::string& response = call.response().bytes;
  response.reserve(static_cast<std::size_t>(request.secrets_size()) * kUsualAnswer);
  BeginAnswer<v1::BatchVerifyResponse>(verifier, response);
  std::vector<Verifier::Presented> all;
  all.reserve(static_cast<std::size_t>(request.secrets_size()));
  for (const std::string& secret : request.secrets()) all.push_back(verifier.Prepare(secret));
  for (const Verifier::Presented& presented : all) {
    LATCHKEY_ASSIGN_OR_RETURN(const Verifier::Verdict verdict, verifier.Check(presented));
    Verifier::AppendAnswer(verdict, trusted, response);
  }
  return absl::OkStatus();
}

bool IsLargeVerify(const v1::VerifyRequest& request, const EncodedResponse& response) {
  return request.secret().capacity() > kKeptBytes || response.bytes.capacity() > kKeptBytes;
}

bool IsLargeBatch(const v1::BatchVerifyRequest& request, const EncodedResponse& response) {
  if (request.secrets_size() > kMaxBatch) return true;
  std::size_t bytes = response.bytes.capacity();
  for (const std::string& presented : request.secrets()) bytes += presented.size();
  return bytes > kKeptBatchBytes;
}

}  // namespace

std::vector<std::unique_ptr<Method>> MakeVerifierMethods(const CallFrame& frame, CallPoller& poller,
                                                         VerifierServiceCalls& service) {
  using VerifyMethod = UnaryMethod<v1::VerifyRequest, EncodedResponse>;
  using BatchMethod = UnaryMethod<v1::BatchVerifyRequest, EncodedResponse>;
  const auto verifying = std::make_shared<Verifying>(frame.authority);
  std::vector<std::unique_ptr<Method>> methods;
  methods.push_back(std::make_unique<VerifyMethod>(
      frame, poller,
      VerifyMethod::Options{
          .name = "Verify",
          .ask = [&service](auto... args) { service.RequestVerify(args...); },
          .serve = [verifying](auto& call) { call.Finish(Verify(*verifying, call)); },
          .waiting = kWaitingVerifies,
          .max_pooled = kPooledVerifies,
          .is_large = &IsLargeVerify}));
  methods.push_back(std::make_unique<BatchMethod>(
      frame, poller,
      BatchMethod::Options{
          .name = "BatchVerify",
          .ask = [&service](auto... args) { service.RequestBatchVerify(args...); },
          .serve = [verifying](auto& call) { call.Finish(BatchVerify(*verifying, call)); },
          .waiting = kWaitingBatches,
          .max_pooled = kPooledBatches,
          .is_large = &IsLargeBatch}));
  return methods;
}

}  // namespace latchkey::rpc
