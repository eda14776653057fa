// A subscriber with a consumer: where it begins, and what it acknowledges.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "gmock/gmock.h"
#include "tests/client/audit_subscriber_fixture.h"
#include "tests/testing/status_matchers.h"

namespace latchkey {
namespace {

using testing::AuditSubscriberTest;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::MakeResponse;
using testing::ScriptedAudit;
using ::testing::SizeIs;
using testing::StatusIs;

TEST_F(AuditSubscriberTest, AConsumerIsAskedForByNameAfterABreakTooAndGivesNoRepeat) {
  options_.consumer = "consumers/siem";

  EXPECT_THAT(Follow({ScriptedAudit::Send({MakeResponse({1, 2}, 2)}, kStopping),
                      ScriptedAudit::SendAndHold({MakeResponse({1, 2, 3}, 3)})},
                     3),
              IsOk());

  EXPECT_THAT(sequences_, ElementsAre(1, 2, 3));
  ASSERT_THAT(audit_->requests(), SizeIs(2));
  for (const auto& request : audit_->requests()) {
    EXPECT_EQ(request.consumer(), "consumers/siem");
    EXPECT_EQ(request.after_revision(), 0u);
    EXPECT_FALSE(request.has_filter());
  }
}

TEST_F(AuditSubscriberTest, ALaterStreamEndsASubscriptionForGood) {
  options_.consumer = "consumers/siem";
  EXPECT_THAT(Follow({ScriptedAudit::Send({}, {grpc::StatusCode::ABORTED, "taken over"})}),
              StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(audit_->requests(), SizeIs(1));
}

TEST_F(AuditSubscriberTest, SendsTheLatestAcknowledgementOfASecondAndTheLastOne) {
  options_.consumer = "consumers/siem";
  options_.on_response = [this](const v1::SubscribeResponse& response) {
    subscriber_->Acknowledge(response.complete_through());
    subscriber_->Acknowledge(1);  // which says no more
    if (response.complete_through() == 4) subscriber_->Stop();
  };
  std::vector<v1::SubscribeResponse> responses;
  for (std::uint64_t i = 1; i <= 4; ++i) responses.push_back(MakeResponse({i}, i));

  EXPECT_THAT(Follow({ScriptedAudit::SendAndHold(responses)}), IsOk());

  const auto sent = audit_->acknowledgements();
  // The first at once, the last at the end; some more where this machine was slow.
  ASSERT_THAT(sent, ::testing::Not(IsEmpty()));
  // One that was given up may be heard of last.
  std::uint64_t greatest = 0;
  for (const auto& one : sent) {
    EXPECT_EQ(one.name(), "consumers/siem");
    greatest = std::max(greatest, one.revision());
  }
  EXPECT_EQ(greatest, 4u);
  EXPECT_LE(sent.size(), 3u);
}

// A store that writes nothing now keeps nobody from reading, and a silent stream is no less dead.
TEST_F(AuditSubscriberTest, AnAcknowledgementThatHangsKeepsNoEventWaiting) {
  options_.consumer = "consumers/siem";
  options_.heartbeat_interval = absl::Seconds(1);
  std::size_t sent_at_break = 0;
  options_.on_response = [this](const v1::SubscribeResponse& response) {
    for (const auto& event : response.events()) sequences_.push_back(event.sequence());
    subscriber_->Acknowledge(response.complete_through());
  };
  options_.on_reconnect = [&](const Reconnect& reconnect) {
    breaks_.push_back(reconnect);
    sent_at_break = audit_->acknowledgements().size();
    subscriber_->Stop();
  };
  std::vector<v1::SubscribeResponse> responses;
  for (std::uint64_t i = 1; i <= 8; ++i) responses.push_back(MakeResponse({i}, i));
  audit_.emplace(std::vector{ScriptedAudit::SendAndHold(responses)});
  audit_->HoldAcknowledgements();
  server_.emplace(std::vector<grpc::Service*>{&*audit_});
  Connect(server_->target(), /*timeout=*/absl::Seconds(5));

  EXPECT_THAT(Run(8), StatusIs(absl::StatusCode::kDeadlineExceeded)) << "of the last one";

  EXPECT_THAT(sequences_, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  ASSERT_THAT(breaks_, SizeIs(1));
  EXPECT_THAT(breaks_[0].cause, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(sent_at_break, 1U) << "one at a time";
}

TEST_F(AuditSubscriberTest, AnAcknowledgementThatIsRefusedEndsIt) {
  options_.consumer = "consumers/siem";
  options_.on_response = [this](const v1::SubscribeResponse& response) {
    subscriber_->Acknowledge(response.complete_through());
  };
  audit_.emplace(std::vector{ScriptedAudit::SendAndHold({MakeResponse({1}, 1)})}, kTooOld);
  server_.emplace(std::vector<grpc::Service*>{&*audit_});

  EXPECT_THAT(Run(4), StatusIs(absl::StatusCode::kOutOfRange));
}

}  // namespace
}  // namespace latchkey
