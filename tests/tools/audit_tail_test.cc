#include <csignal>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "tests/client/scripted_audit.h"
#include "tests/tools/cli_harness.h"

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
using ::testing::Not;
using testing::ScriptedAudit;
using ::testing::SizeIs;
using testing::TooOld;

const grpc::Status kStopping(grpc::StatusCode::UNAVAILABLE, "the server is stopping");

class AuditTailTest : public ::testing::Test {
 protected:
  CliResult Tail(std::vector<ScriptedAudit::Step> script, std::vector<std::string> more) {
    audit_.emplace(std::move(script));
    const FakeServer server({&*audit_});
    more.insert(more.begin(), {"audit", "tail"});
    return cli_.Run(server, more);
  }

  // The sequences of JSON lines.
  static std::vector<std::string> Sequences(const std::string& out) {
    std::vector<std::string> sequences;
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);) {
      const auto from = line.find("\"sequence\":\"") + 12;
      sequences.push_back(line.substr(from, line.find('"', from) - from));
    }
    return sequences;
  }

  CliHarness cli_;
  std::optional<ScriptedAudit> audit_;
};

TEST_F(AuditTailTest, ShowsEachEventOnALine) {
  v1::SubscribeResponse response;
  v1::Event& event = *response.add_events();
  event.set_sequence(42);
  event.mutable_time()->set_seconds(1893456000);
  event.set_action(v1::ACTION_APP_REINSTALL);
  event.mutable_decision()->set_outcome(v1::OUTCOME_DENIED);
  event.mutable_decision()->set_rule("internal.collaborator");
  event.mutable_decision()->set_reason("Only a collaborator\x1b[2J.");
  event.mutable_actor()->set_principal("workspaces/acme/members/bo");
  event.mutable_actor()->set_delegate("services/ci");
  event.set_resource("workspaces/acme/installations/ci-bot");
  response.set_complete_through(42);
  response.set_newest(42);

  const auto result = Tail({ScriptedAudit::SendAndHold({response})}, {"--until-newest"});

  EXPECT_EQ(result.code, ExitCode::kOk);
  EXPECT_EQ(result.out,
            "    42  2030-01-01T00:00:00Z  denied         app.reinstall      "
            "internal.collaborator  workspaces/acme/members/bo by services/ci -> "
            "workspaces/acme/installations/ci-bot: Only a collaborator\\x1b[2J.\n");
}

TEST_F(AuditTailTest, FollowsOverABrokenStreamWithoutAGapOrARepeat) {
  const auto result = Tail({ScriptedAudit::Send({MakeResponse({1, 2}, 1, 9)}, kStopping),
                            ScriptedAudit::Send({}, kStopping),
                            ScriptedAudit::SendAndHold({MakeResponse({2, 3}, 3, 9)})},
                           {"--max", "3", "-o", "json"});
  EXPECT_EQ(result.code, ExitCode::kOk);
  EXPECT_THAT(Sequences(result.out), ::testing::ElementsAre("1", "2", "3"));
  EXPECT_THAT(result.err,
              AllOf(HasSubstr("\"notice\":\"reconnecting\""), HasSubstr("the server is stopping")));
  EXPECT_EQ(audit_->requests().back().after_revision(), 1u);
}

TEST_F(AuditTailTest, EndsAtWhatWasTheEndWhenItBegan) {
  EXPECT_EQ(Tail({ScriptedAudit::SendAndHold({MakeResponse({}, 0)})}, {"--until-newest"}).code,
            ExitCode::kOk);
  const auto result =
      Tail({ScriptedAudit::SendAndHold(
               {MakeResponse({1}, 1, 2), MakeResponse({2, 3}, 3, 3), MakeResponse({4}, 4)})},
           {"--until-newest", "-o", "json"});
  EXPECT_THAT(Sequences(result.out), ::testing::ElementsAre("1", "2", "3"));
}

TEST_F(AuditTailTest, TakesNoMoreThanItWasAskedFor) {
  const auto result = Tail({ScriptedAudit::SendAndHold({MakeResponse({1, 2, 3}, 3)})},
                           {"--max", "2", "-o", "json"});
  EXPECT_THAT(Sequences(result.out), ::testing::ElementsAre("1", "2"));
}

