#include "client/backoff.h"

#include <set>
#include <string>

#include "client/request_id.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/fake_entropy.h"

namespace latchkey {
namespace {

using testing::FakeEntropy;

TEST(BackoffTest, EachWaitIsBetweenHalfAStepAndAllOfIt) {
  FakeEntropy entropy;
  Backoff backoff(absl::Milliseconds(100), absl::Milliseconds(800), entropy);

  for (const int step : {100, 200, 400, 800, 800, 800}) {
    const absl::Duration wait = backoff.Next();
    EXPECT_GE(wait, absl::Milliseconds(step / 2));
    EXPECT_LE(wait, absl::Milliseconds(step));
  }
}

TEST(BackoffTest, ResetBeginsAgain) {
  FakeEntropy entropy;
  Backoff backoff(absl::Milliseconds(100), absl::Seconds(10), entropy);
  for (int i = 0; i < 5; ++i) backoff.Next();

  backoff.Reset();

  EXPECT_LE(backoff.Next(), absl::Milliseconds(100));
}

TEST(BackoffTest, WaitsDifferBetweenClients) {
  FakeEntropy entropy;
  std::set<absl::Duration> waits;
  for (int i = 0; i < 20; ++i) {
    waits.insert(Backoff(absl::Seconds(1), absl::Seconds(1), entropy).Next());
  }
  EXPECT_GT(waits.size(), 15u);
}

TEST(RequestIdTest, IsARandomUuidOfVersion4) {
  FakeEntropy entropy;
  const std::string first = NewRequestId(entropy);
  const std::string second = NewRequestId(entropy);

  EXPECT_THAT(first, ::testing::MatchesRegex("[0-9a-f]+-[0-9a-f]+-4[0-9a-f]+-[89ab][0-9a-f]+-"
                                             "[0-9a-f]+"));
  EXPECT_EQ(first.size(), 36u);
  EXPECT_EQ(first[8], '-');
  EXPECT_EQ(first[23], '-');
  EXPECT_NE(first, second);
}

}  // namespace
}  // namespace latchkey
