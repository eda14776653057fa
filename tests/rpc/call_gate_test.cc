#include "server/rpc/call_gate.h"

#include <utility>

#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"

namespace latchkey::rpc {
namespace {

using ::latchkey::testing::IsOk;
using ::latchkey::testing::StatusIs;

TEST(CallGateTest, OneCallTooManyIsOverloadedUntilAnotherEnds) {
  CallGate gate(2);
  CallGate::Pass first;
  CallGate::Pass third;
  {
    CallGate::Pass second;
    ASSERT_THAT(gate.Enter(first), IsOk());
    ASSERT_THAT(gate.Enter(second), IsOk());

    const absl::Status refused = gate.Enter(third);

    EXPECT_THAT(refused, StatusIs(absl::StatusCode::kResourceExhausted));
    EXPECT_EQ(GetDetail<google::rpc::ErrorInfo>(refused).reason(), "OVERLOADED");
    EXPECT_EQ(gate.calls(), 2);
  }
  EXPECT_THAT(gate.Enter(third), IsOk());
}

TEST(CallGateTest, APassThatIsMovedCountsOnce) {
  CallGate gate(1);
  {
    CallGate::Pass first;
    ASSERT_THAT(gate.Enter(first), IsOk());
    const CallGate::Pass second = std::move(first);
    EXPECT_EQ(gate.calls(), 1);
  }
  EXPECT_EQ(gate.calls(), 0);
}

TEST(CallGateTest, AClosedGateLetsNobodyIn) {
  CallGate gate(1);
  gate.Close();
  CallGate::Pass pass;

  const absl::Status refused = gate.Enter(pass);

  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(GetDetail<google::rpc::ErrorInfo>(refused).reason(), "SHUTTING_DOWN");
}

}  // namespace
}  // namespace latchkey::rpc
