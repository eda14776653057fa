#include "client/audit_subscriber.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "tests/client/audit_subscriber_fixture.h"
#include "tests/client/fake_log.h"
#include "tests/client/fake_server.h"
#include "tests/client/scripted_audit.h"
#include "tests/testing/fake_entropy.h"
#include "tests/testing/status_matchers.h"

namespace latchkey {
namespace {

using testing::AuditSubscriberTest;
using ::testing::ElementsAre;
using testing::FakeServer;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::MakeResponse;
using testing::ScriptedAudit;
using ::testing::SizeIs;
using testing::StatusIs;

TEST_F(AuditSubscriberTest, EventsAndHeartbeatsComeInOrder) {
  EXPECT_THAT(Follow({ScriptedAudit::SendAndHold(
                         {MakeResponse({1, 2}, 2), MakeResponse({}, 7), MakeResponse({9}, 9)})},
                     9),
              IsOk());
  EXPECT_THAT(sequences_, ElementsAre(1, 2, 9));
  EXPECT_THAT(completes_, ElementsAre(2, 7, 9));
  EXPECT_EQ(subscriber_->complete_through(), 9u);
}

TEST_F(AuditSubscriberTest, ABrokenStreamResumesAfterTheGreatestCompleteThrough) {
  options_.after_revision = 3;
  options_.filter.set_workspace("workspaces/acme");
  EXPECT_THAT(Follow({ScriptedAudit::Send({MakeResponse({4}, 4), MakeResponse({}, 10)}, kStopping),
                      ScriptedAudit::SendAndHold({MakeResponse({11}, 11)})},
                     11),
              IsOk());

  EXPECT_THAT(sequences_, ElementsAre(4, 11));
  ASSERT_THAT(audit_->requests(), SizeIs(2));
  EXPECT_EQ(audit_->requests()[0].after_revision(), 3u);
  EXPECT_EQ(audit_->requests()[1].after_revision(), 10u);
  EXPECT_EQ(audit_->requests()[1].filter().workspace(), "workspaces/acme");
  EXPECT_EQ(audit_->requests()[1].heartbeat_interval().seconds(), 20);
  ASSERT_THAT(breaks_, SizeIs(1));
  EXPECT_THAT(breaks_[0].cause, StatusIs(absl::StatusCode::kUnavailable, "the server is stopping"));
}

TEST_F(AuditSubscriberTest, EventsThatCameBeforeAreDropped) {
  EXPECT_THAT(Follow({ScriptedAudit::Send({MakeResponse({1, 2, 3}, 1)}, kStopping),
                      ScriptedAudit::Send({MakeResponse({2, 3}, 3)}, kStopping),
                      ScriptedAudit::SendAndHold({MakeResponse({3, 4}, 4)})},
                     4),
              IsOk());
  EXPECT_THAT(sequences_, ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(audit_->requests()[1].after_revision(), 1u);
}

TEST_F(AuditSubscriberTest, FromNowIsAskedForUntilThereIsAPosition) {
  options_.from_now = true;
  EXPECT_THAT(Follow({ScriptedAudit::Send({}, kStopping),
                      ScriptedAudit::Send({MakeResponse({}, 40)}, kStopping),
                      ScriptedAudit::SendAndHold({MakeResponse({41}, 41)})},
                     41),
              IsOk());
  ASSERT_THAT(audit_->requests(), SizeIs(3));
  EXPECT_TRUE(audit_->requests()[0].from_now());
  EXPECT_TRUE(audit_->requests()[1].from_now());
  EXPECT_FALSE(audit_->requests()[2].from_now());
  EXPECT_EQ(audit_->requests()[2].after_revision(), 40u);
}

TEST_F(AuditSubscriberTest, SurvivesARestartOfTheServer) {
  testing::TempDir dir;
  const std::string socket = dir.Child("socket");
  ScriptedAudit before({ScriptedAudit::SendAndHold({MakeResponse({1, 2}, 2)})});
  ScriptedAudit after({ScriptedAudit::SendAndHold({MakeResponse({3}, 3)})});
  server_.emplace(std::vector<grpc::Service*>{&before}, socket);
  std::optional<std::thread> restart;
  const auto on_response = options_.on_response;
  options_.on_response = [&](const v1::SubscribeResponse& response) {
    on_response(response);
    if (response.complete_through() == 2) restart.emplace([&] { server_.reset(); });
  };
  options_.on_reconnect = [&](const Reconnect&) {
    if (restart->joinable()) restart->join();
    if (!server_.has_value()) server_.emplace(std::vector<grpc::Service*>{&after}, socket);
  };

  EXPECT_THAT(Run(3), IsOk());

  EXPECT_THAT(sequences_, ElementsAre(1, 2, 3));
  EXPECT_EQ(after.requests()[0].after_revision(), 2u);
}

TEST_F(AuditSubscriberTest, GoesOnAsSoonAsThereIsAServerAndNotWhenItsOwnWaitIsOver) {
  options_.shortest_backoff = absl::Hours(1);
  options_.longest_backoff = absl::Hours(1);
  const testing::TempDir dir;
  const std::string socket = dir.Child("socket");
  ScriptedAudit audit({ScriptedAudit::SendAndHold({MakeResponse({1}, 1)})});
  Connect("unix:" + socket);
  options_.on_reconnect = [&](const Reconnect& reconnect) {
    breaks_.push_back(reconnect);
    server_.emplace(std::vector<grpc::Service*>{&audit}, socket);
  };

  EXPECT_THAT(Run(1), IsOk());

  EXPECT_THAT(sequences_, ElementsAre(1));
  ASSERT_THAT(breaks_, SizeIs(1));
  EXPECT_FALSE(breaks_[0].reached);
}

TEST_F(AuditSubscriberTest, ALongOutageIsSaidWithGrowingPausesAndEndsWithTheServerBack) {
  constexpr std::size_t kWords = 6;
  const testing::TempDir dir;
  const std::string socket = dir.Child("socket");
  ScriptedAudit before({ScriptedAudit::SendAndHold({MakeResponse({1}, 1)})});
  ScriptedAudit after(
      {ScriptedAudit::Send({}, kStopping), ScriptedAudit::SendAndHold({MakeResponse({2}, 2)})});
  server_.emplace(std::vector<grpc::Service*>{&before}, socket);
  options_.longest_backoff = absl::Hours(1);
  std::optional<std::thread> kill;
  const auto on_response = options_.on_response;
  options_.on_response = [&](const v1::SubscribeResponse& response) {
    on_response(response);
    if (response.complete_through() == 1) kill.emplace([&] { server_.reset(); });
  };
  options_.on_reconnect = [&](const Reconnect& reconnect) {
    if (kill->joinable()) kill->join();
    breaks_.push_back(reconnect);
    if (breaks_.size() == kWords) {
      server_.emplace(std::vector<grpc::Service*>{&after}, socket);
    }
  };

  EXPECT_THAT(Run(2), IsOk());

  EXPECT_THAT(sequences_, ElementsAre(1, 2));
  ASSERT_THAT(breaks_, SizeIs(Ge(kWords + 1)));
  EXPECT_TRUE(breaks_[0].reached);
  for (std::size_t i = 1; i < kWords; ++i) {
    EXPECT_FALSE(breaks_[i].reached);
    EXPECT_THAT(breaks_[i].cause, StatusIs(absl::StatusCode::kUnavailable));
  }
  EXPECT_GT(breaks_[kWords - 1].delay, breaks_[1].delay);
  // What a server then says is waited after as if there had been no outage.
  EXPECT_TRUE(breaks_.back().reached);
  EXPECT_LE(breaks_.back().delay, absl::Milliseconds(2));
}

TEST_F(AuditSubscriberTest, StopEndsTheWaitForAServerAndWhatCouldNotBeAcknowledgedIsSaid) {
  options_.shortest_backoff = absl::Hours(1);
  options_.longest_backoff = absl::Hours(1);
  const testing::TempDir dir;
  std::optional<std::thread> other;
  options_.on_reconnect = [&](const Reconnect&) { other.emplace([this] { subscriber_->Stop(); }); };
  Connect("unix:" + dir.Child("nobody"));
  EXPECT_THAT(Run(1), IsOk());
  other->join();

  options_.consumer = "consumers/siem";
  options_.on_reconnect = [&](const Reconnect&) {
    subscriber_->Acknowledge(3);
    other.emplace([this] { subscriber_->Stop(); });
  };
  EXPECT_THAT(Run(1), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("acknowledgement")));
  other->join();
}

TEST_F(AuditSubscriberTest, WhereNobodyIsThereAtFirstItSaysWhy) {
  options_.first_response_within = absl::Milliseconds(30);
  const testing::TempDir dir;
  Connect("unix:" + dir.Child("nobody"));
  EXPECT_THAT(Run(1), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("connect")));
  EXPECT_THAT(breaks_, SizeIs(Ge(1u)));
}

TEST_F(AuditSubscriberTest, ASilentStreamIsTakenForDead) {
  options_.heartbeat_interval = absl::Milliseconds(10);
  EXPECT_THAT(Follow({ScriptedAudit::SendAndHold({MakeResponse({1}, 1)}),
                      ScriptedAudit::SendAndHold({MakeResponse({2}, 2)})},
                     2),
              IsOk());
  EXPECT_THAT(sequences_, ElementsAre(1, 2));
  ASSERT_THAT(breaks_, SizeIs(Ge(1u)));
  EXPECT_THAT(breaks_[0].cause, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("silent")));
}

