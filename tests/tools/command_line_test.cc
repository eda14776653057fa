#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/tools/cli_harness.h"
#include "tools/latchkey/commands.h"

namespace latchkey::cli {
namespace {

using ::testing::AllOf;
using testing::CliHarness;
using testing::FakeServer;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kSecret;
using ::testing::Not;

TEST(CommandLineTest, EveryNounSaysWhatItIs) {
  CliHarness cli;
  for (const Command& command : AllCommands()) {
    std::vector<std::string> args = absl::StrSplit(command.noun, ' ');
    args.push_back("--help");
    const std::string help = cli.RunAlone(args).out;
    EXPECT_NE(help.find_first_not_of(" \n"), std::string::npos) << command.noun;
    // The description stands before what it takes.
    EXPECT_THAT(help.substr(0, help.find("Usage:")), ::testing::ContainsRegex("[A-Za-z]"))
        << command.noun;
  }
}

TEST(CommandLineTest, AMistypedNounVerbOrOptionIsAUsageErrorWithASuggestion) {
  CliHarness cli;
  const struct {
    std::vector<std::string> args;
    std::string message;
  } cases[] = {
      {{"wrokspace", "list"}, "latchkey has no 'wrokspace'. Did you mean 'workspace'?"},
      {{"workspace", "lsit"}, "latchkey workspace has no 'lsit'. Did you mean 'list'?"},
      {{"app", "colaborator"}, "latchkey app has no 'colaborator'."},
      {{"workspace", "create", "acme", "--plna", "free"}, "Did you mean '--plan'?"},
      {{"workspace", "create", "acme", "--plan", "fre"}, "Did you mean 'free'?"},
      {{"workspace", "get"}, "latchkey workspace get: NAME is required"},
      {{"workspace", "get", "acme", "more"}, "takes no further argument 'more'"},
      {{"app", "create", "x", "--workspace", "acme"}, "--kind is required"},
      {{"workspace"}, "latchkey workspace takes a verb: create, get, list, update"},
      {{}, "latchkey takes a noun: workspace, organization, member"},
      {{"member", "get", "ann"}, "'ann' does not name a member"},
      {{"workspace", "update", "acme"}, "nothing to update"},
      {{"workspace", "update", "acme", "--app-approval", "maybe"}, "neither on nor off"},
      {{"workspace", "list", "--limit", "many"}, "'many' is no whole number"},
      {{"workspace", "list", "-o", "yaml"}, "it takes table, json"},
      {{"workspace", "list", "--timeout", "soon"}, "'soon' is no time span"},
      {{"token", "issue", "acme"}, "--kind is required"},
      {{"token", "issue", "acme", "--kind", "custom_bot"}, "--app is required"},
      {{"token", "issue", "acme", "--kind", "test", "--expires", "never"}, "such as 90d"},
      {{"token", "revoke"}, "name the token, or say --secret-from"},
      {{"token", "revoke", "acme/t1", "--secret-from", "-"}, "one of them"},
      {{"audit", "tail", "--from-now", "--after", "3"}, "exclude each other"},
      {{"audit", "tail", "--oldest", "--after", "3"}, "exclude each other"},
      {{"audit", "tail", "--oldest", "--now"}, "exclude each other"},
      {{"audit", "tail", "--oldest", "--since", "1h"}, "exclude each other"},
      {{"audit", "tail", "--oldest", "--consumer", "siem"}, "has its own start and filter"},
      {{"audit", "export", "--oldest", "--after", "3"}, "exclude each other"},
      {{"audit", "tail", "--consumer", "siem", "--after", "3"}, "has its own start and filter"},
      {{"audit", "tail", "--consumer", "siem", "--app", "x"}, "has its own start and filter"},
      {{"audit", "consumer"}, "audit consumer takes a verb: create, list, get, delete, ack"},
      {{"audit", "consumer", "lsit"}, "audit consumer has no 'lsit'. Did you mean 'list'?"},
      {{"app", "install", "acme", "ci-bot", "--print", "all"},
       "it takes bot, bot-refresh, user, user-refresh, both"},
      {{"workspace", "list", "--context", "prod"}, "there is no context 'prod'"},
  };
  for (const auto& one : cases) {
    const auto result = cli.RunAlone(one.args);
    EXPECT_EQ(result.code, ExitCode::kUsage) << one.message << "\n" << result.err;
    EXPECT_THAT(result.err, HasSubstr(one.message));
    EXPECT_THAT(result.out, IsEmpty());
  }
}

TEST(CommandLineTest, ASecretAmongTheArgumentsIsRefusedAndNotRepeated) {
  CliHarness cli;
  FakeServer server;
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{"verify", kSecret},
                                             {"token", "revoke", kSecret},
                                             {"token", "revoke", absl::StrCat("--x=", kSecret)},
                                             {"workspace", "list", "--token-file", kSecret},
                                             {kSecret},
                                             {"-o", "json", "verify", kSecret}}) {
    const auto result = cli.Run(server, args);
    EXPECT_EQ(result.code, ExitCode::kUsage);
    EXPECT_THAT(result.err, AllOf(HasSubstr("secrets do not belong on the command line"),
                                  Not(HasSubstr("0123456789"))));
    EXPECT_THAT(result.out, IsEmpty());
  }
  EXPECT_THAT(server.calls(), IsEmpty());
}

