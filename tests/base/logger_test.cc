#include "server/base/logger.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/testing/fake_clock.h"
#include "tests/testing/status_matchers.h"

namespace latchkey {
namespace {

using ::latchkey::testing::FakeClock;
using ::latchkey::testing::IsOkAndHolds;
using ::latchkey::testing::StatusIs;
using ::testing::HasSubstr;

TEST(FormatLogLineTest, KeepsTheOrderAndTheTypesOfFields) {
  const std::string line =
      FormatLogLine(absl::FromUnixMicros(1'000'001), LogLevel::kWarning, "slow sync",
                    {{"path", "/data"},
                     {"millis", 12.5},
                     {"bytes", std::uint64_t{1} << 63},
                     {"delta", -3},
                     {"retry", true}});
  EXPECT_EQ(line,
            R"({"time":"1970-01-01T00:00:01.000001Z","level":"warning","message":"slow sync",)"
            R"("path":"/data","millis":12.5,"bytes":9223372036854775808,"delta":-3,"retry":true})");
}

TEST(FormatLogLineTest, WhateverAFieldHoldsTheLineIsOneLineOfJson) {
  const std::string nasty("a\"b\\c\nd\re\tf\0g\x1b[31m\xff\xc3(", 17);
  const std::string line =
      FormatLogLine(absl::UnixEpoch(), LogLevel::kInfo, nasty, {{"name", nasty}, {nasty, 1}});
  EXPECT_EQ(line.find_first_of("\n\r\x1b"), std::string::npos);
  EXPECT_TRUE(nlohmann::json::accept(line)) << line;
}

TEST(FormatLogLineTest, AFieldCannotPassForTheLevelOrTheMessage) {
  const auto line = nlohmann::json::parse(FormatLogLine(absl::UnixEpoch(), LogLevel::kError, "lost",
                                                        {{"level", "info"}, {"message", "fine"}}));
  EXPECT_EQ(line["level"], "error");
  EXPECT_EQ(line["message"], "lost");
}

TEST(StderrLoggerTest, WritesOneLineForEachCallAndDropsLesserLevels) {
  const FakeClock clock(absl::UnixEpoch());
  StderrLogger logger(clock, LogLevel::kInfo);

  ::testing::internal::CaptureStderr();
  logger.Debug("unseen");
  logger.Info("a {} b");  // no format string
  logger.Error("last", {{"code", 7}});
  const std::vector<std::string> lines =
      absl::StrSplit(::testing::internal::GetCapturedStderr(), '\n', absl::SkipEmpty());

  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(nlohmann::json::parse(lines[0])["message"], "a {} b");
  EXPECT_EQ(nlohmann::json::parse(lines[1])["code"], 7);
}

TEST(LogLevelTest, EveryNameReadsBackAndOthersAreRefused) {
  for (const LogLevel level :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError}) {
    EXPECT_THAT(ParseLogLevel(LogLevelName(level)), IsOkAndHolds(level));
  }
  EXPECT_THAT(ParseLogLevel("INFO"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("'INFO'")));
}

}  // namespace
}  // namespace latchkey