TEST_F(AuditSubscriberTest, AStreamThatEndsWithoutAnErrorIsOpenedAgain) {
  EXPECT_THAT(Follow({ScriptedAudit::Send({MakeResponse({1}, 1)}, grpc::Status::OK),
                      ScriptedAudit::SendAndHold({MakeResponse({2}, 2)})},
                     2),
              IsOk());
  EXPECT_THAT(sequences_, ElementsAre(1, 2));
}

TEST_F(AuditSubscriberTest, WaitsGrowBetweenFailuresAndBeginAgainAfterAResponse) {
  options_.shortest_backoff = absl::Milliseconds(1);
  options_.longest_backoff = absl::Milliseconds(8);
  EXPECT_THAT(Follow({ScriptedAudit::Send({}, kStopping), ScriptedAudit::Send({}, kStopping),
                      ScriptedAudit::Send({}, kStopping), ScriptedAudit::Send({}, kStopping),
                      ScriptedAudit::Send({}, kStopping),
                      ScriptedAudit::Send({MakeResponse({1}, 1)}, kStopping),
                      ScriptedAudit::SendAndHold({MakeResponse({2}, 2)})},
                     2),
              IsOk());
  ASSERT_THAT(breaks_, SizeIs(6));
  EXPECT_GE(breaks_[4].delay, absl::Milliseconds(4));
  EXPECT_LE(breaks_[4].delay, absl::Milliseconds(8));
  EXPECT_LE(breaks_[5].delay, absl::Milliseconds(1));
}

