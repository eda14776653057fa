#ifndef LATCHKEY_TESTS_RPC_SERVER_FIXTURE_H_
#define LATCHKEY_TESTS_RPC_SERVER_FIXTURE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"
#include "gtest/gtest.h"
#include "latchkey/v1/common.pb.h"
#include "latchkey/v1/error_reason.pb.h"
#include "server/authority/authority.h"
#include "server/base/entropy.h"
#include "server/base/executor.h"
#include "server/rpc/server.h"
#include "storage/engine/memory_engine.h"
#include "tests/server/test_authority.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/fake_logger.h"

namespace latchkey::testing {

// An authority over memory with a thread for its sequencer, as the server is given one.
class ServedAuthority {
 public:
  // `prepare` puts into the store what is there before the authority is made.
  using Prepare = std::function<void(engine::Engine&)>;
  explicit ServedAuthority(const Prepare& prepare = nullptr) {
    if (prepare) prepare(engine_);
    core_ = std::make_unique<TestAuthority>(engine_, *sequencing_, nullptr);
  }
  ~ServedAuthority() {
    (*core_)->Close();
    sequencing_.reset();  // whose last task may still look at the authority
  }

  Authority& operator*() { return **core_; }
  Authority* operator->() { return core_->operator->(); }
  const std::string& operator_secret() const { return core_->operator_secret(); }
  FakeClock& clock() { return core_->clock(); }

  // Carries a change out without a server between, and waits for its answer.
  template <typename Request>
  absl::StatusOr<ResponseOf<Request>> Call(const Caller& caller, const Request& request) {
    return core_->Call(caller, request);
  }

 private:
  engine::MemoryEngine engine_;
  std::unique_ptr<ThreadPoolExecutor> sequencing_ =
      std::make_unique<ThreadPoolExecutor>(1, "sequencer");
  std::unique_ptr<TestAuthority> core_;
};

// A real server on a free port of 127.0.0.1 over a ServedAuthority.
class ServerTest : public ::testing::Test {
 protected:
  ServerTest() = default;
  explicit ServerTest(const ServedAuthority::Prepare& prepare) : authority_(prepare) {}

  // Starts the server; `settings` without an address listens at a free port.
  void StartServer(rpc::Server::Settings settings = {});
  void SetUp() override { StartServer(); }
  void TearDown() override;

  std::shared_ptr<grpc::Channel> NewChannel() const;

  template <typename Service>
  std::unique_ptr<typename Service::Stub> NewStub() const {
    return Service::NewStub(NewChannel());
  }

  // A context with a deadline, and `secret` as its credential.
  std::unique_ptr<grpc::ClientContext> As(absl::string_view secret) const;
  std::unique_ptr<grpc::ClientContext> AsOperator() const {
    return As(authority_.operator_secret());
  }
  std::unique_ptr<grpc::ClientContext> AsNobody() const;

  // Make what tests are about; the revision of the change, or the secret of a new token, which
  // ends after `life` if that is not 0.
  std::uint64_t MakeWorkspace(absl::string_view id) const;
  void MakeMember(absl::string_view workspace, absl::string_view id, v1::Role role) const;
  void MakeService(absl::string_view id, v1::ServiceRole role,
                   const std::string& uri_san = "") const;
  std::string IssueServiceToken(absl::string_view service, absl::Duration life = {}) const;

  mutable ServedAuthority authority_;
  SystemEntropy entropy_;
  FakeLogger logger_;
  std::unique_ptr<rpc::Server> server_;
};

// The details of an error; a test fails where they are not of the form that all errors have.
google::rpc::Status DetailsOf(const grpc::Status& status);
google::rpc::ErrorInfo ErrorInfoOf(const grpc::Status& status);
template <typename Detail>
bool HasDetail(const grpc::Status& status) {
  const google::rpc::Status details = DetailsOf(status);
  for (const auto& any : details.details()) {
    if (any.Is<Detail>()) return true;
  }
  return false;
}

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_RPC_SERVER_FIXTURE_H_
