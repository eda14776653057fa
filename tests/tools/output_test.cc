#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/tools/cli_harness.h"

namespace latchkey::cli {
namespace {

using ::testing::AllOf;
using testing::CliHarness;
using testing::FakeServer;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

v1::IssuedToken Issued(const std::string& secret) {
  v1::IssuedToken issued;
  issued.set_secret(secret);
  issued.mutable_token()->set_name("workspaces/acme/tokens/t1");
  issued.mutable_token()->set_kind(v1::TOKEN_KIND_CUSTOM_BOT);
  issued.mutable_token()->mutable_create_time()->set_seconds(1893456000);
  return issued;
}

class OutputTest : public ::testing::Test {
 protected:
  CliHarness cli_;
  FakeServer server_;
};

TEST_F(OutputTest, ANewSecretIsAloneOnStandardOutput) {
  v1::IssueTokenResponse issue;
  *issue.mutable_issued_token() = Issued("lkc_new");
  server_.Answer<v1::IssueTokenRequest>(issue);
  v1::RegenerateTokenResponse regenerate;
  *regenerate.mutable_issued_token() = Issued("lkc_again");
  server_.Answer<v1::RegenerateTokenRequest>(regenerate);

  auto result = cli_.Run(server_, {"token", "issue", "acme", "--kind", "custom-bot", "--app", "x"});
  EXPECT_EQ(result.code, ExitCode::kOk);
  EXPECT_EQ(result.out, "lkc_new\n");
  EXPECT_THAT(result.err, AllOf(HasSubstr("workspaces/acme/tokens/t1"), HasSubstr("custom_bot"),
                                HasSubstr("2030-01-01T00:00:00Z"), Not(HasSubstr("lkc_new"))));

  result = cli_.Run(server_, {"token", "regenerate", "acme/t1"});
  EXPECT_EQ(result.out, "lkc_again\n");
}

TEST_F(OutputTest, InJsonTheWholeAnswerIsOnStandardOutput) {
  v1::IssueTokenResponse response;
  *response.mutable_issued_token() = Issued("lkc_new");
  response.set_revision(7);
  server_.Answer<v1::IssueTokenRequest>(response);
  const auto result = cli_.Run(server_, {"token", "issue", "acme", "--kind", "test", "-o", "json"});
  const auto json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json["issuedToken"]["secret"], "lkc_new");
  EXPECT_EQ(json["issuedToken"]["token"]["kind"], "TOKEN_KIND_CUSTOM_BOT");
  EXPECT_EQ(json["revision"], "7");
  EXPECT_THAT(result.err, IsEmpty());
}

TEST_F(OutputTest, InstallingPrintsOneSecretALineTheBotsFirst) {
  v1::InstallAppResponse response;
  *response.mutable_bot_token() = Issued("lkb_bot");
  server_.Answer<v1::InstallAppRequest>(response);
  EXPECT_EQ(cli_.Run(server_, {"app", "install", "acme", "x"}).out, "lkb_bot\n");

  *response.mutable_user_token() = Issued("lku_user");
  server_.Answer<v1::InstallAppRequest>(response);
  EXPECT_EQ(cli_.Run(server_, {"app", "install", "acme", "x"}).out, "lkb_bot\nlku_user\n");
  EXPECT_EQ(cli_.Run(server_, {"app", "install", "acme", "x", "--print", "bot"}).out, "lkb_bot\n");
  EXPECT_EQ(cli_.Run(server_, {"app", "install", "acme", "x", "--print", "user"}).out,
            "lku_user\n");
}

TEST_F(OutputTest, AUserTokenThatIsNotThereIsAnErrorThatSaysHowToGetTheOther) {
  v1::ReinstallAppResponse response;
  *response.mutable_bot_token() = Issued("lkb_bot");
  server_.Answer<v1::ReinstallAppRequest>(response);
  const auto result = cli_.Run(server_, {"app", "reinstall", "acme", "x", "--print", "user"});
  EXPECT_EQ(result.code, ExitCode::kFailed);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, AllOf(HasSubstr(server_.Last<v1::ReinstallAppRequest>().request_id()),
                                Not(HasSubstr("lkb_bot"))));
}

