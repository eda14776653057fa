// Runs latchkey_bench end to end, for a few seconds: that it reports every figure, not what they
// are.

#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/testing/temp_dir.h"

namespace latchkey::benchmark {
namespace {

using ::testing::IsSupersetOf;

int ExitCodeOf(const std::string& command) {
  const int status = std::system(command.c_str());  // NOLINT(cert-env33-c): paths of the build
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::set<std::string> NamesIn(const nlohmann::json& list) {
  std::set<std::string> names;
  for (const nlohmann::json& entry : list) names.insert(entry.at("name").get<std::string>());
  return names;
}

// Runs the benchmark in `folder`, and returns what it exits with.
int RunBench(const std::string& folder, const std::string& arguments) {
  return ExitCodeOf(
      absl::StrCat("exec '", LATCHKEY_BENCH, "' --folder '", folder, "' ", arguments));
}

// What a quick run comes to.
struct QuickRun {
  int exit_code = -1;
  bool left_nothing = false;  // in its folder
  nlohmann::json report;
};

QuickRun RunQuickly() {
  const testing::TempDir folder;
  const testing::TempDir results;
  const std::string file = results.Child("figures.json");
  QuickRun run;
  run.exit_code = RunBench(folder.path(), absl::StrCat("--quick --tokens 400 --latchkeyd '",
                                                       LATCHKEYD, "' --json '", file, "'"));
  run.left_nothing = std::filesystem::is_empty(folder.path());
  if (run.exit_code == 0) run.report = nlohmann::json::parse(std::ifstream(file));
  return run;
}

// The tests share one run, which takes some seconds.
class BenchReportTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(run().exit_code, 0); }

  static const QuickRun& run() {
    static const QuickRun once = RunQuickly();
    return once;
  }
  static const nlohmann::json& loads() { return run().report.at("loads"); }
  static const nlohmann::json& findings() { return run().report.at("findings"); }
  static const nlohmann::json& Load(const std::string& name) {
    return *std::find_if(loads().begin(), loads().end(),
                         [&](const nlohmann::json& load) { return load.at("name") == name; });
  }
};

TEST_F(BenchReportTest, HasEveryLoad) {
  EXPECT_THAT(NamesIn(loads()),
              IsSupersetOf({"Verify", "echo of Verify's sizes", "BatchVerify of 64", "IssueToken",
                            "echo of IssueToken's sizes", "IssueToken, one by one",
                            "IssueToken with a request id", "IssueToken of 400",
                            "Verify of 400, cold", "Verify of 400, warm"}));
  for (const nlohmann::json& load : loads()) {
    for (const char* figure :
         {"calls_per_second", "p50_ms", "p99_ms", "server_cpu_us", "client_cpu_us"}) {
      EXPECT_GT(load.at(figure).at("median"), 0) << load.at("name") << " " << figure;
    }
  }
}

TEST_F(BenchReportTest, HasEveryFindingThatATargetIsSetFor) {
  EXPECT_THAT(
      NamesIn(findings()),
      IsSupersetOf(
          {"Verify: server CPU over the bare echo's", "BatchVerify of 64: tokens/s over Verify's",
           "IssueToken: rate over the bare echo's", "IssueToken: rate over that one by one",
           "IssueToken: commits over what the disk gives", "400 tokens: start to first answer",
           "400 tokens: start to first answer after a kill",
           "400 tokens: bytes a token, by the files' lengths",
           "Verify of 400 over that of 400: server CPU, warm",
           "Verify of 400 over that of 400: server CPU, cold",
           "20 idle subscribers: memory of each", "the same beyond that of a bare stream",
           "IssueToken at half its rate: p99 to the event beyond that to the reply",
           "IssueToken beside 20 subscribers of another workspace, but 2 of all that never read: "
           "rate over that alone",
           "the same where the others get every event",
           "the same over those of a bare stream of the same bytes"}));
  for (const nlohmann::json& finding : findings()) {
    const std::string& name = finding.at("name").get_ref<const std::string&>();
    // The kernel counts CPU time in ticks, of which a short idle span may have none; and a
    // difference may be none.
    const bool may_be_none = name.find("nothing happens") != std::string::npos ||
                             name.find("memory of") != std::string::npos ||
                             name.find("from the reply") != std::string::npos ||
                             name.find("beyond") != std::string::npos;
    const double least = may_be_none ? 0 : 1e-9;
    EXPECT_GE(finding.at("value").at("median"), least) << name;
  }
}

TEST_F(BenchReportTest, ComparesWithAnEchoOfTheSameSizes) {
  for (const char* call : {"Verify", "IssueToken"}) {
    const nlohmann::json& echo = Load(absl::StrCat("echo of ", call, "'s sizes"));
    for (const char* size : {"request_bytes", "response_bytes"}) {
      EXPECT_GT(echo.at(size), 0) << call;
      // A name or a number in a message may be a few bytes longer than in the next.
      EXPECT_NEAR(echo.at(size), Load(call).at(size), 8) << call << " " << size;
    }
  }
}

TEST_F(BenchReportTest, LeavesNothingInItsFolder) { EXPECT_TRUE(run().left_nothing); }

class BenchSmokeTest : public ::testing::Test {
 protected:
  int RunBench(const std::string& arguments) {
    return benchmark::RunBench(folder_.path(), arguments);
  }

  const testing::TempDir folder_;
  const testing::TempDir results_;
};

TEST_F(BenchSmokeTest, FailsWhereTheServerDoes) {
  EXPECT_EQ(RunBench("--quick --latchkeyd /bin/false 2>/dev/null"), 1);
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(BenchSmokeTest, RefusesToSendASecretInTheClearOverTheNetwork) {
  const std::string secret = results_.Child("secret");
  std::ofstream(secret) << "not one\n";
  EXPECT_EQ(RunBench(absl::StrCat("--quick --target 192.0.2.1:7707 --token-file '", secret,
                                  "' 2>/dev/null")),
            1);
}

TEST_F(BenchSmokeTest, SaysThatItNeedsAServer) { EXPECT_EQ(RunBench("--quick 2>/dev/null"), 2); }

}  // namespace
}  // namespace latchkey::benchmark
