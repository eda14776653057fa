#include <cstdint>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/made_up_secret.h"
#include "tests/tools/cli_harness.h"
#include "tests/tools/live_server.h"

namespace latchkey::cli {
namespace {

using ::testing::AllOf;
using testing::CliHarness;
using testing::CliResult;
using ::testing::ElementsAre;
using testing::FakeServer;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::LiveServer;
using testing::MadeUpSecret;
using ::testing::Not;
using ::testing::SizeIs;

class RevokeTest : public ::testing::Test {
 protected:
  CliHarness cli_;
};

TEST_F(RevokeTest, TheOperatorsSecretIsNotSaidToHaveEnded) {
  LiveServer server;
  const auto result =
      cli_.RunAlone({"token", "revoke", "--secret-from",
                     cli_.File("operator", server.operator_secret()), "--target", server.target()});
  EXPECT_EQ(result.code, ExitCode::kSecretsFound);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, AllOf(HasSubstr("operator's secret"), HasSubstr("cannot be revoked"),
                                Not(HasSubstr("lko_"))));
}

TEST_F(RevokeTest, WhatStandsBesideTheOperatorsSecretEndsAllTheSame) {
  LiveServer server;
  const std::string live = server.IssueSecret();
  const std::string other = server.IssueSecret();
  cli_.input = server.operator_secret() + "\n" + live + "\n" + other + "\n";
  const auto result = cli_.RunAlone(
      {"token", "revoke", "--secret-from", "-", "-o", "json", "--target", server.target()});
  EXPECT_EQ(result.code, ExitCode::kSecretsFound);
  EXPECT_FALSE(server.IsActive(live));
  EXPECT_FALSE(server.IsActive(other));
  EXPECT_THAT(result.out, HasSubstr("revision"));
  EXPECT_THAT(result.err, HasSubstr("\"notice\":\"operator_secret\""));
}

class EmptyOptionTest : public ::testing::Test {
 protected:
  // Runs what must be refused before anything is asked of the server.
  void ExpectRefused(const std::vector<std::string>& args, const std::string& option) {
    const auto result = cli_.Run(server_, args);
    EXPECT_EQ(result.code, ExitCode::kUsage) << option;
    EXPECT_THAT(result.err, HasSubstr(option));
    EXPECT_THAT(server_.calls(), SizeIs(0)) << option;
  }

  CliHarness cli_;
  FakeServer server_;
};

TEST_F(EmptyOptionTest, ScopesGivenEmptyAreTheEmptyList) {
  server_.Answer<v1::RegenerateTokenRequest>({});
  EXPECT_EQ(cli_.Run(server_, {"token", "regenerate", "acme/t1", "--scopes", ""}).code,
            ExitCode::kOk);
  EXPECT_THAT(server_.Last<v1::RegenerateTokenRequest>().update_mask().paths(),
              ElementsAre("scopes"));
  EXPECT_THAT(server_.Last<v1::RegenerateTokenRequest>().token().scopes(), IsEmpty());
}

TEST_F(EmptyOptionTest, AGraceOfZeroMayBeSaid) {
  server_.Answer<v1::RegenerateTokenRequest>({});
  EXPECT_EQ(cli_.Run(server_, {"token", "regenerate", "acme/t1", "--grace", "0"}).code,
            ExitCode::kOk);
  EXPECT_EQ(server_.Last<v1::RegenerateTokenRequest>().grace().seconds(), 0);
}

TEST_F(EmptyOptionTest, WhatCannotBeEmptyIsRefusedAndNothingIsReplaced) {
  ExpectRefused({"token", "regenerate", "acme/t1", "--expires", ""}, "--expires");
  ExpectRefused({"token", "regenerate", "acme/t1", "--grace", ""}, "--grace");
  ExpectRefused({"token", "issue", "acme", "--kind", "test", "--expires", ""}, "--expires");
}

TEST_F(EmptyOptionTest, AnEmptyNarrowingDoesNotBecomeEverything) {
  ExpectRefused({"token", "issue", "acme", "--kind", "custom_bot", "--app", "x", "--scopes", ""},
                "--scopes");
  ExpectRefused({"app", "approve", "acme", "x", "--scopes", ""}, "--scopes");
  ExpectRefused({"token", "bulk-revoke", "acme", "--yes", "--label", ""}, "--label");
  ExpectRefused({"token", "bulk-revoke", "acme", "--yes", "--issued-before", ""},
                "--issued-before");
}

TEST_F(EmptyOptionTest, SettingsOfAWorkspaceAreCleared) {
  const struct {
    const char* option;
    const char* path;
  } cases[] = {{"--idle-limits", "settings.idle_limits"},
               {"--expiry-warnings", "settings.expiry_warnings"},
               {"--access-token-life", "settings.access_token_life"}};
  server_.Answer<v1::UpdateWorkspaceRequest>({});
  for (const auto& one : cases) {
    const auto result = cli_.Run(server_, {"workspace", "update", "acme", one.option, ""});
    EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
    const auto sent = server_.Last<v1::UpdateWorkspaceRequest>();
    EXPECT_THAT(sent.update_mask().paths(), ElementsAre(one.path));
    EXPECT_FALSE(sent.workspace().has_settings()) << sent.DebugString();
  }
}

TEST_F(EmptyOptionTest, TheServerTakesAClearedSetting) {
  LiveServer server;
  cli_.environment["LATCHKEY_TOKEN"] = server.operator_secret();
  cli_.environment["LATCHKEY_TARGET"] = server.target();
  ASSERT_EQ(cli_.RunAlone({"workspace", "create", "acme", "--plan", "plus"}).code, ExitCode::kOk);
  ASSERT_EQ(cli_.RunAlone({"workspace", "update", "acme", "--idle-limits", "bot=60d,test=7d",
                           "--expiry-warnings", "3d", "--access-token-life", "6h"})
                .code,
            ExitCode::kOk);
  EXPECT_THAT(
      cli_.RunAlone({"workspace", "get", "acme", "-o", "json"}).out,
      AllOf(HasSubstr("idleLimits"), HasSubstr("expiryWarnings"), HasSubstr("accessTokenLife")));
  const auto cleared = cli_.RunAlone({"workspace", "update", "acme", "--idle-limits", "",
                                      "--expiry-warnings", "", "--access-token-life", ""});
  ASSERT_EQ(cleared.code, ExitCode::kOk) << cleared.err;
  EXPECT_THAT(cli_.RunAlone({"workspace", "get", "acme", "-o", "json"}).out,
              AllOf(HasSubstr("\"idleLimits\": []"), HasSubstr("\"expiryWarnings\": []"),
                    Not(HasSubstr("accessTokenLife"))));
}

class PairTest : public ::testing::Test {
 protected:
  PairTest() {
    v1::RotateTokenResponse response;
    response.mutable_access_token()->set_secret("lkb_access");
    response.mutable_refresh_token()->set_secret("lkr_refresh");
    server_.Answer<v1::RotateTokenRequest>(response);
    Fill(*install_.mutable_bot_token(), "bot");
    Fill(*install_.mutable_bot_refresh_token(), "bot-refresh");
    Fill(*install_.mutable_user_token(), "user");
    Fill(*install_.mutable_user_refresh_token(), "user-refresh");
    server_.Answer<v1::InstallAppRequest>(install_);
  }

