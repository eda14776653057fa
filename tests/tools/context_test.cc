#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/tools/cli_harness.h"

namespace latchkey::cli {
namespace {

using ::testing::AllOf;
using testing::CliHarness;
using testing::FakeServer;
using ::testing::HasSubstr;
using ::testing::Not;

std::string ReadText(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class ContextTest : public ::testing::Test {
 protected:
  ContextTest() { server_.Answer<v1::GetAppRequest>({}); }

  // Asks the server something, and returns a header that it got.
  std::string HeaderOfACall(const std::string& header, std::vector<std::string> more = {}) {
    std::vector<std::string> args = {"app", "get", "x"};
    args.insert(args.end(), more.begin(), more.end());
    const auto result = cli_.RunAlone(args);
    EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
    return server_.calls().empty() ? "" : server_.calls().back().header(header);
  }

  void Add(std::vector<std::string> args) {
    args.insert(args.begin(), {"context", "add"});
    const auto result = cli_.RunAlone(args);
    EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  }

  FakeServer server_;
  CliHarness cli_;
  const std::string config_ = cli_.home() + "/.config/latchkey/config.toml";
};

TEST_F(ContextTest, TheFileIsItsOwnersAloneAndHoldsNoSecret) {
  const std::string secret_file = cli_.File("token", "lks_from_file\n");
  Add({"prod", "--target", server_.target(), "--token-file", secret_file, "--as", "acme/ann"});

  struct stat info {};
  ASSERT_EQ(::stat(config_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_THAT(ReadText(config_),
              AllOf(HasSubstr("prod"), HasSubstr(secret_file), Not(HasSubstr("lks_from_file"))));
  EXPECT_EQ(HeaderOfACall("authorization"), "Bearer lks_from_file");
  EXPECT_EQ(HeaderOfACall("latchkey-on-behalf-of"), "workspaces/acme/members/ann");
}

TEST_F(ContextTest, TheConfigFileCanBeElsewhere) {
  cli_.environment["XDG_CONFIG_HOME"] = cli_.home() + "/xdg";
  Add({"a", "--target", server_.target()});
  EXPECT_THAT(ReadText(cli_.home() + "/xdg/latchkey/config.toml"), HasSubstr("[contexts.a]"));
  cli_.environment["LATCHKEY_CONFIG"] = cli_.home() + "/mine.toml";
  Add({"b", "--target", server_.target()});
  EXPECT_THAT(ReadText(cli_.home() + "/mine.toml"), HasSubstr("[contexts.b]"));
}

TEST_F(ContextTest, AFlagGoesBeforeTheEnvironmentAndThatBeforeTheContext) {
  Add({"prod", "--target", server_.target(), "--token-file", cli_.File("context", "from-context"),
       "--as", "acme/ctx"});
  EXPECT_EQ(HeaderOfACall("authorization"), "Bearer from-context");

  cli_.environment["LATCHKEY_TOKEN_FILE"] = cli_.File("env", "from-env-file");
  EXPECT_EQ(HeaderOfACall("authorization"), "Bearer from-env-file");
  cli_.environment["LATCHKEY_TOKEN"] = "from-env";
  EXPECT_EQ(HeaderOfACall("authorization"), "Bearer from-env");
  cli_.environment["MINE"] = "from-flag-env";
  EXPECT_EQ(HeaderOfACall("authorization", {"--token-env", "MINE"}), "Bearer from-flag-env");
  EXPECT_EQ(HeaderOfACall("authorization", {"--token-file", cli_.File("flag", "from-flag\n")}),
            "Bearer from-flag");

  cli_.environment["LATCHKEY_ON_BEHALF_OF"] = "acme/env";
  EXPECT_EQ(HeaderOfACall("latchkey-on-behalf-of"), "workspaces/acme/members/env");
  EXPECT_EQ(HeaderOfACall("latchkey-on-behalf-of", {"--on-behalf-of", "acme/flag"}),
            "workspaces/acme/members/flag");
}

TEST_F(ContextTest, TheTargetHasTheSameOrder) {
  Add({"dead", "--target", "unix:" + cli_.home() + "/nobody"});
  Add({"live", "--target", server_.target()});
  EXPECT_EQ(cli_.RunAlone({"app", "get", "x"}).code, ExitCode::kUnavailable);  // the first added
  EXPECT_EQ(cli_.RunAlone({"app", "get", "x", "--context", "live"}).code, ExitCode::kOk);
  cli_.environment["LATCHKEY_CONTEXT"] = "live";
  EXPECT_EQ(cli_.RunAlone({"app", "get", "x"}).code, ExitCode::kOk);
  cli_.environment["LATCHKEY_TARGET"] = "unix:" + cli_.home() + "/nobody";
  EXPECT_EQ(cli_.RunAlone({"app", "get", "x"}).code, ExitCode::kUnavailable);
  EXPECT_EQ(cli_.Run(server_, {"app", "get", "x"}).code, ExitCode::kOk);
}

TEST_F(ContextTest, ContextsAreUsedListedShownAndRemoved) {
  Add({"one", "--target", "localhost:1", "--token-env", "ONE"});
  Add({"two", "--target", "localhost:2"});
  EXPECT_THAT(cli_.RunAlone({"context", "list"}).out,
              AllOf(HasSubstr("*  one   localhost:1  env:ONE"), HasSubstr("   two   localhost:2")));
  EXPECT_EQ(cli_.RunAlone({"context", "use", "two"}).code, ExitCode::kOk);
  EXPECT_THAT(cli_.RunAlone({"context", "show"}).out, HasSubstr("localhost:2"));
  EXPECT_THAT(cli_.RunAlone({"context", "show", "one", "-o", "json"}).out,
              HasSubstr("\"tokenEnv\": \"ONE\""));
  EXPECT_EQ(cli_.RunAlone({"context", "remove", "two"}).code, ExitCode::kOk);
  EXPECT_THAT(cli_.RunAlone({"context", "list"}).out, Not(HasSubstr("two")));
  EXPECT_EQ(cli_.RunAlone({"context", "use", "two"}).code, ExitCode::kNotFound);
  EXPECT_EQ(cli_.RunAlone({"context", "show"}).code, ExitCode::kNotFound);
}

TEST_F(ContextTest, AContextIsReplacedOnlyOnRequest) {
  Add({"one", "--target", "localhost:1"});
  EXPECT_EQ(cli_.RunAlone({"context", "add", "one", "--target", "localhost:2"}).code,
            ExitCode::kConflict);
  Add({"one", "--target", "localhost:2", "--replace"});
  EXPECT_THAT(cli_.RunAlone({"context", "list"}).out, HasSubstr("localhost:2"));
  EXPECT_EQ(cli_.RunAlone({"context", "add", "o/ne"}).code, ExitCode::kUsage);
}

TEST_F(ContextTest, AWrongFileIsRefusedWithItsLine) {
  const auto refused = [this](const std::string& text) {
    cli_.environment["LATCHKEY_CONFIG"] = cli_.File("config.toml", text);
    const auto result = cli_.RunAlone({"context", "list"});
    EXPECT_EQ(result.code, ExitCode::kUsage) << text;
    return result.err;
  };
  EXPECT_THAT(refused("current = \n"), HasSubstr("config.toml:1"));
  EXPECT_THAT(refused("[contexts.a]\ntarget = 7\n"), HasSubstr("config.toml:2"));
  EXPECT_THAT(refused("[contexts.a]\nport = \"7\"\n"), HasSubstr("the key port is not known"));
  EXPECT_THAT(refused("other = 1\n"), HasSubstr("config.toml:1"));
  EXPECT_THAT(refused("[contexts.a]\ntoken = \"lks_private\"\n"),
              AllOf(HasSubstr("secrets do not belong in this file"), Not(HasSubstr("private"))));
  for (const char* key : {"token_file", "token_env", "target", "on_behalf_of"}) {
    EXPECT_THAT(refused(absl::StrCat("[contexts.a]\n", key, " = \"", testing::kSecret, "\"\n")),
                AllOf(HasSubstr("config.toml:2"), HasSubstr("secrets do not belong in this file"),
                      Not(HasSubstr(testing::kSecret))));
  }
  for (const char* line : {"current = \"$\"", "[contexts.$]", "[contexts.a]\n$ = \"x\"", "$$"}) {
    EXPECT_THAT(
        refused(absl::StrReplaceAll(line, {{"$", testing::kSecret}})),
        AllOf(HasSubstr("secrets do not belong in this file"), Not(HasSubstr(testing::kSecret))));
  }
}

TEST_F(ContextTest, AConfigFileThatCannotBeReadOrWrittenIsNamedWithWhy) {
  cli_.environment["LATCHKEY_CONFIG"] = cli_.home();
  const auto folder = cli_.RunAlone({"context", "list"});
  EXPECT_EQ(folder.code, ExitCode::kUsage);
  EXPECT_THAT(folder.err, HasSubstr(cli_.home() + " cannot be read: Is a directory"));

  cli_.environment["LATCHKEY_CONFIG"] = cli_.File("plain", "") + "/config.toml";
  const auto unwritable = cli_.RunAlone({"context", "add", "a", "--target", "localhost:1"});
  EXPECT_EQ(unwritable.code, ExitCode::kUsage);
  EXPECT_THAT(unwritable.err, HasSubstr("Not a directory"));
}

TEST_F(ContextTest, WhatOthersMayReadIsReadAndWrittenForItsOwnerAlone) {
  const std::string path = cli_.File("mine.toml", "[contexts.a]\ntarget = 'localhost:1'\n");
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  cli_.environment["LATCHKEY_CONFIG"] = path;
  EXPECT_THAT(cli_.RunAlone({"context", "list"}).out, HasSubstr("localhost:1"));
  EXPECT_EQ(cli_.RunAlone({"context", "use", "a"}).code, ExitCode::kOk);
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(ContextTest, TwoPlacesForOneSecretAreRefused) {
  const auto result = cli_.Run(
      server_, {"app", "get", "x", "--token-file", "/nowhere/token", "--token-env", "NOT_SET"});
  EXPECT_EQ(result.code, ExitCode::kUsage);
  EXPECT_THAT(result.err, HasSubstr("--token-file and --token-env exclude each other"));
}

TEST_F(ContextTest, SecretsThatAreNotThereAreNamed) {
  EXPECT_THAT(cli_.Run(server_, {"app", "get", "x", "--token-file", "/nowhere/token"}).err,
              HasSubstr("/nowhere/token"));
  EXPECT_THAT(cli_.Run(server_, {"app", "get", "x", "--token-env", "NOT_SET"}).err,
              HasSubstr("NOT_SET is not set"));
  EXPECT_THAT(cli_.Run(server_, {"app", "get", "x", "--token-file", cli_.File("empty", " \n")}).err,
              HasSubstr("holds no secret"));
  const auto two = cli_.Run(server_, {"app", "get", "x", "--token-file",
                                      cli_.File("two", "lks_private1\nlks_private2\n")});
  EXPECT_EQ(two.code, ExitCode::kUsage);
  EXPECT_THAT(two.err, AllOf(HasSubstr("2 lines"), Not(HasSubstr("private"))));
}

TEST_F(ContextTest, TheCallersSecretCanComeFromStandardInput) {
  cli_.input = "lks_typed\n";
  cli_.environment["LATCHKEY_TARGET"] = server_.target();
  EXPECT_EQ(HeaderOfACall("authorization", {"--token-file", "-"}), "Bearer lks_typed");
}

}  // namespace
}  // namespace latchkey::cli
