// The real program, killed again and again while it exports.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/client/fake_server.h"
#include "tests/client/scripted_audit.h"
#include "tests/testing/temp_dir.h"

extern char** environ;

namespace latchkey {
namespace {

using testing::FakeServer;
using testing::ScriptedAudit;
using testing::TempDir;

constexpr std::uint64_t kEvents = 600;
constexpr int kMostRuns = 100;

class ExportKillTest : public ::testing::Test {
 protected:
  // Sends what was asked for, some events at a time, and now and then the last ones before they are
  // called complete.
  grpc::Status Serve(ScriptedAudit::Writer& writer) {
    std::uint64_t next = audit_.requests().back().after_revision() + 1;
    while (next <= kEvents) {
      v1::SubscribeResponse response;
      const std::uint64_t end = std::min(next + 7, kEvents + 1);
      for (; next < end; ++next) response.add_events()->set_sequence(next);
      response.set_complete_through(next % 3 == 0 ? next - 2 : next - 1);
      response.set_newest(kEvents);
      if (!writer.Write(response)) return grpc::Status::CANCELLED;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    v1::SubscribeResponse last;
    last.set_complete_through(kEvents);
    last.set_newest(kEvents);
    writer.Write(last);
    return {grpc::StatusCode::UNAVAILABLE, "the server is stopping"};
  }

  // Runs an export and kills it after a while. Returns whether it came to its end.
  bool RunAWhile(const std::vector<std::string>& more) {
    std::vector<std::string> args = {
        LATCHKEY_BINARY, "audit",          "export",  "--quiet",
        "--target",      server_.target(), "--state", dir_.Child("state")};
    args.insert(args.end(), more.begin(), more.end());
    std::vector<char*> argv;
    for (std::string& arg : args) argv.push_back(arg.data());
    argv.push_back(nullptr);
    pid_t pid = 0;
    EXPECT_EQ(::posix_spawn(&pid, LATCHKEY_BINARY, nullptr, nullptr, argv.data(), environ), 0);
    // Longer and longer, so that slow machines come to the end too, and programs that sleep at
    // their end, as they do under ThreadSanitizer.
    const int millis = std::uniform_int_distribution<int>(0, 200 + 30 * ++runs_)(random_);
    int status = 0;
    for (int waited = 0; waited < millis; ++waited) {
      if (::waitpid(pid, &status, WNOHANG) == pid) {
        EXPECT_EQ(WEXITSTATUS(status), 0);
        return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ::kill(pid, SIGKILL);
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

  void RunToTheEnd(const std::vector<std::string>& more) {
    while (!RunAWhile(more)) ASSERT_LT(runs_, kMostRuns);
    RecordProperty("runs", runs_);
  }

  static std::string Read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  static std::string AllLines() {
    std::string lines;
    for (std::uint64_t n = 1; n <= kEvents; ++n) {
      absl::StrAppend(&lines, "{\"sequence\":\"", n, "\"}\n");
    }
    return lines;
  }

  const TempDir dir_;
  int runs_ = 0;
  std::mt19937 random_{20300101};  // NOLINT: the same every time
  ScriptedAudit audit_{{[this](auto& writer, auto&) { return Serve(writer); }}};
  const FakeServer server_{{&audit_}};
};

TEST_F(ExportKillTest, AFileHasEachEventOnce) {
  RunToTheEnd({"--to", dir_.Child("log")});
  EXPECT_EQ(Read(dir_.Child("log")), AllLines());
}

TEST_F(ExportKillTest, AFolderHasEachEventOnce) {
  RunToTheEnd({"--dir", dir_.Child("logs"), "--rotate-bytes", "300"});
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(dir_.Child("logs"))) {
    names.push_back(entry.path().string());
    EXPECT_TRUE(absl::StartsWith(entry.path().filename().string(), "events-")) << names.back();
  }
  std::sort(names.begin(), names.end());
  std::string lines;
  for (const std::string& name : names) lines += Read(name);
  EXPECT_EQ(lines, AllLines());
}

}  // namespace
}  // namespace latchkey