  static void Fill(v1::IssuedToken& token, const std::string& secret) { token.set_secret(secret); }

  CliResult Rotate(const std::string& lines, std::vector<std::string> more = {}) {
    cli_.input = lines;
    more.insert(more.begin(), {"token", "rotate", "--secret-from", "-"});
    return cli_.Run(server_, more);
  }

  CliHarness cli_;
  FakeServer server_;
  v1::InstallAppResponse install_;
};

std::string Refresh(std::uint32_t number) { return MadeUpSecret("lkr", number); }

TEST_F(PairTest, RotatingPrintsTheSecretThatIsAskedFor) {
  EXPECT_EQ(Rotate(Refresh(1)).out, "lkb_access\nlkr_refresh\n");
  EXPECT_EQ(Rotate(Refresh(1), {"--print", "access"}).out, "lkb_access\n");
  EXPECT_EQ(Rotate(Refresh(1), {"--print", "refresh"}).out, "lkr_refresh\n");
  EXPECT_EQ(Rotate(Refresh(1), {"--print", "bot"}).code, ExitCode::kUsage);
  EXPECT_THAT(server_.calls(), SizeIs(3));
}

TEST_F(PairTest, WhatRotatingPrintsCanBeRotatedAgain) {
  EXPECT_EQ(Rotate(std::string(testing::kSecret) + "\n" + Refresh(7) + "\n").code, ExitCode::kOk);
  EXPECT_EQ(server_.Last<v1::RotateTokenRequest>().refresh_secret(), Refresh(7));

  const auto two = Rotate(Refresh(1) + "\n" + Refresh(2) + "\n");
  EXPECT_EQ(two.code, ExitCode::kUsage);
  EXPECT_THAT(two.err, HasSubstr("2 lines, of which 2 are refresh secrets"));
  EXPECT_THAT(server_.calls(), SizeIs(1));
}

TEST_F(PairTest, OfAPairWithOtherPrefixesTheSecondIsTheRefreshSecret) {
  const std::string refresh = MadeUpSecret("acmeref", 2);
  for (const char* prefix : {"acmebot", "lkb"}) {
    EXPECT_EQ(Rotate(MadeUpSecret(prefix, 1) + "\n" + refresh + "\n").code, ExitCode::kOk);
    EXPECT_EQ(server_.Last<v1::RotateTokenRequest>().refresh_secret(), refresh);
  }

  for (const std::string& first :
       {MadeUpSecret("lko", 3), "note: " + MadeUpSecret("acmebot", 1), std::string("something")}) {
    const auto mixed = Rotate(first + "\n" + refresh + "\n");
    EXPECT_EQ(mixed.code, ExitCode::kUsage);
    EXPECT_THAT(mixed.err, HasSubstr("2 lines, of which 0 are refresh secrets"));
  }
  const auto operators = Rotate(MadeUpSecret("acmebot", 1) + "\n" + MadeUpSecret("lko", 3) + "\n");
  EXPECT_EQ(operators.code, ExitCode::kUsage);
  EXPECT_THAT(server_.calls(), SizeIs(2));
}

TEST_F(PairTest, InstallingPrintsOneLineOfARotatingAppWhereOneIsAskedFor) {
  for (const char* which : {"bot", "bot-refresh", "user", "user-refresh"}) {
    EXPECT_EQ(cli_.Run(server_, {"app", "install", "acme", "x", "--print", which}).out,
              std::string(which) + "\n");
  }
  EXPECT_EQ(cli_.Run(server_, {"app", "install", "acme", "x"}).out,
            "bot\nbot-refresh\nuser\nuser-refresh\n");
  install_.clear_bot_refresh_token();
  server_.Answer<v1::InstallAppRequest>(install_);
  const auto none = cli_.Run(server_, {"app", "install", "acme", "x", "--print", "bot-refresh"});
  EXPECT_EQ(none.code, ExitCode::kFailed);
  EXPECT_THAT(none.err, HasSubstr("no bot-refresh secret"));
}

}  // namespace
}  // namespace latchkey::cli