TEST_F(OutputTest, AListIsATableWithEscapedCells) {
  v1::ListMembersResponse response;
  auto* ann = response.add_members();
  ann->set_name("workspaces/acme/members/ann");
  ann->set_display_name("Ann\x1b[2J");
  ann->set_role(v1::ROLE_PRIMARY_OWNER);
  ann->set_can_manage_apps(true);
  auto* bo = response.add_members();
  bo->set_name("workspaces/acme/members/bo");
  bo->set_state(v1::MEMBER_STATE_DEACTIVATED);
  server_.Answer<v1::ListMembersRequest>(response);
  EXPECT_EQ(
      cli_.Run(server_, {"member", "list", "acme"}).out,
      "NAME                         DISPLAY NAME  ROLE           MANAGES APPS  STATE\n"
      "workspaces/acme/members/ann  Ann\\x1b[2J    primary_owner  yes\n"
      "workspaces/acme/members/bo                                no            deactivated\n");
}

TEST_F(OutputTest, AResourceIsShownFieldByField) {
  v1::GetTokenResponse response;
  v1::Token& token = *response.mutable_token();
  token.set_name("workspaces/acme/tokens/t1");
  token.set_state(v1::TOKEN_STATE_REVOKED);
  token.add_scopes("chat:write");
  token.add_scopes("files:read");
  token.mutable_revocation()->set_principal("bearer");
  token.mutable_revocation()->set_action(v1::ACTION_TOKEN_REVOKE);
  token.mutable_revocation()->mutable_time()->set_seconds(1893456000);
  server_.Answer<v1::GetTokenRequest>(response);
  EXPECT_EQ(cli_.Run(server_, {"token", "get", "acme/t1"}).out,
            "name                  workspaces/acme/tokens/t1\n"
            "state                 revoked\n"
            "scopes                chat:write,files:read\n"
            "revocation.time       2030-01-01T00:00:00Z\n"
            "revocation.principal  bearer\n"
            "revocation.action     token.revoke\n");
}

TEST_F(OutputTest, WhatAWorkspaceSaysOfTheEndsOfTokensIsShownAsItIsSet) {
  v1::GetWorkspaceResponse response;
  auto& settings = *response.mutable_workspace()->mutable_settings();
  settings.mutable_access_token_life()->set_seconds(90 * 60);
  auto* bot = settings.add_idle_limits();
  bot->set_kind(v1::TOKEN_KIND_BOT);
  bot->mutable_limit()->set_seconds(60 * 24 * 3600);
  auto* test = settings.add_idle_limits();
  test->set_kind(v1::TOKEN_KIND_CUSTOM_BOT);
  test->mutable_limit()->set_seconds(24 * 3600);
  settings.add_expiry_warnings()->set_seconds(7 * 24 * 3600);
  settings.add_expiry_warnings()->set_seconds(12 * 3600);
  server_.Answer<v1::GetWorkspaceRequest>(response);
  EXPECT_THAT(cli_.Run(server_, {"workspace", "get", "acme"}).out,
              AllOf(HasSubstr("settings.access_token_life      90m\n"),
                    HasSubstr("settings.idle_limits            bot=60d,custom_bot=24h\n"),
                    HasSubstr("settings.expiry_warnings        7d,12h\n")));
}

TEST_F(OutputTest, PlansAreColumnsWithSpansAsPeopleSayThem) {
  v1::ListPlansResponse response;
  auto* free = response.add_plans();
  free->set_plan(v1::PLAN_FREE);
  free->set_max_apps(10);
  free->mutable_max_grace()->set_seconds(3600);
  auto* grid = response.add_plans();
  grid->set_plan(v1::PLAN_ENTERPRISE_GRID);
  grid->mutable_max_grace()->set_seconds(24 * 3600);
  grid->mutable_audit_retention()->set_seconds(1095L * 24 * 3600);
  grid->set_organizations(true);
  free->set_max_audit_bytes(std::uint64_t{64} << 20);
  server_.Answer<v1::ListPlansRequest>(response);
  EXPECT_THAT(cli_.Run(server_, {"policy", "plans"}).out,
              AllOf(HasSubstr("LIMIT                              FREE    ENTERPRISE_GRID\n"
                              "apps                               10      any number\n"),
                    HasSubstr("grace of a regeneration, at most   1h      24h\n"),
                    HasSubstr("events that readers get                    1095d\n"
                              "events that readers get, at most   64 MiB  any number\n"),
                    HasSubstr("may be in an organization          no      yes\n")));
}

