#include "server/authority/verifier.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/base/executor.h"
#include "storage/engine/memory_engine.h"
#include "tests/server/test_authority.h"

namespace latchkey {
namespace {

using testing::TestAuthority;

class VerifierTest : public ::testing::Test {
 protected:
  void SetUp() override { authority_.MakeAcme(); }

  // Issues a token of an app with so many scopes, and returns its secret.
  std::string IssueWithScopes(int scopes) {
    const Caller ann = TestAuthority::Member("workspaces/acme/members/ann");
    v1::CreateAppRequest app;
    app.set_app_id("wide");
    app.mutable_app()->set_home_workspace("workspaces/acme");
    app.mutable_app()->set_kind(v1::APP_KIND_CUSTOM_INTEGRATION);
    for (int i = 0; i < scopes; ++i) app.mutable_app()->add_bot_scopes(ScopeOf(i));
    EXPECT_TRUE(authority_.Call(ann, app).ok());
    v1::IssueTokenRequest issue;
    issue.set_parent("workspaces/acme");
    issue.set_kind(v1::TOKEN_KIND_CUSTOM_BOT);
    issue.set_app("apps/wide");
    const auto issued = authority_.Call(ann, issue);
    EXPECT_TRUE(issued.ok()) << issued.status();
    return issued.ok() ? issued->issued_token().secret() : "";
  }
  static std::string ScopeOf(int number) {
    return absl::StrCat("scope-of-some-length-", 100 + number);
  }

  engine::MemoryEngine engine_;
  ManualExecutor executor_;
  TestAuthority authority_{engine_, executor_, &executor_};
};

TEST_F(VerifierTest, AnAnswerOfAnyLengthIsRememberedWhole) {
  const std::string secret = IssueWithScopes(40);
  for (int turn = 0; turn < 2; ++turn) {  // from the store, and then from memory
    std::string bytes;
    Verifier::AppendAnswer(authority_->verifier().Check(secret).value(), false, bytes);
    v1::VerifyResponse response;
    ASSERT_TRUE(response.ParseFromString(bytes));
    ASSERT_EQ(response.verification().scopes_size(), 40);
    for (int i = 0; i < 40; ++i) EXPECT_EQ(response.verification().scopes(i), ScopeOf(i));
  }
}

TEST_F(VerifierTest, AnswersThatFollowOneAnotherAreABatch) {
  const std::string secret = IssueWithScopes(1);
  std::string bytes;
  for (const std::string& presented : {secret, std::string("no secret"), secret}) {
    Verifier::AppendAnswer(authority_->verifier().Check(presented).value(), true, bytes);
  }
  v1::BatchVerifyResponse response;
  ASSERT_TRUE(response.ParseFromString(bytes));
  ASSERT_EQ(response.verifications_size(), 3);
  EXPECT_EQ(response.verifications(0).status(), v1::VERIFY_STATUS_ACTIVE);
  EXPECT_EQ(response.verifications(1).status(), v1::VERIFY_STATUS_INACTIVE);
  EXPECT_EQ(response.verifications(1).inactive_reason(), v1::INACTIVE_REASON_MALFORMED);
  EXPECT_EQ(response.verifications(2).app(), "apps/wide");
}

}  // namespace
}  // namespace latchkey
