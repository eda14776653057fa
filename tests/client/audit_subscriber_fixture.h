#ifndef LATCHKEY_TESTS_CLIENT_AUDIT_SUBSCRIBER_FIXTURE_H_
#define LATCHKEY_TESTS_CLIENT_AUDIT_SUBSCRIBER_FIXTURE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/audit_subscriber.h"
#include "gtest/gtest.h"
#include "tests/client/fake_server.h"
#include "tests/client/scripted_audit.h"
#include "tests/testing/fake_entropy.h"

namespace latchkey::testing {

// A subscriber of a server that follows a script, and what it hands on.
class AuditSubscriberTest : public ::testing::Test {
 protected:
  AuditSubscriberTest() {
    options_.heartbeat_interval = absl::Seconds(20);
    options_.shortest_backoff = absl::Milliseconds(1);
    options_.longest_backoff = absl::Milliseconds(4);
    options_.on_response = [this](const v1::SubscribeResponse& response) {
      for (const auto& event : response.events()) sequences_.push_back(event.sequence());
      completes_.push_back(response.complete_through());
      if (response.complete_through() >= stop_at_) subscriber_->Stop();
    };
    options_.on_reconnect = [this](const Reconnect& reconnect) { breaks_.push_back(reconnect); };
  }

  // Runs a subscriber against `script` until it has seen everything up to `stop_at`.
  absl::Status Follow(std::vector<ScriptedAudit::Step> script, std::uint64_t stop_at = 1'000'000) {
    audit_.emplace(std::move(script));
    server_.emplace(std::vector<grpc::Service*>{&*audit_});
    return Run(stop_at);
  }

  absl::Status Run(std::uint64_t stop_at) {
    stop_at_ = stop_at;
    if (client_ == nullptr) Connect(server_->target());
    subscriber_.emplace(*client_, options_);
    return subscriber_->Run();
  }

  void Connect(const std::string& target, absl::Duration timeout = absl::Seconds(10)) {
    ClientOptions options;
    options.target = target;
    options.timeout = timeout;
    options.secret = SecretString("lks_auditor");
    options.entropy = &entropy_;
    client_ = *Client::Create(std::move(options));
  }

  // How a script ends a stream.
  const grpc::Status kStopping{grpc::StatusCode::UNAVAILABLE, "the server is stopping"};
  const grpc::Status kTooOld{grpc::StatusCode::OUT_OF_RANGE, "too old"};

  FakeEntropy entropy_;
  std::optional<ScriptedAudit> audit_;
  std::optional<FakeServer> server_;
  std::unique_ptr<Client> client_;
  SubscriberOptions options_;
  std::optional<AuditSubscriber> subscriber_;
  std::uint64_t stop_at_ = 0;
  std::vector<std::uint64_t> sequences_;
  std::vector<std::uint64_t> completes_;
  std::vector<Reconnect> breaks_;
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_CLIENT_AUDIT_SUBSCRIBER_FIXTURE_H_