TEST_F(AuditTailTest, AsksForWhatTheOptionsSay) {
  Tail({ScriptedAudit::SendAndHold({MakeResponse({}, 7)})},
       {"--until-newest", "--after", "5", "--workspace", "acme", "--app", "ci-bot", "--action",
        "token.issue", "--actor", "acme/ann"});
  const auto request = audit_->requests().at(0);
  EXPECT_EQ(request.after_revision(), 5u);
  EXPECT_EQ(request.filter().workspace(), "workspaces/acme");
  EXPECT_EQ(request.filter().app(), "apps/ci-bot");
  EXPECT_EQ(request.filter().actions(0), v1::ACTION_TOKEN_ISSUE);
  EXPECT_EQ(request.filter().actor(), "workspaces/acme/members/ann");
  Tail({ScriptedAudit::SendAndHold({MakeResponse({}, 7)})}, {"--until-newest", "--from-now"});
  EXPECT_TRUE(audit_->requests().at(0).from_now());
}

TEST_F(AuditTailTest, AsksForEventsAtThePaceThatTheOptionsSay) {
  Tail({ScriptedAudit::SendAndHold({MakeResponse({}, 7)})},
       {"--until-newest", "--heartbeat", "1500ms", "--max-delay", "0", "--max-bytes", "4096"});
  const auto request = audit_->requests().at(0);
  EXPECT_EQ(request.heartbeat_interval().seconds(), 1);
  EXPECT_EQ(request.heartbeat_interval().nanos(), 500'000'000);
  EXPECT_TRUE(request.has_max_delay());
  EXPECT_EQ(request.max_delay().seconds() + request.max_delay().nanos(), 0);
  EXPECT_EQ(request.max_bytes(), 4096u);
  Tail({ScriptedAudit::SendAndHold({MakeResponse({}, 7)})},
       {"--until-newest", "--max-delay", "0ms"});
  EXPECT_TRUE(audit_->requests().at(0).has_max_delay());

  Tail({ScriptedAudit::SendAndHold({MakeResponse({}, 7)})}, {"--until-newest"});
  EXPECT_EQ(audit_->requests().at(0).heartbeat_interval().seconds(), 10);
  EXPECT_FALSE(audit_->requests().at(0).has_max_delay());
  EXPECT_EQ(audit_->requests().at(0).max_bytes(), 0u);
}

TEST_F(AuditTailTest, APaceThatNoServerKeepsIsRefusedWithWhatIsTaken) {
  for (const auto& [option, value, takes] :
       {std::tuple("--heartbeat", "999ms", "1s to 1m"),
        std::tuple("--heartbeat", "61s", "1s to 1m"),
        std::tuple("--heartbeat", "often", "1s to 1m"),
        std::tuple("--max-delay", "1001ms", "0 to 1s"),
        std::tuple("--max-bytes", "1023", "1024 to 1048576"),
        std::tuple("--max-bytes", "4294967296", "1024 to 1048576")}) {
    const auto result = cli_.RunAlone({"audit", "tail", option, value});
    EXPECT_EQ(result.code, ExitCode::kUsage) << option << " " << value;
    EXPECT_THAT(result.err, AllOf(HasSubstr(option), HasSubstr(takes)));
  }
}

TEST_F(AuditTailTest, AcknowledgesForAConsumerWhatItPrinted) {
  audit_.emplace(std::vector{ScriptedAudit::SendAndHold({MakeResponse({1, 2, 5}, 9)})});
  const FakeServer server({&*audit_});

  const auto all = cli_.Run(server, {"audit", "tail", "--consumer", "siem", "--until-newest"});

  EXPECT_EQ(all.code, ExitCode::kOk) << all.err;
  EXPECT_EQ(audit_->requests().at(0).consumer(), "consumers/siem");
  EXPECT_FALSE(audit_->requests().at(0).has_filter());
  EXPECT_EQ(audit_->acknowledgements().back().name(), "consumers/siem");
  EXPECT_EQ(audit_->acknowledgements().back().revision(), 9u);
}

TEST_F(AuditTailTest, AcknowledgesNothingThatItDidNotPrint) {
  audit_.emplace(std::vector{ScriptedAudit::SendAndHold({MakeResponse({1, 2, 5}, 9)})});
  const FakeServer server({&*audit_});

  EXPECT_EQ(cli_.Run(server, {"audit", "tail", "--consumer", "siem", "--max", "2"}).code,
            ExitCode::kOk);

  EXPECT_EQ(audit_->acknowledgements().back().revision(), 2u);
}

