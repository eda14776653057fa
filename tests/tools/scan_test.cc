#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/testing/made_up_secret.h"
#include "tests/tools/cli_harness.h"
#include "tests/tools/live_server.h"
#include "tools/latchkey/progress_bar.h"

namespace latchkey::cli {
namespace {

using ::testing::AllOf;
using testing::CliHarness;
using testing::CliResult;
using testing::FakeServer;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::LiveServer;
using testing::MadeUpSecret;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

// Of the right form, and nobody's.
constexpr char kBot[] = "lkb_00000000000000000000000000000000000000000000jTibY";
constexpr char kUser[] = "lku_00000000000000000000000000000000000000000013Q3qL0";

class ScanTest : public ::testing::Test {
 protected:
  CliResult Scan(std::vector<std::string> args) {
    args.insert(args.begin(), {"token", "scan"});
    const CliResult result = cli_.RunAlone(args);
    // Whatever is found is not shown.
    for (const std::string& text : {result.out, result.err}) {
      EXPECT_FALSE(absl::StrContains(text, "000000000000000000")) << text;
    }
    return result;
  }
  CliResult Revoke(const std::string& target, std::vector<std::string> args) {
    args.insert(args.end(), {"--revoke", "--target", target});
    return Scan(args);
  }

  CliHarness cli_;
};

TEST_F(ScanTest, FilesAndFoldersAreScannedWithoutAServer) {
  const std::string folder = cli_.home() + "/repo";
  std::filesystem::create_directories(folder + "/b/c");
  std::ofstream(folder + "/a.env") << "# mine\nTOKEN=" << kBot << "\n";
  std::ofstream(folder + "/b/c/log") << std::string(300'000, '\n') << "x " << kUser;
  std::filesystem::create_symlink(folder + "/a.env", folder + "/link");
  std::filesystem::create_directory_symlink(folder + "/b", folder + "/d");
  const std::string single = cli_.File("single", kBot);

  const auto result = Scan({folder, single});

  EXPECT_EQ(result.code, ExitCode::kSecretsFound);
  const auto row = [&](const std::string& path) {
    return absl::StrCat("\n", path, std::string(folder.size() + 8 - path.size(), ' '), "  ");
  };
  EXPECT_THAT(result.out, StartsWith("PATH"));
  EXPECT_THAT(result.out,
              AllOf(HasSubstr(row(folder + "/a.env") + "2       7       bot   lkb_...TibY\n"),
                    HasSubstr(row(folder + "/b/c/log") + "300001  3       user  lku_...3qL0\n"),
                    HasSubstr(row(single) + "1       1       bot   lkb_...TibY\n"),
                    Not(HasSubstr("link")), Not(HasSubstr("/d/"))));
  EXPECT_THAT(result.err, IsEmpty());
  // A symbolic link that is named is followed.
  EXPECT_THAT(Scan({folder + "/link"}).out, HasSubstr("lkb_...TibY"));
}

TEST_F(ScanTest, WhereNothingIsFoundTheTableIsEmptyAndTheCodeIs0) {
  std::string almost = kBot;
  almost.back() = 'Z';
  const auto result = Scan({cli_.File("clean", almost)});
  EXPECT_EQ(result.code, ExitCode::kOk);
  EXPECT_EQ(result.out, "PATH  LINE  COLUMN  KIND  SECRET\n");
  EXPECT_THAT(result.err, IsEmpty());
}

TEST_F(ScanTest, StandardInputIsScannedByDefaultAndAsADash) {
  cli_.input = absl::StrCat("a", kBot);
  for (const std::vector<std::string>& args : {std::vector<std::string>{}, {"-"}}) {
    const auto result = Scan(args);
    EXPECT_EQ(result.code, ExitCode::kSecretsFound);
    EXPECT_THAT(result.out, HasSubstr("\n-     1     2       bot   lkb_...TibY\n"));
  }
}

TEST_F(ScanTest, JsonIsForPrograms) {
  cli_.input = absl::StrCat("\n ", kUser);
  const auto result = Scan({"-o", "json"});
  EXPECT_EQ(result.code, ExitCode::kSecretsFound);
  EXPECT_EQ(nlohmann::json::parse(result.out),
            nlohmann::json::parse(R"({"secrets": [{"path": "-", "offset": 2, "line": 2,
              "column": 2, "kind": "user", "redacted": "lku_...3qL0"}]})"));
  cli_.input = "";
  EXPECT_EQ(nlohmann::json::parse(Scan({"-o", "json"}).out)["secrets"].size(), 0U);
}

TEST_F(ScanTest, WhatCannotBeReadIsNamedAndTheRestIsScanned) {
  const std::string good = cli_.File("good", kBot);
  const std::string missing = cli_.home() + "/missing\x1b[2J";

  // It opens, and reading it fails.
  const auto result = Scan({missing, "/proc/self/mem", good});

  EXPECT_EQ(result.code, ExitCode::kFailed);
  EXPECT_THAT(result.err, HasSubstr("/proc/self/mem cannot be read: "));
  EXPECT_THAT(result.out, HasSubstr("lkb_...TibY"));
  EXPECT_THAT(result.err, AllOf(HasSubstr("missing\\x1b[2J cannot be read: No such file"),
                                Not(HasSubstr("\x1b"))));
  const auto json = Scan({missing, good, "-o", "json"});
  EXPECT_EQ(json.code, ExitCode::kFailed);
  EXPECT_EQ(nlohmann::json::parse(json.err)["path"], missing);
  EXPECT_EQ(nlohmann::json::parse(json.out)["secrets"].size(), 1U);
}

TEST_F(ScanTest, FilesAndFoldersThatMayNotBeReadAreNamed) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const std::string folder = cli_.home() + "/repo";
  std::filesystem::create_directories(folder + "/closed");
  std::ofstream(folder + "/secret") << kBot;
  std::ofstream(folder + "/z") << kUser;
  std::filesystem::permissions(folder + "/secret", std::filesystem::perms::none);
  std::filesystem::permissions(folder + "/closed", std::filesystem::perms::none);