TEST_F(OutputTest, TheLastUseIsToldToTheHourAndNotAsATimeBeforeTheTokenWasMade) {
  v1::Token token;
  token.set_name("workspaces/acme/tokens/t1");
  token.mutable_create_time()->set_seconds(1893456000 + 1800);
  token.mutable_last_use_time()->set_seconds(1893456000);
  v1::GetTokenResponse get;
  *get.mutable_token() = token;
  server_.Answer<v1::GetTokenRequest>(get);
  EXPECT_THAT(cli_.Run(server_, {"token", "get", "acme/t1"}).out,
              HasSubstr("last_use_time  in the hour of 2030-01-01T00:00Z\n"));
  v1::ListTokensResponse list;
  *list.add_tokens() = token;
  server_.Answer<v1::ListTokensRequest>(list);
  EXPECT_THAT(cli_.Run(server_, {"token", "list", "acme"}).out,
              AllOf(HasSubstr("USED IN HOUR OF"), HasSubstr("  2030-01-01T00:00Z\n")));
}

TEST_F(OutputTest, AListIsReadToItsEndPageByPage) {
  server_.On<v1::ListAppsRequest>([](const v1::ListAppsRequest& request, auto& response) {
    const int page = request.page_token().empty() ? 0 : std::stoi(request.page_token());
    response.add_apps()->set_name("apps/a" + std::to_string(page));
    if (page < 3) response.set_next_page_token(std::to_string(page + 1));
    return absl::OkStatus();
  });
  auto result = cli_.Run(server_, {"app", "list", "acme", "-o", "json"});
  auto json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json["apps"].size(), 4u);
  EXPECT_EQ(json["nextPageToken"], "");

  result = cli_.Run(server_, {"app", "list", "acme", "--limit", "2"});
  EXPECT_THAT(result.out, AllOf(HasSubstr("apps/a1"), Not(HasSubstr("apps/a2"))));
  EXPECT_THAT(result.err, HasSubstr("--page-token 2"));
  EXPECT_THAT(cli_.Run(server_, {"app", "list", "acme", "--page-token", "3"}).out,
              AllOf(HasSubstr("apps/a3"), Not(HasSubstr("apps/a2"))));
}

TEST_F(OutputTest, ACheckExitsWithItsDecision) {
  const struct {
    v1::Outcome outcome;
    ExitCode code;
  } cases[] = {{v1::OUTCOME_ALLOWED, ExitCode::kOk},
               {v1::OUTCOME_DENIED, ExitCode::kDenied},
               {v1::OUTCOME_NEEDS_APPROVAL, ExitCode::kNeedsApproval}};
  for (const auto& one : cases) {
    v1::CheckPermissionResponse response;
    response.mutable_decision()->set_outcome(one.outcome);
    response.mutable_decision()->set_rule("legacy_bot.owner");
    response.mutable_decision()->set_reason("Only who set it up.");
    server_.Answer<v1::CheckPermissionRequest>(response);
    const auto result = cli_.Run(
        server_, {"policy", "check", "token.regenerate", "acme/t1", "--principal", "acme/ann"});
    EXPECT_EQ(result.code, one.code);
    EXPECT_THAT(result.out, AllOf(HasSubstr("legacy_bot.owner"), HasSubstr("Only who set it up.")));
  }
  EXPECT_EQ(server_.Last<v1::CheckPermissionRequest>().principal(), "workspaces/acme/members/ann");
  EXPECT_EQ(server_.Last<v1::CheckPermissionRequest>().resource(), "workspaces/acme/tokens/t1");
}