TEST_F(AuditTailTest, ALastAcknowledgementThatFailsIsTold) {
  audit_.emplace(std::vector{ScriptedAudit::SendAndHold({MakeResponse({1}, 1)})},
                 grpc::Status(grpc::StatusCode::NOT_FOUND, "no such consumer"));
  const FakeServer server({&*audit_});

  const auto result = cli_.Run(server, {"audit", "tail", "--consumer", "siem", "--max", "1"});

  EXPECT_EQ(result.code, ExitCode::kNotFound);
  EXPECT_THAT(result.err, HasSubstr("no such consumer"));
}

TEST_F(AuditTailTest, AConsumerWhoseEventsAreGoneIsToldHowToGoOn) {
  const auto result = Tail({ScriptedAudit::Send({}, {grpc::StatusCode::OUT_OF_RANGE, "too old"})},
                           {"--consumer", "siem"});
  EXPECT_EQ(result.code, ExitCode::kFailed);
  EXPECT_THAT(result.err, HasSubstr("latchkey audit consumer ack consumers/siem N"));
}

TEST_F(AuditTailTest, NarrowsByOrganizationTokenActionPrefixAndOutcome) {
  Tail({ScriptedAudit::SendAndHold({MakeResponse({}, 7)})},
       {"--until-newest", "--organization", "corp", "--token", "acme/t1", "--action",
        "token.,app.re*,member.update", "--action", "app.install", "--outcome",
        "denied,needs_approval"});
  const v1::EventFilter filter = audit_->requests().at(0).filter();
  EXPECT_EQ(filter.organization(), "organizations/corp");
  EXPECT_EQ(filter.token(), "workspaces/acme/tokens/t1");
  EXPECT_THAT(filter.action_prefixes(), ::testing::ElementsAre("token.", "app.re"));
  EXPECT_THAT(filter.actions(),
              ::testing::ElementsAre(v1::ACTION_MEMBER_UPDATE, v1::ACTION_APP_INSTALL));
  EXPECT_THAT(filter.outcomes(),
              ::testing::ElementsAre(v1::OUTCOME_DENIED, v1::OUTCOME_NEEDS_APPROVAL));
}

TEST_F(AuditTailTest, BeginsAtATimeOrSoLongAgo) {
  // Once it had a response it goes on where that ended.
  Tail({ScriptedAudit::Send({MakeResponse({}, 3, 9)}, kStopping),
        ScriptedAudit::SendAndHold({MakeResponse({}, 9)})},
       {"--until-newest", "--since", "2030-01-31T12:00:00.5Z"});
  EXPECT_EQ(audit_->requests().at(0).start_time().seconds(), 1896091200);
  EXPECT_EQ(audit_->requests().at(0).start_time().nanos(), 500'000'000);
  EXPECT_FALSE(audit_->requests().at(1).has_start_time());
  EXPECT_EQ(audit_->requests().at(1).after_revision(), 3u);

  const absl::Time before = absl::Now();
  Tail({ScriptedAudit::SendAndHold({MakeResponse({}, 7)})}, {"--until-newest", "--since", "90m"});
  const absl::Time asked = absl::FromUnixSeconds(audit_->requests().at(0).start_time().seconds());
  EXPECT_GE(asked, before - absl::Minutes(90) - absl::Seconds(1));
  EXPECT_LE(asked, absl::Now() - absl::Minutes(90));

  EXPECT_EQ(cli_.RunAlone({"audit", "tail", "--since", "yesterday"}).code, ExitCode::kUsage);
  EXPECT_EQ(cli_.RunAlone({"audit", "tail", "--since", "1h", "--now"}).code, ExitCode::kUsage);
  EXPECT_EQ(cli_.RunAlone({"audit", "tail", "--since", "1h", "--consumer", "siem"}).code,
            ExitCode::kUsage);
  EXPECT_EQ(cli_.RunAlone({"audit", "tail", "--action", "nosuch"}).code, ExitCode::kUsage);
}

TEST_F(AuditTailTest, ASignalEndsItQuietly) {
  for (const auto& [number, code] :
       {std::pair(SIGINT, ExitCode::kInterrupted), std::pair(SIGTERM, ExitCode::kOk)}) {
    CliHarness cli;
    ScriptedAudit audit({[&, signal = number](auto& writer, grpc::ServerContext& context) {
      cli.stop.Request(signal);
      return ScriptedAudit::SendAndHold({})(writer, context);
    }});
    const FakeServer server({&audit});
    const auto result = cli.Run(server, {"audit", "tail"});
    EXPECT_EQ(result.code, code);
    EXPECT_THAT(result.err, IsEmpty());
  }
}