  const auto result = Scan({folder});

  std::filesystem::permissions(folder + "/closed", std::filesystem::perms::owner_all);
  EXPECT_EQ(result.code, ExitCode::kFailed);
  EXPECT_THAT(result.err, AllOf(HasSubstr(folder + "/closed cannot be read: Permission denied"),
                                HasSubstr(folder + "/secret cannot be read: Permission denied")));
  EXPECT_THAT(result.out, HasSubstr("lku_...3qL0"));
}

TEST_F(ScanTest, WhatWasFoundIsRevokedWithoutCredentials) {
  LiveServer server;
  const std::string first = server.IssueSecret();
  const std::string second = server.IssueSecret();
  const std::string other = server.IssueSecret();
  const std::string file =
      cli_.File("dump", absl::StrCat(first, "\n", second, "\n", kBot, "\n", first));

  const auto result = Revoke(server.target(), {file, "--reason", "pushed to a public place"});

  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  EXPECT_THAT(result.err, HasSubstr("Presented 3. Whatever the 3 secrets were good for has ended"));
  EXPECT_FALSE(server.IsActive(first));
  EXPECT_FALSE(server.IsActive(second));
  EXPECT_TRUE(server.IsActive(other));
  EXPECT_THAT(server.NewestEvent(),
              AllOf(HasSubstr("revoke.bearer"), HasSubstr("pushed to a public place")));
  EXPECT_THAT(result.err, HasSubstr(absl::StrCat("revision ", server.newest())));
}

TEST_F(ScanTest, JsonSaysHowManyWerePresented) {
  LiveServer server;
  cli_.input = absl::StrCat(server.IssueSecret(), " ", kBot);
  const auto result = Revoke(server.target(), {"-o", "json"});
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  const auto json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json["presented"], 2);
  EXPECT_EQ(json["revision"], absl::StrCat(server.newest()));
  EXPECT_EQ(json["secrets"].size(), 2U);
  EXPECT_THAT(result.err, IsEmpty());
}

TEST_F(ScanTest, ASecretWithAPrefixOfItsServersOwnIsFoundAndPresented) {
  const std::string secret = MadeUpSecret("acmebot");
  FakeServer server;
  server.Answer<v1::RevokeTokenRequest>({});
  cli_.input = "x=" + secret;

  const auto result = Revoke(server.target(), {"-o", "json"});

  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  const auto found = nlohmann::json::parse(result.out)["secrets"][0];
  EXPECT_EQ(found["kind"], "other");
  EXPECT_THAT(std::string(found["redacted"]), StartsWith("acmebot_..."));
  EXPECT_EQ(server.Last<v1::RevokeTokenRequest>().secret(), secret);
}

TEST_F(ScanTest, PrefixesThatItIsToldTellTheKinds) {
  cli_.input = MadeUpSecret("acmesvc") + "\n" + MadeUpSecret("lkt");
  const std::string option = "--token-prefixes=acmebot,acmeuser,acmetest,ac,ah,aa,acmesvc,ar";

  const auto result = Scan({option});

  EXPECT_THAT(result.out, AllOf(HasSubstr("service  acmesvc_..."), HasSubstr("test     lkt_...")));
  EXPECT_EQ(Scan({"--token-prefixes", "acme"}).code, ExitCode::kUsage);
}