TEST(CommandLineTest, HelpIsForPeopleAndGoesToStandardOutput) {
  CliHarness cli;
  for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{
           {"--help"}, {"token", "--help"}, {"token", "issue", "--help"}, {"verify", "-h"}}) {
    const auto result = cli.RunAlone(args);
    EXPECT_EQ(result.code, ExitCode::kOk);
    EXPECT_THAT(result.out, HasSubstr("Usage: latchkey"));
    EXPECT_THAT(result.err, IsEmpty());
  }
  EXPECT_THAT(cli.RunAlone({"token", "issue", "--help"}).out, HasSubstr("--expires"));
  EXPECT_THAT(cli.RunAlone({"--version"}).out, HasSubstr("latchkey "));
}

TEST(CommandLineTest, EveryCommandHasHelpAndTakesGlobalOptionsAfterItself) {
  CliHarness cli;
  for (const Command& command : AllCommands()) {
    std::vector<std::string> args = absl::StrSplit(command.noun, ' ');
    if (!command.verb.empty()) args.push_back(command.verb);
    args.push_back("--help");
    const auto result = cli.RunAlone(args);
    EXPECT_EQ(result.code, ExitCode::kOk) << command.noun << " " << command.verb;
    EXPECT_THAT(result.out, HasSubstr(command.help));
    EXPECT_EQ(result.out.find("--request-id") != std::string::npos, command.changes);
  }
}

TEST(CommandLineTest, GlobalOptionsMayStandAnywhere) {
  CliHarness cli;
  FakeServer server;
  server.Answer<v1::GetWorkspaceRequest>({});
  for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{
           {"--target", server.target(), "workspace", "get", "acme"},
           {"workspace", "--target", server.target(), "get", "acme"},
           {"workspace", "get", "--target", server.target(), "acme"},
           {"workspace", "get", "acme", "--target", server.target()},
           {"workspace", "get", "acme", absl::StrCat("--target=", server.target())}}) {
    EXPECT_EQ(cli.RunAlone(args).code, ExitCode::kOk);
    EXPECT_EQ(server.Last<v1::GetWorkspaceRequest>().name(), "workspaces/acme");
  }
}

TEST(CommandLineTest, ArgumentsMayBeNamedAsNounsAndVerbs) {
  CliHarness cli;
  FakeServer server;
  server.Answer<v1::GetWorkspaceRequest>({});
  server.Answer<v1::GetAppRequest>({});
  server.Answer<v1::AddCollaboratorRequest>({});
  EXPECT_EQ(cli.Run(server, {"workspace", "get", "app"}).code, ExitCode::kOk);
  EXPECT_EQ(server.Last<v1::GetWorkspaceRequest>().name(), "workspaces/app");
  EXPECT_EQ(cli.Run(server, {"app", "get", "get"}).code, ExitCode::kOk);
  EXPECT_EQ(server.Last<v1::GetAppRequest>().name(), "apps/get");
  server.Answer<v1::GetConsumerRequest>({});
  EXPECT_EQ(cli.Run(server, {"audit", "consumer", "get", "list"}).code, ExitCode::kOk);
  EXPECT_EQ(server.Last<v1::GetConsumerRequest>().name(), "consumers/list");
  EXPECT_EQ(cli.Run(server, {"app", "add-collaborator", "member", "list/create"}).code,
            ExitCode::kOk);
  EXPECT_EQ(server.Last<v1::AddCollaboratorRequest>().member(), "workspaces/list/members/create");
}

}  // namespace
}  // namespace latchkey::cli
