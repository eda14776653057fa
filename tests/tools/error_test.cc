#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/testing/status_matchers.h"
#include "tests/tools/cli_harness.h"
#include "tools/latchkey/error_report.h"
#include "tools/latchkey/target.h"

namespace latchkey::cli {
namespace {

using ::testing::AllOf;
using testing::CliHarness;
using testing::FakeServer;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MakeWireError;
using ::testing::Not;

TEST(ExitCodeTest, EachErrorOfTheServerHasItsExitCode) {
  using Code = absl::StatusCode;
  const struct {
    Code code;
    std::string reason;
    ExitCode exit;
  } cases[] = {
      {Code::kUnauthenticated, "UNAUTHENTICATED", ExitCode::kDenied},
      {Code::kPermissionDenied, "DENIED", ExitCode::kDenied},
      {Code::kNotFound, "NOT_FOUND", ExitCode::kNotFound},
      {Code::kFailedPrecondition, "NEEDS_APPROVAL", ExitCode::kNeedsApproval},
      {Code::kFailedPrecondition, "TOKEN_NOT_ACTIVE", ExitCode::kTokenInactive},
      {Code::kFailedPrecondition, "STATE_CONFLICT", ExitCode::kConflict},
      {Code::kAlreadyExists, "ALREADY_EXISTS", ExitCode::kConflict},
      {Code::kAborted, "REVISION_MISMATCH", ExitCode::kConflict},
      {Code::kUnavailable, "STORE_UNAVAILABLE", ExitCode::kUnavailable},
      {Code::kDeadlineExceeded, "INTERNAL", ExitCode::kUnavailable},
      {Code::kResourceExhausted, "OVERLOADED", ExitCode::kUnavailable},
      {Code::kResourceExhausted, "TOO_LARGE", ExitCode::kFailed},
      {Code::kInvalidArgument, "INVALID_FIELD", ExitCode::kUsage},
      {Code::kOutOfRange, "POSITION_OUT_OF_RANGE", ExitCode::kFailed},
      {Code::kUnimplemented, "METHOD_NOT_OFFERED", ExitCode::kFailed},
      {Code::kInternal, "INTERNAL", ExitCode::kFailed},
      {Code::kDataLoss, "DATA_LOSS", ExitCode::kDamaged},
  };
  CliHarness cli;
  FakeServer server;
  for (const auto& one : cases) {
    server.Fail<v1::GetAppRequest>(MakeWireError(one.code, one.reason, "what the server says"));
    const auto result = cli.Run(server, {"app", "get", "ci-bot"});
    EXPECT_EQ(result.code, one.exit) << one.reason;
    EXPECT_THAT(result.err, HasSubstr("what the server says"));
    EXPECT_THAT(result.out, IsEmpty());
  }
}

TEST(ErrorTest, ADenialShowsRuleAndReason) {
  CliHarness cli;
  FakeServer server;
  server.Fail<v1::ReinstallAppRequest>(
      MakeWireError(absl::StatusCode::kPermissionDenied, "DENIED",
                    "app.reinstall is denied: Only its creator or a collaborator may.",
                    {{"action", "app.reinstall"},
                     {"rule", "internal.collaborator"},
                     {"reason", "Only its creator or a collaborator may."}}));
  const auto result = cli.Run(server, {"app", "reinstall", "acme", "ci-bot"});
  EXPECT_EQ(result.code, ExitCode::kDenied);
  EXPECT_THAT(result.err, AllOf(HasSubstr("latchkey: app.reinstall is denied\n"),
                                HasSubstr("rule    internal.collaborator\n"),
                                HasSubstr("reason  Only its creator or a collaborator may.\n"),
                                HasSubstr("latchkey policy rules internal.collaborator")));
}

TEST(ErrorTest, NeedsApprovalShowsTheRequestAndHowToApproveIt) {
  CliHarness cli;
  FakeServer server;
  server.Fail<v1::IssueTokenRequest>(MakeWireError(
      absl::StatusCode::kFailedPrecondition, "NEEDS_APPROVAL",
      "waits for approval: App approval is on. The request is r-7.",
      {{"request", "workspaces/acme/approvalRequests/r-7"}, {"reason", "App approval is on."}}));
  const auto result = cli.Run(server, {"token", "issue", "acme", "--kind", "test"});
  EXPECT_EQ(result.code, ExitCode::kNeedsApproval);
  EXPECT_THAT(result.err, AllOf(HasSubstr("latchkey: waits for approval\n"),
                                HasSubstr("reason   App approval is on.\n"),
                                HasSubstr("workspaces/acme/approvalRequests/r-7"),
                                HasSubstr("latchkey request approve acme/r-7")));
  EXPECT_THAT(result.out, IsEmpty());
}

TEST(ErrorTest, APositionOutOfRangeShowsBothEndsOfTheLog) {
  CliHarness cli;
  FakeServer server;
  server.Fail<v1::ListEventsRequest>(MakeWireError(
      absl::StatusCode::kOutOfRange, "POSITION_OUT_OF_RANGE",
      "after_revision is 50; this log takes 5 to 20", {{"oldest", "6"}, {"newest", "20"}}));
  const auto result = cli.Run(server, {"audit", "list", "--after", "50"});
  EXPECT_EQ(result.code, ExitCode::kFailed);
  EXPECT_THAT(result.err, HasSubstr("The events kept are 6 to 20; begin with --after 5 at the "
                                    "least and 20 at the most."));
  EXPECT_THAT(result.err, Not(HasSubstr("checkpoint")));
}

TEST(ErrorTest, WhereThePositionIsTooOldTheCheckpointOfWhatIsGoneCanBeHad) {
  CliHarness cli;
  FakeServer server;
  server.Fail<v1::ListEventsRequest>(
      MakeWireError(absl::StatusCode::kOutOfRange, "POSITION_OUT_OF_RANGE", "too old",
                    {{"oldest", "6"}, {"newest", "20"}, {"checkpoint", "log\n7\nroot\n"}}));
  EXPECT_THAT(cli.Run(server, {"audit", "list", "--after", "2"}).err,
              HasSubstr("checkpoint that covers those before is in the error with -o json"));
  EXPECT_THAT(cli.Run(server, {"audit", "list", "--after", "2", "-o", "json"}).err,
              HasSubstr("\"checkpoint\":\"log\\n7\\nroot\\n\""));
}

TEST(ErrorTest, WhereACredentialEndedWhileEventsWereStreamedTheHintIsAboutTheSecret) {
  CliHarness cli;
  FakeServer server;
  server.Fail<v1::ListEventsRequest>(MakeWireError(absl::StatusCode::kPermissionDenied, "DENIED",
                                                   "the right ended",
                                                   {{"rule", "caller.unauthenticated"}}));
  const auto result = cli.Run(server, {"audit", "list"});
  EXPECT_EQ(result.code, ExitCode::kDenied);
  EXPECT_THAT(result.err, AllOf(HasSubstr("secret"), Not(HasSubstr("policy rules"))));
}

TEST(ErrorTest, FieldViolationsAreOnALineEach) {
  google::rpc::BadRequest bad;
  for (const char* field : {"workspace_id", "workspace.display_name"}) {
    auto* violation = bad.add_field_violations();
    violation->set_field(field);
    violation->set_description("is wrong");
  }
  CliHarness cli;
  FakeServer server;
  server.Fail<v1::CreateWorkspaceRequest>(MakeWireError(
      absl::StatusCode::kInvalidArgument, "INVALID_FIELD", "workspace_id is wrong", {}, {&bad}));
  const auto result = cli.Run(server, {"workspace", "create", "ACME"});
  EXPECT_EQ(result.code, ExitCode::kUsage);
  EXPECT_THAT(result.err, AllOf(HasSubstr("  workspace_id            is wrong\n"),
                                HasSubstr("  workspace.display_name  is wrong\n")));
}

TEST(ErrorTest, InJsonAnErrorIsOneObject) {
  google::rpc::BadRequest bad;
  auto* violation = bad.add_field_violations();
  violation->set_field("name");
  violation->set_description("is empty");
  CliHarness cli;
  FakeServer server;
  server.Fail<v1::GetAppRequest>(MakeWireError(absl::StatusCode::kInvalidArgument, "INVALID_FIELD",
                                               "name is empty\x1b[0m", {{"rule", "some.rule"}},
                                               {&bad}));
  const auto result = cli.Run(server, {"app", "get", "x", "-o", "json"});
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, Not(HasSubstr("\x1b")));
  const auto json = nlohmann::json::parse(result.err);
  EXPECT_EQ(json["code"], "INVALID_ARGUMENT");
  EXPECT_EQ(json["reason"], "INVALID_FIELD");
  EXPECT_EQ(json["message"], "name is empty\x1b[0m");
  EXPECT_EQ(json["rule"], "some.rule");
  EXPECT_EQ(json["metadata"]["rule"], "some.rule");
  EXPECT_EQ(json["violations"][0]["field"], "name");
  EXPECT_EQ(json["violations"][0]["description"], "is empty");
  EXPECT_TRUE(json.contains("hint"));
}

TEST(ErrorTest, AUsageErrorIsJsonTooWhereJsonIsAskedFor) {
  CliHarness cli;
  EXPECT_EQ(nlohmann::json::parse(cli.RunAlone({"nonsense", "-o", "json"}).err)["code"],
            "INVALID_ARGUMENT");
  cli.environment["LATCHKEY_OUTPUT"] = "json";
  EXPECT_EQ(nlohmann::json::parse(cli.RunAlone({"nonsense"}).err)["code"], "INVALID_ARGUMENT");
  EXPECT_THAT(cli.RunAlone({"nonsense", "-o", "table"}).err, HasSubstr("latchkey: "));
}

TEST(ErrorTest, ControlCharactersOfAServerAreEscaped) {
  CliHarness cli;
  FakeServer server;
  server.Fail<v1::GetAppRequest>(MakeWireError(absl::StatusCode::kPermissionDenied, "DENIED",
                                               "no\x1b]0;owned\x07", {{"rule", "a\x1b[31m"}}));
  const auto result = cli.Run(server, {"app", "get", "x"});
  EXPECT_THAT(result.err, AllOf(Not(HasSubstr("\x1b")), HasSubstr("no\\x1b]0;owned\\x07"),
                                HasSubstr("a\\x1b[31m")));
}

TEST(ErrorTest, WithoutCredentialsTheHintSaysHowToGiveThem) {
  CliHarness cli;
  FakeServer server;
  server.Fail<v1::GetAppRequest>(
      MakeWireError(absl::StatusCode::kUnauthenticated, "UNAUTHENTICATED", "no"));
  EXPECT_THAT(cli.Run(server, {"app", "get", "x"}).err, HasSubstr("LATCHKEY_TOKEN"));
  cli.environment["LATCHKEY_TOKEN"] = testing::kSecret;
  EXPECT_THAT(cli.Run(server, {"app", "get", "x"}).err,
              AllOf(HasSubstr("latchkey verify"), Not(HasSubstr(testing::kSecret))));
}

TEST(ErrorTest, WhereAChangeMayHaveBeenMadeTheRequestIdIsTold) {
  CliHarness cli;
  FakeServer server;
  server.Fail<v1::IssueTokenRequest>(absl::DeadlineExceededError("too late"));
  const auto result = cli.Run(server, {"token", "issue", "acme", "--kind", "test"});
  EXPECT_EQ(result.code, ExitCode::kUnavailable);
  EXPECT_THAT(result.err,
              HasSubstr("--request-id " + server.Last<v1::IssueTokenRequest>().request_id()));

  server.Fail<v1::GetAppRequest>(absl::DeadlineExceededError("too late"));
  EXPECT_THAT(cli.Run(server, {"app", "get", "x"}).err, Not(HasSubstr("--request-id")));
}

TEST(ErrorTest, NobodyThereIsUnavailableAndNamesTheTarget) {
  CliHarness cli;
  const std::string target = "unix:" + cli.home() + "/nobody";
  const auto result = cli.RunAlone({"app", "get", "x", "--target", target});
  EXPECT_EQ(result.code, ExitCode::kUnavailable);
  EXPECT_THAT(result.err, HasSubstr("Is the server running at " + target));
}

TEST(ErrorTest, AChangeThatReachedNobodyIsNotSaidToHaveBeenMadePerhaps) {
  CliHarness cli;
  const auto result =
      cli.RunAlone({"workspace", "create", "acme", "--target", "unix:" + cli.home() + "/nobody"});
  EXPECT_EQ(result.code, ExitCode::kUnavailable);
  EXPECT_THAT(result.err, AllOf(HasSubstr("Is the server running"), Not(HasSubstr("may have been")),
                                Not(HasSubstr("--request-id"))));
}

TEST(ErrorTest, AConnectionThatDiffersInTlsSaysWhichOptionHelps) {
  CliHarness cli;
  FakeServer server;
  EXPECT_THAT(cli.Run(server, {"app", "get", "x", "--tls"}).err,
              AllOf(HasSubstr("does not talk TLS"), HasSubstr("leave out --tls")));
  const struct {
    const char* message;
    const char* option;
  } cases[] = {
      {"Ssl handshake failed: SSL_ERROR_SSL: certificate verify failed", "with --ca-file"},
      {"Peer name localhost is not in peer certificate", "with --server-name"},
      {"Ssl handshake failed: SSL_ERROR_SSL: something else", "--cert-file"},
      {"failed to connect to all addresses; last error: Socket closed", "--tls or --ca-file"}};
  ErrorContext context;
  context.target = "localhost:1";
  for (const auto& one : cases) {
    const ErrorReport report = MakeErrorReport(absl::UnavailableError(one.message), context);
    EXPECT_THAT(report.hint, HasSubstr(one.option));
  }
}

TEST(ErrorTest, ALocalMistakeIsOneOfUsage) {
  CliHarness cli;
  FakeServer server;
  const std::string missing = cli.home() + "/missing";
  cli.environment["LATCHKEY_TARGET"] = server.target();
  for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{
           {"app", "get", "x", "--token-file", missing},
           {"app", "get", "x", "--token-env", "NOPE"},
           {"verify", "--secret-from", "env:NOPE"},
           {"verify", "--secret-from", missing},
           {"app", "get", "x", "--ca-file", missing},
           {"app", "get", "x", "--cert-file", missing},
           {"workspace", "create", "\xff"},
           {"workspace", "update", "acme", "--display-name", "a\xff"},
           {"token", "list", "acme", "--app", "\xff"}}) {
    const auto result = cli.RunAlone(args);
    EXPECT_EQ(result.code, ExitCode::kUsage) << args.back() << ": " << result.err;
    EXPECT_THAT(result.out, IsEmpty());
  }
  EXPECT_THAT(cli.RunAlone({"token", "issue", "acme", "--kind", "test", "--label", "a\xff"}).err,
              HasSubstr("--label: 'a\\xff' is not UTF-8"));
  cli.input = "lkb_\xff\n";
  EXPECT_THAT(cli.RunAlone({"verify"}).err, HasSubstr("is not UTF-8"));
  EXPECT_THAT(server.calls(), IsEmpty());
}

