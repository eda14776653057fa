#include "server/base/status_macros.h"

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"

namespace latchkey {
namespace {

using ::latchkey::testing::IsOk;
using ::latchkey::testing::IsOkAndHolds;
using ::latchkey::testing::StatusIs;
using ::testing::Pointee;

absl::Status Twice(const absl::Status& first, const absl::Status& second) {
  LATCHKEY_RETURN_IF_ERROR(first);
  LATCHKEY_RETURN_IF_ERROR(second);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<int>> Sum(absl::StatusOr<std::unique_ptr<int>> a,
                                         const absl::StatusOr<int>& b) {
  LATCHKEY_ASSIGN_OR_RETURN(std::unique_ptr<int> sum, std::move(a));
  LATCHKEY_ASSIGN_OR_RETURN(const int more, b);
  *sum += more;
  return sum;
}

TEST(ReturnIfErrorTest, TheFirstErrorIsReturnedWithItsMessage) {
  EXPECT_THAT(Twice(absl::OkStatus(), absl::OkStatus()), IsOk());
  EXPECT_THAT(Twice(absl::AbortedError("one"), absl::NotFoundError("two")),
              StatusIs(absl::StatusCode::kAborted, "one"));
  EXPECT_THAT(Twice(absl::OkStatus(), absl::NotFoundError("two")),
              StatusIs(absl::StatusCode::kNotFound, "two"));
}

TEST(AssignOrReturnTest, MovesTheValueOrReturnsTheError) {
  EXPECT_THAT(Sum(std::make_unique<int>(2), 3), IsOkAndHolds(Pointee(5)));
  EXPECT_THAT(Sum(absl::AbortedError("a"), 3), StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(Sum(std::make_unique<int>(2), absl::DataLossError("b")),
              StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace latchkey
