#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/fake_server.h"
#include "tests/client/scripted_audit.h"
#include "tests/testing/temp_dir.h"

namespace latchkey {
namespace {

using testing::FakeServer;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MakeResponse;
using testing::ScriptedAudit;

// The real program as a child, with pipes for its output and an environment of its own.
class Child {
 public:
  Child(std::vector<std::string> args, std::vector<std::string> environment,
        const char* input = "/dev/null") {
    EXPECT_EQ(::pipe2(out_.data(), O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(err_.data(), O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY | O_NOCTTY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, out_[1], 1);
    ::posix_spawn_file_actions_adddup2(&actions, err_[1], 2);
    args.insert(args.begin(), LATCHKEY_BINARY);
    environment.push_back("HOME=/nonexistent");
    // A sanitizer's settings are the build's, not the user's.
    if (const char* options = std::getenv("TSAN_OPTIONS")) {
      environment.push_back(std::string("TSAN_OPTIONS=") + options);
    }
    EXPECT_EQ(::posix_spawn(&pid_, LATCHKEY_BINARY, &actions, nullptr, Pointers(args).data(),
                            Pointers(environment).data()),
              0);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(out_[1]);
    ::close(err_[1]);
  }
  ~Child() {
    CloseOut();
    ::close(err_[0]);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Read up to a line's end, or to the end.
  std::string ReadLine() const { return ReadLineOf(out_[0]); }
  std::string ReadErrorLine() const { return ReadLineOf(err_[0]); }
  std::string ReadErrorByte() const {
    char c = 0;
    return ::read(err_[0], &c, 1) == 1 ? std::string(1, c) : "?";
  }
  std::string ReadErrors() const { return ReadAll(err_[0]); }
  std::string ReadOutput() const { return ReadAll(out_[0]); }
  void CloseOut() {
    if (out_[0] >= 0) ::close(out_[0]);
    out_[0] = -1;
  }
  void Signal(int number) const { ::kill(pid_, number); }
  // Waits for its end; the negative signal where one ended it.
  int Wait() const {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  static std::vector<char*> Pointers(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (std::string& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
  }
  static std::string ReadLineOf(int fd) {
    std::string line;
    char c = 0;
    while (::read(fd, &c, 1) == 1) {
      line += c;
      if (c == '\n') break;
    }
    return line;
  }
  static std::string ReadAll(int fd) {
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t n = 0; (n = ::read(fd, buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return text;
  }

  std::array<int, 2> out_{-1, -1};
  std::array<int, 2> err_{-1, -1};
  pid_t pid_ = -1;
};

TEST(ProcessTest, TheExitCodeAndTheStreamsAreTheProcesss) {
  FakeServer server;
  v1::IssueTokenResponse response;
  response.mutable_issued_token()->set_secret("lkt_new");
  server.Answer<v1::IssueTokenRequest>(response);
  Child issue({"token", "issue", "acme", "--kind", "test"},
              {"LATCHKEY_TARGET=" + server.target(), "LATCHKEY_TOKEN=lks_caller"});
  EXPECT_EQ(issue.ReadOutput(), "lkt_new\n");
  EXPECT_EQ(issue.Wait(), 0);
  EXPECT_EQ(server.calls().back().header("authorization"), "Bearer lks_caller");

  Child wrong({"nonsense"}, {});
  EXPECT_THAT(wrong.ReadErrors(), HasSubstr("latchkey has no 'nonsense'"));
  EXPECT_EQ(wrong.Wait(), 2);
}

TEST(ProcessTest, ASecretThatNobodyReadsIsAnErrorThatSaysHowToGetIt) {
  FakeServer server;
  server.Answer<v1::IssueTokenRequest>({});
  Child issue({"token", "issue", "acme", "--kind", "test"}, {"LATCHKEY_TARGET=" + server.target()});
  issue.CloseOut();
  EXPECT_THAT(issue.ReadErrors(), HasSubstr("--request-id"));
  EXPECT_EQ(issue.Wait(), 1);
}

TEST(ProcessTest, TailEndsQuietlyOnSignalsAndWhereItsReaderHasGone) {
  const auto tail = [](const FakeServer& server) {
    return std::vector<std::string>{"audit", "tail", "--target", server.target(), "-o", "json"};
  };
  ScriptedAudit audit({ScriptedAudit::SendAndHold({MakeResponse({1}, 1)})});
  const FakeServer server({&audit});
  for (const auto& [signal, code] : {std::pair(SIGINT, 130), std::pair(SIGTERM, 0)}) {
    Child child(tail(server), {});
    EXPECT_THAT(child.ReadLine(), HasSubstr("\"sequence\":\"1\""));
    child.Signal(signal);
    EXPECT_EQ(child.Wait(), code);
    EXPECT_THAT(child.ReadErrors(), IsEmpty());
  }

  // Writes until nobody reads any more.
  ScriptedAudit busy({[](ScriptedAudit::Writer& writer, grpc::ServerContext&) {
    std::uint64_t sequence = 0;
    while (writer.Write(MakeResponse({++sequence}, sequence))) {
    }
    return grpc::Status::CANCELLED;
  }});
  const FakeServer busy_server({&busy});
  Child child(tail(busy_server), {});
  EXPECT_THAT(child.ReadLine(), HasSubstr("\"sequence\":\"1\""));
  child.CloseOut();
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_THAT(child.ReadErrors(), IsEmpty());
}

TEST(ProcessTest, TailNoticesOnAQuietLogThatItsReaderHasGone) {
  // Heartbeats, of which nothing is printed.
  ScriptedAudit quiet({[](ScriptedAudit::Writer& writer, grpc::ServerContext&) {
    writer.Write(MakeResponse({1}, 1));
    while (writer.Write(MakeResponse({}, 1))) {
    }
    return grpc::Status::CANCELLED;
  }});
  const FakeServer server({&quiet});
  Child child({"audit", "tail", "--target", server.target()}, {});
  EXPECT_THAT(child.ReadLine(), HasSubstr("     1  "));
  child.CloseOut();
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_THAT(child.ReadErrors(), IsEmpty());
}

bool EchoIsOn(int terminal) {
  termios now{};
  EXPECT_EQ(::tcgetattr(terminal, &now), 0);
  return (now.c_lflag & static_cast<tcflag_t>(ECHO)) != 0;
}

TEST(ProcessTest, ASignalAtTheQuestionForASecretLeavesTheTerminalAsItWas) {
  for (const int signal : {SIGINT, SIGTERM, SIGQUIT}) {
    const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    std::array<char, 128> side{};
    if (terminal < 0 || ::grantpt(terminal) != 0 || ::unlockpt(terminal) != 0 ||
        ::ptsname_r(terminal, side.data(), side.size()) != 0 || ::access(side.data(), R_OK) != 0) {
      if (terminal >= 0) ::close(terminal);
      GTEST_SKIP() << "this machine gives no terminals";
    }
    const int kept = ::open(side.data(), O_RDWR | O_NOCTTY | O_CLOEXEC);
    ASSERT_TRUE(EchoIsOn(terminal));
    Child child({"verify", "--target", "127.0.0.1:1"}, {}, side.data());
    const std::string question = "Secret: ";
    std::string asked;
    while (asked.size() < question.size()) asked += child.ReadErrorByte();
    EXPECT_EQ(asked, question);
    EXPECT_FALSE(EchoIsOn(terminal));

    child.Signal(signal);

    EXPECT_EQ(child.Wait(), -signal);
    EXPECT_TRUE(EchoIsOn(terminal));
    ::close(kept);
    ::close(terminal);
  }
}

TEST(ProcessTest, ASignalEndsATailOfAConsumerAlsoWhileNoServerIsThere) {
  for (const auto& [signal, code] : {std::pair(SIGINT, 130), std::pair(SIGTERM, 0)}) {
    ScriptedAudit audit({ScriptedAudit::SendAndHold({MakeResponse({1}, 1)})},
                        {grpc::StatusCode::UNAVAILABLE, "not now"});
    std::optional<FakeServer> server;
    server.emplace(std::vector<grpc::Service*>{&audit});
    Child child({"audit", "tail", "--consumer", "siem", "--target", server->target()}, {});
    EXPECT_THAT(child.ReadLine(), HasSubstr("     1  "));
    server.reset();
    EXPECT_THAT(child.ReadErrorLine(), HasSubstr("the stream broke"));
    EXPECT_THAT(child.ReadErrorLine(), HasSubstr("no server is there"));
    child.Signal(signal);
    EXPECT_EQ(child.Wait(), code);
    EXPECT_THAT(child.ReadErrors(), HasSubstr("acknowledgement"));
  }
}

TEST(ProcessTest, ASignalEndsAnyOtherCommandAtOnce) {
  FakeServer server;
  Mutex mu;
  CondVar changed;
  bool asked = false;
  bool over = false;
  server.On<v1::GetAppRequest>([&](const auto&, auto&) {
    MutexLock lock(mu);
    asked = true;
    changed.NotifyAll();
    while (!over) changed.Wait(mu);
    return absl::OkStatus();
  });
  Child child({"app", "get", "x", "--target", server.target(), "--timeout", "1h"}, {});
  {
    MutexLock lock(mu);
    while (!asked) changed.Wait(mu);
  }
  child.Signal(SIGINT);
  EXPECT_EQ(child.Wait(), -SIGINT);
  MutexLock lock(mu);
  over = true;
  changed.NotifyAll();
}

}  // namespace
}  // namespace latchkey