TEST(ErrorTest, AFolderWhereAFileIsTakenIsNamedWithWhatIsWrong) {
  CliHarness cli;
  FakeServer server;
  cli.environment["LATCHKEY_TARGET"] = server.target();
  const std::string folder = cli.home();
  for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{
           {"app", "get", "x", "--token-file", folder},
           {"app", "get", "x", "--ca-file", folder},
           {"app", "get", "x", "--cert-file", folder, "--key-file", folder},
           {"verify", "--secret-from", folder},
           {"token", "revoke", "--secret-from", folder},
           {"token", "rotate", "--secret-from", folder}}) {
    const auto result = cli.RunAlone(args);
    EXPECT_EQ(result.code, ExitCode::kUsage) << args.back() << ": " << result.err;
    EXPECT_THAT(result.err, HasSubstr(folder + " cannot be read: Is a directory"));
  }
  EXPECT_THAT(server.calls(), IsEmpty());
}

TEST(ErrorTest, ATlsFileWithoutWhatItIsToHoldIsRefused) {
  CliHarness cli;
  const std::string key =
      cli.File("key", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n");
  const auto result =
      cli.RunAlone({"app", "get", "x", "--target", "localhost:1", "--ca-file", key});
  EXPECT_EQ(result.code, ExitCode::kUsage);
  EXPECT_THAT(result.err, HasSubstr(key + " holds no certificate in PEM"));
}

TEST(ErrorTest, ATargetThatIsNoneIsRefusedWithWhatItTakes) {
  CliHarness cli;
  for (const char* target :
       {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:99999", "127.0.0.1:http", ":7707",
        "::1:7707", "[::1]", "dns:///", "dns:///host", "unix:", "http://host:80", "host:-1",
        "ipv4:127.0.0.1"}) {
    for (const std::vector<std::string>& args :
         std::vector<std::vector<std::string>>{{"app", "get", "x", "--target", target},
                                               {"context", "add", "c", "--target", target}}) {
      const auto result = cli.RunAlone(args);
      EXPECT_EQ(result.code, ExitCode::kUsage) << target << ": " << result.err;
      EXPECT_THAT(result.err, HasSubstr("it takes host:port, dns:///host:port or unix:/path"));
    }
  }
  cli.environment["LATCHKEY_TARGET"] = "127.0.0.1:99999";
  EXPECT_EQ(cli.RunAlone({"app", "get", "x"}).code, ExitCode::kUsage);
  for (const char* target : {"127.0.0.1:1", "localhost:65535", "[::1]:1", "dns:///localhost:1",
                             "dns:localhost:1", "dns://127.0.0.1/localhost:1", "ipv4:127.0.0.1:1",
                             "ipv6:[::1]:1", "unix:/nowhere", "unix:nowhere", "unix-abstract:x"}) {
    EXPECT_THAT(CheckTarget(target), testing::IsOk()) << target;
  }
}

TEST(ErrorTest, AMemberToActForWhoIsNoneIsLookedForAtTheRightOption) {
  CliHarness cli;
  FakeServer server;
  server.Fail<v1::GetAppRequest>(MakeWireError(absl::StatusCode::kUnauthenticated,
                                               "UNAUTHENTICATED",
                                               "workspaces/acme/members/ghost is not a member."));
  cli.environment["LATCHKEY_TOKEN"] = testing::kSecret;
  EXPECT_THAT(cli.Run(server, {"app", "get", "x", "--as", "acme/ghost"}).err,
              AllOf(HasSubstr("check --as"), Not(HasSubstr("secret is whole"))));
  for (const char* name : {"services/dir", "services/dir/x", "dir"}) {
    const auto result = cli.Run(server, {"app", "get", "x", "--as", name});
    EXPECT_EQ(result.code, ExitCode::kUsage) << name;
    EXPECT_EQ(cli.RunAlone({"context", "add", "c", "--as", name}).code, ExitCode::kUsage) << name;
  }
}

TEST(ErrorTest, ATalkInTheClearToAnotherMachineIsNotBegun) {
  CliHarness cli;
  const std::string missing = cli.home() + "/ca.pem";
  EXPECT_THAT(
      cli.RunAlone({"app", "get", "x", "--target", "latchkey.example:1", "--ca-file", missing}).err,
      HasSubstr(missing));  // another machine gets TLS without being asked
}

TEST(ErrorTest, ASecretInAVariableForSomethingElseIsRefusedAndNotShown) {
  for (const char* name :
       {"LATCHKEY_TOKEN_FILE", "LATCHKEY_TARGET", "LATCHKEY_ON_BEHALF_OF", "LATCHKEY_CONTEXT",
        "LATCHKEY_CA_FILE", "LATCHKEY_TIMEOUT", "LATCHKEY_OUTPUT", "LATCHKEY_CONFIG"}) {
    CliHarness cli;
    cli.environment[name] = testing::kSecret;
    const auto result = cli.RunAlone({"workspace", "list"});
    EXPECT_EQ(result.code, ExitCode::kUsage) << name;
    EXPECT_THAT(result.err, AllOf(HasSubstr(name), HasSubstr("LATCHKEY_TOKEN"),
                                  Not(HasSubstr(testing::kSecret))));
  }
}

}  // namespace
}  // namespace latchkey::cli
