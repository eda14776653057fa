#include <csignal>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/client/scripted_audit.h"
#include "tests/tools/cli_harness.h"

namespace latchkey::cli {
namespace {

using ::testing::AllOf;
using testing::CliHarness;
using testing::CliResult;
using testing::FakeServer;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ScriptedAudit;

constexpr char kJob[] = "workspaces/acme/bulkRevocations/b1";

// A server that previews two tokens and then starts a bulk revocation, whose events are a script.
class BulkTest : public ::testing::Test {
 protected:
  CliResult BulkRevoke(std::vector<std::string> more,
                       std::vector<ScriptedAudit::Step> script = {}) {
    audit_.emplace(std::move(script));
    server_.emplace(std::vector<grpc::Service*>{&*audit_});
    server_->On<v1::BulkRevokeTokensRequest>(
        [](const v1::BulkRevokeTokensRequest& request, v1::BulkRevokeTokensResponse& response) {
          response.set_count(12);
          if (request.preview()) {
            response.add_samples()->set_name("workspaces/acme/tokens/t1");
            response.set_confirmation("17.12.abcd");
            return absl::OkStatus();
          }
          response.set_revision(40);
          if (request.label().empty()) return absl::OkStatus();
          *response.mutable_bulk_revocation() = Job(0, v1::BULK_REVOCATION_STATE_RUNNING);
          return absl::OkStatus();
        });
    more.insert(more.begin(), {"token", "bulk-revoke", "acme"});
    return cli_.Run(*server_, more);
  }

  static v1::BulkRevocation Job(std::uint64_t revoked, v1::BulkRevocationState state) {
    v1::BulkRevocation job;
    job.set_name(kJob);
    job.set_state(state);
    job.set_expected_count(12);
    job.set_revoked_count(revoked);
    return job;
  }
  static v1::SubscribeResponse Event(std::uint64_t sequence, const v1::BulkRevocation& job) {
    v1::SubscribeResponse response;
    v1::Event& event = *response.add_events();
    event.set_sequence(sequence);
    *event.mutable_after()->mutable_bulk_revocation() = job;
    response.set_complete_through(sequence);
    response.set_newest(sequence);
    return response;
  }

  CliHarness cli_;
  std::optional<ScriptedAudit> audit_;
  std::optional<FakeServer> server_;
};

TEST_F(BulkTest, WithoutConfirmItShowsThePreviewAndHowToRunIt) {
  const CliResult result =
      BulkRevoke({"--app", "ci-bot", "--member", "acme/ann", "--kind", "custom_bot", "--label",
                  "it's ci", "--issued-before", "30d", "--reason", "gone"});
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("12 tokens match"),
                                HasSubstr("workspaces/acme/tokens/t1"), HasSubstr("15 minutes")));
  EXPECT_THAT(result.out,
              HasSubstr("latchkey token bulk-revoke acme --app ci-bot --member acme/ann --kind "
                        "custom_bot --label 'it'\\''s ci' --issued-before 2029-12-02T00:00:00Z "
                        "--reason 'gone' --confirm 17.12.abcd\n"));
  EXPECT_EQ(server_->calls().size(), 1u);
  EXPECT_TRUE(server_->Last<v1::BulkRevokeTokensRequest>().preview());
}

TEST_F(BulkTest, WithYesItRunsWhatItPreviewed) {
  const CliResult result = BulkRevoke({"--app", "ci-bot", "--yes"});
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  ASSERT_EQ(server_->calls().size(), 2u);
  const auto run = server_->Last<v1::BulkRevokeTokensRequest>();
  EXPECT_FALSE(run.preview());
  EXPECT_EQ(run.confirmation(), "17.12.abcd");
  EXPECT_EQ(run.request_id().size(), 36u);
  EXPECT_THAT(result.out, HasSubstr("Ended in one write, at revision 40"));
}

TEST_F(BulkTest, WaitFollowsItToItsEndAndShowsHowFarItIs) {
  cli_.err_is_terminal = true;
  const CliResult result = BulkRevoke(
      {"--label", "ci", "--confirm", "17.12.abcd", "--wait"},
      {ScriptedAudit::SendAndHold({Event(41, Job(6, v1::BULK_REVOCATION_STATE_RUNNING)),
                                   Event(50, Job(12, v1::BULK_REVOCATION_STATE_DONE))})});
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr(kJob), HasSubstr("done"), HasSubstr("12")));
  EXPECT_THAT(result.err, HasSubstr(" 50%  6 of 12"));
  const v1::SubscribeRequest request = audit_->requests().at(0);
  EXPECT_EQ(request.after_revision(), 40u);
  EXPECT_EQ(request.filter().workspace(), "workspaces/acme");
  EXPECT_EQ(request.filter().resource(), kJob);
}

TEST_F(BulkTest, InJsonWaitGivesOneAnswerWithTheEnd) {
  cli_.err_is_terminal = true;
  const CliResult result = BulkRevoke(
      {"--label", "ci", "--yes", "--wait", "-o", "json"},
      {ScriptedAudit::SendAndHold({Event(50, Job(12, v1::BULK_REVOCATION_STATE_DONE))})});
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  const auto json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json["bulkRevocation"]["state"], "BULK_REVOCATION_STATE_DONE");
  EXPECT_EQ(json["bulkRevocation"]["revokedCount"], "12");
  EXPECT_EQ(result.err, "");
}

TEST_F(BulkTest, OneThatSomebodyCancelledFails) {
  const CliResult result = BulkRevoke(
      {"--label", "ci", "--yes", "--wait"},
      {ScriptedAudit::SendAndHold({Event(50, Job(6, v1::BULK_REVOCATION_STATE_CANCELLED))})});
  EXPECT_EQ(result.code, ExitCode::kFailed);
  EXPECT_THAT(result.out, HasSubstr("cancelled"));
}

TEST_F(BulkTest, ASignalEndsTheWaitingAndNotTheRun) {
  const CliResult result = BulkRevoke({"--label", "ci", "--yes", "--wait"},
                                      {[this](auto& writer, grpc::ServerContext& context) {
                                        cli_.stop.Request(SIGINT);
                                        return ScriptedAudit::SendAndHold({})(writer, context);
                                      }});
  EXPECT_EQ(result.code, ExitCode::kInterrupted);
  EXPECT_THAT(result.out, AllOf(HasSubstr(kJob), HasSubstr("running")));
}

TEST_F(BulkTest, AnEmptyConfirmationIsNoPreview) {
  const std::vector<std::vector<std::string>> refused = {{"--confirm", ""},
                                                         {"--confirm", "", "--yes"}};
  for (const std::vector<std::string>& options : refused) {
    const CliResult result = BulkRevoke(options);
    EXPECT_EQ(result.code, ExitCode::kUsage);
    EXPECT_THAT(result.err, HasSubstr("--confirm is empty"));
  }
  EXPECT_EQ(server_->calls().size(), 0u);
}

TEST_F(BulkTest, YesAndConfirmExcludeEachOther) {
  const CliResult result = BulkRevoke({"--yes", "--confirm", "17.12.abcd"});
  EXPECT_EQ(result.code, ExitCode::kUsage);
  EXPECT_EQ(server_->calls().size(), 0u);
}

}  // namespace
}  // namespace latchkey::cli