TEST_F(AuditTailTest, GivesUpWithWhereToGoOn) {
  const auto result = Tail({ScriptedAudit::Send({MakeResponse({8}, 8)}, kStopping),
                            ScriptedAudit::Send({}, {grpc::StatusCode::PERMISSION_DENIED, "no"})},
                           {"--after", "7"});
  EXPECT_EQ(result.code, ExitCode::kDenied);
  EXPECT_THAT(result.err, HasSubstr("go on with --after 8"));
}

TEST_F(AuditTailTest, WhereTheRightIsLostTheRuleAndWhereToGoOnAreBothTold) {
  google::rpc::ErrorInfo info;
  info.set_reason("DENIED");
  info.set_domain("latchkey");
  (*info.mutable_metadata())["reason"] = "Only an owner may.";
  google::rpc::Status wire;
  wire.add_details()->PackFrom(info);
  const grpc::Status denied(grpc::StatusCode::PERMISSION_DENIED,
                            "audit.read is denied: Only an owner may.", wire.SerializeAsString());
  const auto result = Tail({ScriptedAudit::Send({MakeResponse({8}, 8)}, denied)}, {});
  EXPECT_EQ(result.code, ExitCode::kDenied);
  EXPECT_THAT(result.err, AllOf(HasSubstr("audit.read is denied (go on with --after 8)\n"),
                                HasSubstr("reason  Only an owner may.\n")));
  EXPECT_THAT(Tail({ScriptedAudit::Send({}, denied)}, {"--after", "7"}).err,
              HasSubstr("go on with --after 7"));
}

TEST_F(AuditTailTest, WithOldestItBeginsWithWhatIsKeptAlsoWhereMoreGoesMeanwhile) {
  const auto result = Tail({ScriptedAudit::Send({}, TooOld(6)), ScriptedAudit::Send({}, TooOld(8)),
                            ScriptedAudit::SendAndHold({MakeResponse({8, 9}, 9)})},
                           {"--oldest", "--max", "2", "-o", "json"});
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  EXPECT_THAT(Sequences(result.out), ElementsAre("8", "9"));
  EXPECT_THAT(audit_->requests(), SizeIs(3));
  EXPECT_EQ(audit_->requests().back().after_revision(), 7u);
  EXPECT_THAT(result.err, AllOf(HasSubstr("\"notice\":\"skipped\""), HasSubstr("1 to 5"),
                                HasSubstr("6 to 7"), HasSubstr("beginning with event 8")));
}

TEST_F(AuditTailTest, WithOldestWhatGoesInTheMiddleIsNoBeginning) {
  const auto result =
      Tail({ScriptedAudit::Send({MakeResponse({1, 2}, 2)}, kStopping),
            ScriptedAudit::Send({}, TooOld(6)), ScriptedAudit::SendAndHold({MakeResponse({6}, 6)})},
           {"--oldest", "--max", "3", "-o", "json"});
  EXPECT_EQ(result.code, ExitCode::kFailed);
  EXPECT_THAT(Sequences(result.out), ElementsAre("1", "2"));
}

TEST_F(AuditTailTest, AConsumerBelowWhatIsRetainedIsToldWhatToAcknowledgeAndNoOptionItRefuses) {
  const auto result = Tail({ScriptedAudit::Send({}, TooOld(6))}, {"--consumer", "siem"});
  EXPECT_THAT(result.err, AllOf(HasSubstr("latchkey audit consumer ack consumers/siem 5\n"),
                                Not(HasSubstr("--after"))));
}

TEST_F(AuditTailTest, TheBeginningOfActionsIsSuggestedWithItsDot) {
  const auto result = cli_.RunAlone({"audit", "tail", "--action", "token"});
  EXPECT_EQ(result.code, ExitCode::kUsage);
  EXPECT_THAT(result.err, HasSubstr("Did you mean 'token.'"));
}

TEST_F(AuditTailTest, WithoutAServerItGivesUpAfterTheTimeout) {
  const auto result = cli_.RunAlone(
      {"audit", "tail", "--target", "unix:" + cli_.home() + "/nobody", "--timeout", "50ms"});
  EXPECT_EQ(result.code, ExitCode::kUnavailable);
}

}  // namespace
}  // namespace latchkey::cli
