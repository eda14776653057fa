#include <string>

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
using ::testing::SizeIs;

class VerifyTest : public ::testing::Test {
 protected:
  VerifyTest() {
    server_.On<v1::VerifyRequest>([](const v1::VerifyRequest& request, auto& response) {
      Judge(request.secret(), *response.mutable_verification());
      return absl::OkStatus();
    });
    server_.On<v1::BatchVerifyRequest>([](const v1::BatchVerifyRequest& request, auto& response) {
      for (const auto& secret : request.secrets()) Judge(secret, *response.add_verifications());
      return absl::OkStatus();
    });
  }

  static void Judge(const std::string& secret, v1::Verification& verification) {
    const bool good = secret.find("good") != std::string::npos;
    verification.set_status(good ? v1::VERIFY_STATUS_ACTIVE : v1::VERIFY_STATUS_INACTIVE);
    if (good) verification.set_token("workspaces/acme/tokens/t1");
    if (!good) verification.set_inactive_reason(v1::INACTIVE_REASON_REVOKED);
  }

  CliHarness cli_;
  FakeServer server_;
};

TEST_F(VerifyTest, AGoodSecretOnStandardInputExitsWith0) {
  cli_.input = "lkb_good\n";
  const auto result = cli_.Run(server_, {"verify", "--min-revision", "12"});
  EXPECT_EQ(result.code, ExitCode::kOk);
  EXPECT_EQ(server_.Last<v1::VerifyRequest>().secret(), "lkb_good");
  EXPECT_EQ(server_.Last<v1::VerifyRequest>().min_revision(), 12u);
  EXPECT_THAT(result.out, AllOf(HasSubstr("active"), HasSubstr("workspaces/acme/tokens/t1"),
                                Not(HasSubstr("lkb_good"))));
}

TEST_F(VerifyTest, AnInactiveSecretExitsWith6) {
  cli_.environment["TOKEN"] = "lkb_bad";
  const auto result = cli_.Run(server_, {"verify", "--secret-from", "env:TOKEN"});
  EXPECT_EQ(result.code, ExitCode::kTokenInactive);
  EXPECT_THAT(result.out, AllOf(HasSubstr("inactive"), HasSubstr("revoked")));
}

TEST_F(VerifyTest, ManyLinesAreOneBatchAndOneBadOneExitsWith6) {
  const std::string file = cli_.File("secrets", "lkb_good1\n\n  lkb_bad \nlkb_good2\n");
  const auto result = cli_.Run(server_, {"verify", "--secret-from", file});
  EXPECT_EQ(result.code, ExitCode::kTokenInactive);
  EXPECT_THAT(server_.calls(), SizeIs(1));
  EXPECT_THAT(server_.Last<v1::BatchVerifyRequest>().secrets(),
              ::testing::ElementsAre("lkb_good1", "lkb_bad", "lkb_good2"));
  EXPECT_THAT(result.out, AllOf(HasSubstr("2     inactive  revoked"), Not(HasSubstr("lkb_"))));

  EXPECT_EQ(
      cli_.Run(server_, {"verify", "--secret-from", cli_.File("good", "lkb_good1\nlkb_good2")})
          .code,
      ExitCode::kOk);
}

TEST_F(VerifyTest, MoreThanABatchHoldsAreSeveral) {
  std::string lines;
  for (int i = 0; i < 2500; ++i) lines += "lkb_good\n";
  cli_.input = lines;
  const auto result = cli_.Run(server_, {"verify", "-o", "json"});
  EXPECT_EQ(result.code, ExitCode::kOk);
  EXPECT_THAT(server_.calls(), SizeIs(3));
}

TEST_F(VerifyTest, NothingToVerifyIsAUsageError) {
  EXPECT_EQ(cli_.Run(server_, {"verify"}).code, ExitCode::kUsage);
  EXPECT_THAT(server_.calls(), SizeIs(0));
}

}  // namespace
}  // namespace latchkey::cli