TEST_F(AuditSubscriberTest, GivesUpOnWhatWaitingDoesNotHeal) {
  EXPECT_THAT(Follow({ScriptedAudit::Send({MakeResponse({1}, 1)}, kStopping),
                      ScriptedAudit::Send({}, kTooOld)}),
              StatusIs(absl::StatusCode::kOutOfRange, "too old"));
  EXPECT_THAT(sequences_, ElementsAre(1));
  for (const auto code : {grpc::StatusCode::PERMISSION_DENIED, grpc::StatusCode::UNAUTHENTICATED,
                          grpc::StatusCode::INVALID_ARGUMENT, grpc::StatusCode::NOT_FOUND,
                          grpc::StatusCode::UNIMPLEMENTED, grpc::StatusCode::DATA_LOSS}) {
    client_.reset();
    EXPECT_THAT(Follow({ScriptedAudit::Send({}, grpc::Status(code, "no"))}),
                StatusIs(static_cast<absl::StatusCode>(code)));
    EXPECT_THAT(audit_->requests(), SizeIs(1));
  }
}

TEST_F(AuditSubscriberTest, GoesOnAfterAnErrorWhereItWas) {
  EXPECT_THAT(Follow({ScriptedAudit::Send({MakeResponse({1}, 1)},
                                          {grpc::StatusCode::UNAUTHENTICATED, "no"}),
                      ScriptedAudit::SendAndHold({MakeResponse({2}, 2)})},
                     2),
              StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(subscriber_->Run(), IsOk());
  EXPECT_THAT(sequences_, ElementsAre(1, 2));
}

TEST_F(AuditSubscriberTest, TheFirstResponseIsWaitedForOnlySoLong) {
  options_.first_response_within = absl::Milliseconds(30);
  EXPECT_THAT(Follow({ScriptedAudit::Send({}, kStopping)}),
              StatusIs(absl::StatusCode::kUnavailable));
  client_.reset();
  EXPECT_THAT(Follow({ScriptedAudit::SendAndHold({})}), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(sequences_, IsEmpty());
}

TEST_F(AuditSubscriberTest, StopEndsAWaitingStreamFromAnotherThread) {
  std::optional<std::thread> other;
  const auto on_response = options_.on_response;
  options_.on_response = [&](const v1::SubscribeResponse& response) {
    on_response(response);
    if (!other.has_value()) other.emplace([this] { subscriber_->Stop(); });
  };
  EXPECT_THAT(Follow({ScriptedAudit::SendAndHold({MakeResponse({1}, 1)})}), IsOk());
  other->join();
  EXPECT_THAT(subscriber_->Run(), IsOk());  // stopped for good
}

TEST_F(AuditSubscriberTest, StopEndsTheWaitForAReconnect) {
  options_.shortest_backoff = absl::Hours(1);
  options_.longest_backoff = absl::Hours(1);
  std::optional<std::thread> other;
  options_.on_reconnect = [&](const Reconnect&) { other.emplace([this] { subscriber_->Stop(); }); };
  EXPECT_THAT(Follow({ScriptedAudit::Send({}, kStopping)}), IsOk());
  other->join();
}

TEST_F(AuditSubscriberTest, TheServersWishToWaitIsHeardWithinTheBound) {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(3600);
  google::rpc::Status wire;
  wire.add_details()->PackFrom(retry);
  const grpc::Status later(grpc::StatusCode::UNAVAILABLE, "later", wire.SerializeAsString());
  EXPECT_THAT(
      Follow({ScriptedAudit::Send({}, later), ScriptedAudit::SendAndHold({MakeResponse({1}, 1)})},
             1),
      IsOk());
  ASSERT_THAT(breaks_, SizeIs(1));
  EXPECT_EQ(breaks_[0].delay, absl::Milliseconds(4));
}

// The events of a log as a server sends them to whoever verifies.
v1::SubscribeResponse Serialized(const testing::FakeLog& log, std::uint64_t first,
                                 std::uint64_t last, const std::string& checkpoint) {
  v1::SubscribeResponse response;
  for (std::uint64_t i = first; i <= last; ++i) response.add_serialized_events(log.events[i - 1]);
  response.set_complete_through(last);
  response.set_checkpoint(checkpoint);
  return response;
}

class VerifyingSubscriberTest : public AuditSubscriberTest {
 protected:
  VerifyingSubscriberTest() {
    for (std::uint64_t i = 1; i <= 9; ++i) {
      v1::Event event;
      event.set_sequence(i);
      event.set_reason("because");
      log_.Append(event.SerializeAsString());
    }
    verifier_.emplace(*LogVerifier::Create(log_, log_.signer.VerifierKey(), ""));
    options_.verifier = &*verifier_;
  }

  testing::FakeLog log_{0};
  std::optional<LogVerifier> verifier_;
};

TEST_F(VerifyingSubscriberTest, WhatIsReadIsProvenOverABrokenStream) {
  const absl::Status followed = Follow(
      {ScriptedAudit::Send(
           {Serialized(log_, 1, 3, ""), Serialized(log_, 4, 5, log_.CheckpointAt(5))}, kStopping),
       ScriptedAudit::SendAndHold({Serialized(log_, 6, 9, log_.CheckpointAt(9))})},
      9);
  EXPECT_TRUE(followed.ok()) << followed;
  EXPECT_THAT(sequences_, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_EQ(verifier_->verified_through(), 9U);
  EXPECT_TRUE(audit_->requests().front().serialized());
  EXPECT_TRUE(audit_->requests().front().checkpoints());
}

TEST_F(VerifyingSubscriberTest, AnAlteredEventEndsTheSubscription) {
  log_.events[6].back() ^= 1;
  const absl::Status followed =
      Follow({ScriptedAudit::SendAndHold({Serialized(log_, 1, 5, log_.CheckpointAt(5)),
                                          Serialized(log_, 6, 9, log_.CheckpointAt(9))})});
  EXPECT_THAT(followed, StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(std::string(followed.message()), HasSubstr("event 7 was altered"));
  EXPECT_THAT(sequences_, ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(VerifyingSubscriberTest, EventsThatTheServerLeavesOutAreMissed) {
  v1::SubscribeResponse response = Serialized(log_, 1, 5, "");
  response.set_complete_through(8);
  const absl::Status followed = Follow({ScriptedAudit::SendAndHold({response})});
  EXPECT_THAT(followed,
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("events 6 to 8 were removed")));
  EXPECT_THAT(sequences_, IsEmpty());
}

TEST_F(VerifyingSubscriberTest, EventsThatAreSwappedAreOutOfOrderAndNotRemoved) {
  v1::SubscribeResponse swapped = Serialized(log_, 1, 5, "");
  swapped.mutable_serialized_events()->SwapElements(2, 3);
  EXPECT_THAT(Follow({ScriptedAudit::SendAndHold({swapped})}),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("event 3 came after event 4")));
}

TEST_F(VerifyingSubscriberTest, EventsWithoutTheirBytesAreNotTaken) {
  v1::SubscribeResponse mixed = Serialized(log_, 1, 1, "");
  mixed.add_events()->set_sequence(2);
  for (const auto& response : {MakeResponse({1, 2}, 2), mixed}) {
    client_.reset();
    const absl::Status followed = Follow({ScriptedAudit::SendAndHold({response})});
    EXPECT_THAT(followed, StatusIs(absl::StatusCode::kDataLoss,
                                   HasSubstr("the server sent events without their bytes")));
    EXPECT_THAT(sequences_, IsEmpty());
  }
}

TEST_F(VerifyingSubscriberTest, WhatWasHandedOnBeforeABreakIsProvenAfterIt) {
  options_.filter.set_workspace("workspaces/acme");
  log_.events[2].back() ^= 1;
  v1::SubscribeResponse later = Serialized(log_, 6, 6, log_.CheckpointAt(9));
  const absl::Status followed =
      Follow({ScriptedAudit::Send({Serialized(log_, 3, 3, "")}, kStopping),
              ScriptedAudit::SendAndHold({later})},
             6);
  EXPECT_THAT(followed, StatusIs(absl::StatusCode::kDataLoss, HasSubstr("event 3 was altered")));
}

TEST_F(VerifyingSubscriberTest, AProofThatWasNotToBeHadIsAskedForAgain) {
  log_.failure = absl::UnavailableError("gone");
  const auto on_reconnect = options_.on_reconnect;
  options_.on_reconnect = [&](const Reconnect& reconnect) {
    on_reconnect(reconnect);
    log_.failure = absl::OkStatus();
  };
  const absl::Status followed = Follow(
      {ScriptedAudit::Send(
           {Serialized(log_, 1, 3, ""), Serialized(log_, 4, 5, log_.CheckpointAt(9))}, kStopping),
       ScriptedAudit::SendAndHold({Serialized(log_, 4, 9, log_.CheckpointAt(9))})},
      9);
  EXPECT_TRUE(followed.ok()) << followed;
  EXPECT_THAT(sequences_, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_EQ(verifier_->verified_count(), 9U);
}

TEST_F(VerifyingSubscriberTest, FromNowItBeginsWithTheFirstResponse) {
  options_.from_now = true;
  const absl::Status followed =
      Follow({ScriptedAudit::SendAndHold(
                 {Serialized(log_, 8, 7, ""), Serialized(log_, 8, 9, log_.CheckpointAt(9))})},
             9);
  EXPECT_TRUE(followed.ok()) << followed;
  EXPECT_EQ(verifier_->verified_through(), 9U);
}

}  // namespace
}  // namespace latchkey
