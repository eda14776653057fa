#ifndef LATCHKEY_TESTS_SERVER_TEST_AUTHORITY_H_
#define LATCHKEY_TESTS_SERVER_TEST_AUTHORITY_H_

#include <future>
#include <memory>
#include <string>
#include <utility>

#include "server/authority/authority.h"
#include "server/base/executor.h"
#include "server/secret/key_file.h"
#include "server/secret/secret_string.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/fake_entropy.h"
#include "tests/testing/fake_logger.h"

namespace latchkey::testing {

// An authority over an engine, with a clock and randomness of the test's. The executor may be one
// of threads or one that is run by hand: Call() serves both. Thread-safe as the authority is.
class TestAuthority {
 public:
  // How far from the defaults it is.
  struct Bounds {
    std::uint64_t max_log_bytes = 0;
    std::size_t event_ring_bytes = std::size_t{16} << 20;
  };

  // What is given outlives it. `by_hand` is null where the executor runs by itself.
  TestAuthority(engine::Engine& engine, Executor& executor, ManualExecutor* by_hand)
      : TestAuthority(engine, executor, by_hand, Bounds()) {}
  TestAuthority(engine::Engine& engine, Executor& executor, ManualExecutor* by_hand,
                const Bounds& bounds)
      : by_hand_(by_hand) {
    secret::SecretString operator_secret;
    keyring_ = std::make_unique<secret::Keyring>(
        secret::KeyFile::Create(entropy_, operator_secret).MakeKeyring());
    operator_secret_ = std::string(operator_secret.Reveal());
    Authority::Options options{engine, clock_, entropy_, executor, logger_, *keyring_, prefixes_};
    options.max_log_bytes = bounds.max_log_bytes;
    options.event_ring_bytes = bounds.event_ring_bytes;
    authority_ = Authority::Open(options).value();
  }

  Authority& operator*() { return *authority_; }
  Authority* operator->() { return authority_.get(); }
  FakeClock& clock() { return clock_; }
  const std::string& operator_secret() const { return operator_secret_; }

  // Carries a change out and waits for its answer.
  template <typename Request>
  absl::StatusOr<ResponseOf<Request>> Call(const Caller& caller, const Request& request) {
    using Answer = absl::StatusOr<ResponseOf<Request>>;
    auto promise = std::make_shared<std::promise<Answer>>();
    std::future<Answer> answer = promise->get_future();
    authority_->Mutate(caller, request,
                       [promise](Answer result) { promise->set_value(std::move(result)); });
    if (by_hand_ != nullptr) by_hand_->RunAll();
    return answer.get();
  }

  // Makes the workspace acme, whose primary owner is ann.
  void MakeAcme() {
    v1::CreateWorkspaceRequest acme;
    acme.set_workspace_id("acme");
    acme.mutable_workspace()->set_display_name("Acme");
    acme.set_primary_owner_id("ann");
    Call(Operator(), acme).value();
  }

  bool IsActive(const std::string& secret) {
    return authority_->verifier().Check(secret).value().active();
  }

  static Caller Operator() { return MakeCaller(policy::CallerKind::kOperator, kOperatorPrincipal); }
  static Caller Member(const std::string& name) {
    return MakeCaller(policy::CallerKind::kMember, name);
  }
  static Caller Service(const std::string& name) {
    return MakeCaller(policy::CallerKind::kService, name);
  }

 private:
  static Caller MakeCaller(policy::CallerKind kind, const std::string& principal) {
    Caller caller;
    caller.kind = kind;
    caller.principal = principal;
    return caller;
  }

  ManualExecutor* const by_hand_;
  FakeClock clock_;
  FakeEntropy entropy_;
  FakeLogger logger_;
  secret::TokenPrefixes prefixes_;
  std::string operator_secret_;
  std::unique_ptr<secret::Keyring> keyring_;
  std::unique_ptr<Authority> authority_;
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_SERVER_TEST_AUTHORITY_H_