TEST_F(ScanTest, TheOperatorsSecretIsFoundAndNotPresented) {
  LiveServer server;
  const std::string live = server.IssueSecret();
  cli_.input = absl::StrCat(server.operator_secret(), "\n", live);

  const auto result = Revoke(server.target(), {});

  EXPECT_EQ(result.code, ExitCode::kSecretsFound);
  EXPECT_THAT(result.out, HasSubstr("operator  lko_..."));
  EXPECT_THAT(result.err, AllOf(HasSubstr("Presented 1."), HasSubstr("operator's secret")));
  EXPECT_FALSE(server.IsActive(live));
}

TEST_F(ScanTest, MoreThanACallTakesAreSeveralCalls) {
  FakeServer server;
  v1::RevokeTokenResponse response;
  response.set_revision(7);
  server.Answer<v1::RevokeTokenRequest>(response);
  std::string dump;
  for (std::uint32_t i = 0; i < 2001; ++i) absl::StrAppend(&dump, MadeUpSecret("lkt", i), "\n");

  cli_.input = dump + dump;
  EXPECT_THAT(Revoke(server.target(), {}).err, HasSubstr("Presented 2001."));
  ASSERT_THAT(server.calls(), SizeIs(3));
  EXPECT_EQ(server.calls()[0].As<v1::RevokeTokenRequest>().secrets().secrets_size(), 1000);
  EXPECT_TRUE(server.calls()[2].As<v1::RevokeTokenRequest>().has_secret());

  const auto revoked = cli_.Run(server, {"token", "revoke", "--reason", "leaked", "--secret-from",
                                         cli_.File("secrets", dump)});
  EXPECT_EQ(revoked.code, ExitCode::kOk) << revoked.err;
  EXPECT_EQ(revoked.out, "Whatever the 2001 secrets were good for has ended, as of revision 7\n");
  ASSERT_THAT(server.calls(), SizeIs(6));
  EXPECT_EQ(server.calls()[4].As<v1::RevokeTokenRequest>().reason(), "leaked");
}

TEST_F(ScanTest, WhatWasFoundIsToldThoughItCouldNotBeRevoked) {
  FakeServer server;
  server.Fail<v1::RevokeTokenRequest>(absl::InternalError("it broke"));
  cli_.input = kBot;
  const auto result = Revoke(server.target(), {});
  EXPECT_EQ(result.code, ExitCode::kFailed);
  EXPECT_THAT(result.out, HasSubstr("lkb_...TibY"));
  EXPECT_THAT(result.err, AllOf(HasSubstr("it broke"), Not(HasSubstr("has ended"))));
}

TEST_F(ScanTest, NothingFoundAsksNoServer) {
  cli_.input = "nothing";
  const auto result = Revoke("unix:/nonexistent/socket", {});
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  EXPECT_EQ(Scan({"--reason", "why"}).code, ExitCode::kUsage);
  EXPECT_EQ(Revoke("unix:/nonexistent/socket", {"--token-file", "-"}).code, ExitCode::kUsage);
}

TEST_F(ScanTest, ABarIsOnATerminalOnlyAndGoneAtTheEnd) {
  const std::string file = cli_.File("big", std::string(1 << 20, 'x'));
  EXPECT_THAT(Scan({file}).err, IsEmpty());
  cli_.err_is_terminal = true;
  EXPECT_THAT(Scan({file, "-o", "json"}).err, IsEmpty());
  const std::string err = Scan({file}).err;
  EXPECT_THAT(err,
              AllOf(StartsWith("\r["), HasSubstr("of 1.0 MiB"), ::testing::EndsWith("\r\x1b[K")));
  cli_.environment["TERM"] = "dumb";
  EXPECT_THAT(Scan({file}).err, IsEmpty());
}

TEST(ProgressTextTest, ItSaysHowMuchOfAllIsDoneAndHowFast) {
  EXPECT_EQ(ProgressText(0, 1000, absl::ZeroDuration()),
            "[------------------------]   0%  0 B of 1000 B");
  EXPECT_EQ(ProgressText(1ULL << 30, 4ULL << 30, absl::Seconds(2)),
            "[######------------------]  25%  1.0 GiB of 4.0 GiB  512.0 MiB/s");
  EXPECT_EQ(ProgressText(2000, 1000, absl::Seconds(1)),
            "[########################] 100%  2.0 KiB of 1000 B  2.0 KiB/s");
  EXPECT_EQ(ProgressText(1536, 0, absl::Seconds(1)), "1.5 KiB  1.5 KiB/s");
}

}  // namespace
}  // namespace latchkey::cli
