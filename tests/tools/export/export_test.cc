// `latchkey audit export` against a server that follows a script.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/base/clock.h"
#include "tests/client/scripted_audit.h"
#include "tests/tools/cli_harness.h"
#include "tools/latchkey/export/export_progress.h"
#include "tools/latchkey/export/sink.h"
#include "tools/latchkey/export/state_file.h"

namespace latchkey::cli {
namespace {

using ::testing::AllOf;
using testing::CliHarness;
using testing::CliResult;
using ::testing::ElementsAre;
using testing::FakeServer;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MakeResponse;
using testing::ScriptedAudit;
using testing::TooOld;

const grpc::Status kStopping(grpc::StatusCode::UNAVAILABLE, "the server is stopping");

class ExportTest : public ::testing::Test {
 protected:
  CliResult Export(std::vector<ScriptedAudit::Step> script, std::vector<std::string> more) {
    audit_.emplace(std::move(script));
    const FakeServer server({&*audit_});
    more.insert(more.begin(), {"audit", "export"});
    return cli_.Run(server, more);
  }

  static std::vector<std::string> Sequences(const std::string& out) {
    std::vector<std::string> sequences;
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);) {
      sequences.push_back(nlohmann::json::parse(line).at("sequence"));
    }
    return sequences;
  }
  std::string PathOf(const std::string& name) const { return cli_.home() + "/" + name; }
  std::string Read(const std::string& name) const {
    std::ifstream file(PathOf(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  std::uint64_t FirstAsked() const { return audit_->requests().at(0).after_revision(); }

  CliHarness cli_;
  std::optional<ScriptedAudit> audit_;
};

TEST_F(ExportTest, WritesToStandardOutputAndEndsAtWhatWasTheEnd) {
  const auto result =
      Export({ScriptedAudit::SendAndHold(
                 {MakeResponse({1}, 1, 3), MakeResponse({2, 3}, 3, 9), MakeResponse({4}, 4, 9)})},
             {});
  EXPECT_EQ(result.code, ExitCode::kOk);
  EXPECT_THAT(Sequences(result.out), ElementsAre("1", "2", "3"));
  EXPECT_THAT(result.err, IsEmpty());
}

TEST_F(ExportTest, AsksForWhatTheOptionsSay) {
  Export({ScriptedAudit::SendAndHold({MakeResponse({}, 7)})},
         {"--after", "5", "--workspace", "acme", "--action", "token.issue"});
  const auto request = audit_->requests().at(0);
  EXPECT_EQ(request.after_revision(), 5u);
  EXPECT_EQ(request.filter().workspace(), "workspaces/acme");
  EXPECT_EQ(request.filter().actions(0), v1::ACTION_TOKEN_ISSUE);
}

TEST_F(ExportTest, WritesTheFormThatIsAskedFor) {
  const auto result = Export({ScriptedAudit::SendAndHold({MakeResponse({8}, 8)})},
                             {"--format", "cloudevents", "--source", "/prod"});
  const auto json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json.at("id"), "8");
  EXPECT_EQ(json.at("source"), "/prod");
}

TEST_F(ExportTest, GoesOnWhereTheStateSays) {
  const std::vector<std::string> more = {"--to", PathOf("log"), "--state", PathOf("state")};
  // The second event is beyond what the server calls complete: it comes again.
  Export({ScriptedAudit::Send({MakeResponse({1, 2}, 1, 4)},
                              {grpc::StatusCode::PERMISSION_DENIED, "no"})},
         more);
  const auto result = Export({ScriptedAudit::SendAndHold({MakeResponse({2, 3, 4}, 4, 4)})}, more);
  EXPECT_EQ(result.code, ExitCode::kOk);
  EXPECT_EQ(FirstAsked(), 2u);
  EXPECT_THAT(Sequences(Read("log")), ElementsAre("1", "2", "3", "4"));
  EXPECT_THAT(result.out, IsEmpty());
}

TEST_F(ExportTest, AStateIsGoodHoweverItsOutputIsSpelled) {
  Export({ScriptedAudit::SendAndHold({MakeResponse({1}, 1)})},
         {"--to", PathOf("log"), "--state", PathOf("state")});
  const auto result = Export({ScriptedAudit::SendAndHold({MakeResponse({2}, 2)})},
                             {"--to", PathOf("./log"), "--state", PathOf("./state")});
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  EXPECT_THAT(Sequences(Read("log")), ElementsAre("1", "2"));

  // A state that kept the output as it was spelled.
  nlohmann::json state = nlohmann::json::parse(Read("state"));
  state["output"] = PathOf("../") + std::filesystem::path(cli_.home()).filename().string() + "/log";
  std::ofstream(PathOf("state")) << state.dump();
  const auto older = Export({ScriptedAudit::SendAndHold({MakeResponse({3}, 3)})},
                            {"--to", PathOf("log"), "--state", PathOf("state")});
  EXPECT_EQ(older.code, ExitCode::kOk) << older.err;
  EXPECT_THAT(Sequences(Read("log")), ElementsAre("1", "2", "3"));
}

TEST_F(ExportTest, WithOldestItBeginsWithWhatIsKeptButNotBehindAKeptPlace) {
  const std::vector<std::string> more = {"--oldest", "--state", PathOf("state")};
  const auto result = Export(
      {ScriptedAudit::Send({}, TooOld(6)), ScriptedAudit::SendAndHold({MakeResponse({6}, 6)})},
      more);
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  EXPECT_THAT(Sequences(result.out), ElementsAre("6"));

  const auto behind = Export(
      {ScriptedAudit::Send({}, TooOld(9)), ScriptedAudit::SendAndHold({MakeResponse({9}, 9)})},
      more);
  EXPECT_EQ(behind.code, ExitCode::kFailed);
  EXPECT_THAT(behind.out, IsEmpty());
}

TEST_F(ExportTest, WithOldestItSaysWhatIsGoneUnlessItIsToBeQuiet) {
  const std::vector<ScriptedAudit::Step> script = {
      ScriptedAudit::Send({}, TooOld(6)), ScriptedAudit::SendAndHold({MakeResponse({6}, 6)})};
  EXPECT_THAT(Export(script, {"--oldest"}).err, HasSubstr("the events 1 to 5 are not kept"));
  EXPECT_THAT(Export(script, {"--oldest", "--quiet"}).err, IsEmpty());
}

// Once refused, and then without a server: nothing came, so the next run begins anew.
TEST_F(ExportTest, WithOldestAStateThatGotNowhereIsNoPlaceOnStandardOutputEither) {
  const std::vector<std::string> more = {"--oldest", "--state", PathOf("state")};
  const auto denied = ScriptedAudit::Send({}, {grpc::StatusCode::PERMISSION_DENIED, "no"});
  ASSERT_EQ(Export({ScriptedAudit::Send({}, TooOld(6)), denied}, more).code, ExitCode::kDenied);
  const auto result = Export(
      {ScriptedAudit::Send({}, TooOld(9)), ScriptedAudit::SendAndHold({MakeResponse({9}, 9)})},
      more);
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  EXPECT_THAT(Sequences(result.out), ElementsAre("9"));
}

TEST_F(ExportTest, AFileIsNoFolder) {
  const auto result = Export({ScriptedAudit::SendAndHold({MakeResponse({1}, 1)})},
                             {"--to", PathOf("log/"), "--state", PathOf("state")});
  EXPECT_EQ(result.code, ExitCode::kUsage) << result.err;
  EXPECT_FALSE(std::filesystem::exists(PathOf("log")));
  for (const char* folder : {"logs", "logs/"}) {
    EXPECT_EQ(Export({ScriptedAudit::SendAndHold({MakeResponse({1}, 1)})},
                     {"--dir", PathOf(folder), "--state", PathOf("state")})
                  .code,
              ExitCode::kOk);
  }
}

TEST_F(ExportTest, AStateThatGotNowhereKeepsNoPlace) {
  const auto too_old = ScriptedAudit::Send({}, TooOld(6));
  std::vector<std::string> more = {"--to", PathOf("log"), "--state", PathOf("state")};
  ASSERT_EQ(Export({too_old}, more).code, ExitCode::kFailed);
  more.push_back("--oldest");
  const auto result = Export({too_old, ScriptedAudit::SendAndHold({MakeResponse({6}, 6)})}, more);
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  EXPECT_THAT(Sequences(Read("log")), ElementsAre("6"));
}

TEST_F(ExportTest, AFileThatAKilledRunLeftIsCompletedAlsoByOneThatIsRefused) {
  const std::vector<std::string> more = {"--dir", PathOf("logs"), "--state", PathOf("state")};
  {
    ExportState initial;
    initial.output = PathOf("logs");
    initial.format = "jsonl";
    initial.source = "/latchkey";
    initial.filter = "{}";
    StateFile state = *StateFile::Open(PathOf("state"), initial);
    const SystemClock clock;
    const auto killed = MakeFolderSink(state, {1 << 20, absl::Hours(1)}, clock);
    ASSERT_TRUE(killed->Open().ok());
    ASSERT_TRUE(killed->Write(1, "{\"sequence\":\"1\"}\n").ok());
    ASSERT_TRUE(killed->Checkpoint(1).ok());
  }
  const auto refused = Export({ScriptedAudit::Send({}, TooOld(6))}, more);
  EXPECT_EQ(refused.code, ExitCode::kFailed) << refused.err;
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(PathOf("logs"))) {
    names.push_back(entry.path().filename().string());
  }
  ASSERT_THAT(names, ::testing::SizeIs(1));
  EXPECT_NE(names[0][0], '.') << names[0];
  EXPECT_THAT(Sequences(Read("logs/" + names[0])), ElementsAre("1"));
}

TEST_F(ExportTest, WhatCannotBeMeantIsAMistakeOfUse) {
  const std::vector<std::vector<std::string>> cases = {
      {"--rotate-bytes", "5"}, {"--rotate-every", "5m"}, {"--to", "/"},
      {"--dir", ""},           {"--state", ""},          {"--state", cli_.home()}};
  for (const auto& more : cases) {
    const auto result = Export({ScriptedAudit::SendAndHold({MakeResponse({}, 7)})}, more);
    EXPECT_EQ(result.code, ExitCode::kUsage) << more[0] << " " << more[1] << ": " << result.err;
  }
}

TEST_F(ExportTest, TheStateComesBeforeAfter) {
  const std::vector<std::string> more = {"--after", "3", "--state", PathOf("state")};
  Export({ScriptedAudit::SendAndHold({MakeResponse({4, 5}, 5)})}, more);
  EXPECT_EQ(FirstAsked(), 3u);
  Export({ScriptedAudit::SendAndHold({MakeResponse({}, 5)})}, more);
  EXPECT_EQ(FirstAsked(), 5u);
}

TEST_F(ExportTest, AnotherExportsStateIsRefused) {
  Export({ScriptedAudit::SendAndHold({MakeResponse({1}, 1)})}, {"--state", PathOf("state")});
  const auto result =
      cli_.RunAlone({"audit", "export", "--state", PathOf("state"), "--app", "ci-bot"});
  EXPECT_EQ(result.code, ExitCode::kUsage);
  EXPECT_THAT(result.err, HasSubstr("the filter"));
}

TEST_F(ExportTest, FillsAFolder) {
  const auto result =
      Export({ScriptedAudit::SendAndHold({MakeResponse({1, 2}, 2, 3), MakeResponse({3}, 3, 3)})},
             {"--dir", PathOf("logs"), "--rotate-bytes", "30"});
  EXPECT_EQ(result.code, ExitCode::kOk);
  std::string lines;
  for (int n = 1; n <= 3; ++n) {
    lines += Read(absl::StrCat("logs/events-00000000000", n, "-00000000000", n, ".jsonl"));
  }
  EXPECT_THAT(Sequences(lines), ElementsAre("1", "2", "3"));
}

TEST_F(ExportTest, GoesOnOverABrokenStream) {
  const auto result = Export({ScriptedAudit::Send({MakeResponse({1, 2}, 1, 3)}, kStopping),
                              ScriptedAudit::SendAndHold({MakeResponse({2, 3}, 3)})},
                             {});
  EXPECT_THAT(Sequences(result.out), ElementsAre("1", "2", "3"));
  EXPECT_THAT(result.err, HasSubstr("the stream broke"));
}

TEST_F(ExportTest, QuietSaysNothing) {
  cli_.err_is_terminal = true;
  const auto result = Export({ScriptedAudit::Send({MakeResponse({1}, 1, 3)}, kStopping),
                              ScriptedAudit::SendAndHold({MakeResponse({2, 3}, 3)})},
                             {"--quiet"});
  EXPECT_THAT(result.err, IsEmpty());
}

TEST_F(ExportTest, ATerminalShowsHowItGoes) {
  cli_.err_is_terminal = true;
  const auto result = Export({ScriptedAudit::SendAndHold({MakeResponse({1, 2}, 2)})}, {});
  EXPECT_THAT(result.err, AllOf(HasSubstr("2 events"), HasSubstr("0 to go")));
  EXPECT_EQ(ExportProgressText(1200, absl::Seconds(2), 30), "1200 events  600/s  30 to go");
}

TEST_F(ExportTest, FollowingEndsByASignal) {
  for (const auto& [number, code] :
       {std::pair(SIGINT, ExitCode::kInterrupted), std::pair(SIGTERM, ExitCode::kOk)}) {
    CliHarness cli;
    ScriptedAudit audit({[&, signal = number](auto& writer, grpc::ServerContext& context) {
      writer.Write(MakeResponse({1}, 1));
      writer.Write(MakeResponse({2}, 2));
      cli.stop.Request(signal);
      return ScriptedAudit::SendAndHold({})(writer, context);
    }});
    const FakeServer server({&audit});
    const std::string log = cli.home() + "/log";
    const auto result =
        cli.Run(server, {"audit", "export", "--follow", "--to", log, "--state", log + ".state"});
    EXPECT_EQ(result.code, code);
    EXPECT_THAT(result.err, IsEmpty());
  }
}

TEST_F(ExportTest, GivesUpWithWhereToGoOn) {
  const auto result = Export(
      {ScriptedAudit::Send({MakeResponse({8}, 8, 9)}, {grpc::StatusCode::PERMISSION_DENIED, "no"})},
      {"--after", "7"});
  EXPECT_EQ(result.code, ExitCode::kDenied);
  EXPECT_THAT(result.err, HasSubstr("go on with --after 8"));
}

TEST_F(ExportTest, OptionsThatMakeNoSenseAreRefused) {
  for (const std::vector<std::string>& more :
       std::vector<std::vector<std::string>>{{"--format", "csv"},
                                             {"--source", ""},
                                             {"--dir", PathOf("logs"), "--to", PathOf("log")},
                                             {"--dir", PathOf("logs"), "--rotate-bytes", "0"},
                                             {"--dir", PathOf("logs"), "--rotate-every", "soon"}}) {
    std::vector<std::string> args = {"audit", "export"};
    args.insert(args.end(), more.begin(), more.end());
    EXPECT_EQ(cli_.RunAlone(args).code, ExitCode::kUsage) << more[1];
  }
  EXPECT_FALSE(std::filesystem::exists(PathOf("logs")));
}

TEST_F(ExportTest, AFileInTheWayIsLeftAlone) {
  cli_.File("log", "mine");
  const auto result =
      Export({ScriptedAudit::SendAndHold({MakeResponse({1}, 1)})}, {"--to", PathOf("log")});
  EXPECT_EQ(result.code, ExitCode::kConflict);
  EXPECT_EQ(Read("log"), "mine");
}

}  // namespace
}  // namespace latchkey::cli