TEST_F(OutputTest, APolicyCheckReadsShortNamesByTheAction) {
  server_.Answer<v1::CheckPermissionRequest>({});
  cli_.Run(server_, {"policy", "check", "token.issue", "deploys", "--workspace", "acme", "--kind",
                     "custom_bot"});
  EXPECT_EQ(server_.Last<v1::CheckPermissionRequest>().resource(), "apps/deploys");
  cli_.Run(server_, {"policy", "check", "app.create", "acme"});
  EXPECT_EQ(server_.Last<v1::CheckPermissionRequest>().resource(), "workspaces/acme");
}

TEST_F(OutputTest, AConsumerAtTheBeginningThatHasNothingToReadSaysSo) {
  v1::GetConsumerResponse response;
  response.mutable_consumer()->set_name("consumers/siem");
  server_.Answer<v1::GetConsumerRequest>(response);
  EXPECT_THAT(cli_.Run(server_, {"audit", "consumer", "get", "siem"}).out,
              AllOf(::testing::ContainsRegex("acknowledged_revision +0\n"),
                    ::testing::ContainsRegex("lag +0\n")));
}

TEST_F(OutputTest, HealthExitsWithWhetherTheServerServes) {
  using Response = grpc::health::v1::HealthCheckResponse;
  Response response;
  response.set_status(Response::SERVING);
  server_.Answer<grpc::health::v1::HealthCheckRequest>(response);
  auto result = cli_.Run(server_, {"admin", "health"});
  EXPECT_EQ(result.code, ExitCode::kOk);
  EXPECT_EQ(result.out, "serving\n");
  response.set_status(Response::NOT_SERVING);
  server_.Answer<grpc::health::v1::HealthCheckRequest>(response);
  EXPECT_EQ(cli_.Run(server_, {"admin", "health"}).code, ExitCode::kUnavailable);
}

TEST_F(OutputTest, TheRulesCanBeReadOnATerminalAndOneByOne) {
  v1::ListRulesResponse rules;
  v1::Rule& first = *rules.add_rules();
  first.set_id("legacy_bot.owner");
  first.set_effect("allow; others deny");
  first.add_actions(v1::ACTION_TOKEN_REGENERATE);
  first.set_condition(
      "the token of a legacy bot, which nobody but the person who once set that bot up may "
      "regenerate, and an owner of the workspace neither");
  rules.add_rules()->set_id("default.deny");
  server_.Answer<v1::ListRulesRequest>(rules);

  auto result = cli_.Run(server_, {"policy", "rules", "legacy_bot.owner"});
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  EXPECT_EQ(result.out,
            "legacy_bot.owner: allow; others deny\n"
            "  of token.regenerate\n"
            "    the token of a legacy bot, which nobody but the person who once set that bot\n"
            "    up may regenerate, and an owner of the workspace neither\n");
  result = cli_.Run(server_, {"policy", "rules"});
  EXPECT_THAT(result.out, AllOf(HasSubstr("legacy_bot.owner"), HasSubstr("default.deny"),
                                HasSubstr("of every action")));
  result = cli_.Run(server_, {"policy", "rules", "nope"});
  EXPECT_EQ(result.code, ExitCode::kNotFound);
  EXPECT_THAT(result.err, HasSubstr("latchkey policy rules"));
}

TEST_F(OutputTest, WhatIsFalseOrEmptyIsInTheJsonToo) {
  server_.Answer<v1::GetStatusRequest>({});
  const auto status =
      nlohmann::json::parse(cli_.Run(server_, {"admin", "status", "-o", "json"}).out);
  EXPECT_EQ(status["writable"], false);
  server_.Answer<v1::ListTokensRequest>({});
  const auto tokens =
      nlohmann::json::parse(cli_.Run(server_, {"token", "list", "acme", "-o", "json"}).out);
  EXPECT_EQ(tokens["tokens"], nlohmann::json::array());
}

}  // namespace
}  // namespace latchkey::cli
