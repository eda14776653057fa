// Regenerating with grace, through the authority in one thread.
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "server/base/executor.h"
#include "storage/engine/memory_engine.h"
#include "tests/server/test_authority.h"
#include "tests/testing/ghost_commit_engine.h"
#include "tests/testing/status_matchers.h"

namespace latchkey {
namespace {

using testing::StatusIs;
using testing::TestAuthority;

class GraceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    authority_.MakeAcme();
    v1::CreateAppRequest app;
    app.set_app_id("deploys");
    app.mutable_app()->set_home_workspace("workspaces/acme");
    app.mutable_app()->set_kind(v1::APP_KIND_CUSTOM_INTEGRATION);
    app.mutable_app()->add_bot_scopes("read");
    app.mutable_app()->add_bot_scopes("write");
    ASSERT_TRUE(Call(ann(), app).ok());
    const auto issued = Issue();
    ASSERT_TRUE(issued.ok()) << issued.status();
    first_ = issued->issued_token().secret();
    name_ = issued->issued_token().token().name();
  }

  static Caller ann() { return TestAuthority::Member("workspaces/acme/members/ann"); }

  template <typename Request>
  absl::StatusOr<ResponseOf<Request>> Call(const Caller& caller, const Request& request) {
    return authority_.Call(caller, request);
  }

  absl::StatusOr<v1::IssueTokenResponse> Issue() {
    v1::IssueTokenRequest request;
    request.set_parent("workspaces/acme");
    request.set_kind(v1::TOKEN_KIND_CUSTOM_BOT);
    request.set_app("apps/deploys");
    return Call(ann(), request);
  }

  v1::RegenerateTokenRequest Again(absl::Duration grace) const {
    v1::RegenerateTokenRequest request;
    request.set_name(name_);
    request.mutable_grace()->set_seconds(absl::ToInt64Seconds(grace));
    return request;
  }
  std::string Regenerate(const v1::RegenerateTokenRequest& request) {
    const auto response = Call(ann(), request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->issued_token().secret() : "";
  }
  std::string Regenerate(absl::Duration grace) { return Regenerate(Again(grace)); }

  bool IsActive(const std::string& secret) { return authority_.IsActive(secret); }
  v1::Verification Verify(const std::string& secret, bool trusted) {
    std::string bytes;
    Verifier::AppendAnswer(authority_->verifier().Check(secret).value(), trusted, bytes);
    v1::VerifyResponse response;
    EXPECT_TRUE(response.ParseFromString(bytes));
    return response.verification();
  }
  v1::Token Token() {
    v1::GetTokenRequest request;
    request.set_name(name_);
    return authority_->Read(ann(), request).value().token();
  }
  v1::Event LastEvent() {
    v1::GetEventRequest request;
    request.set_sequence(authority_->events().newest());
    return authority_->Read(TestAuthority::Operator(), request).value().event();
  }
  void Tick() {
    authority_->Tick();
    executor_.RunAll();
  }

  testing::GhostCommitEngine engine_;
  ManualExecutor executor_;
  TestAuthority authority_{engine_, executor_, &executor_};
  std::string name_;
  std::string first_;
};

TEST_F(GraceTest, TheOldSecretIsGoodUntilTheGraceEnds) {
  const std::string second = Regenerate(absl::Hours(1));
  ASSERT_TRUE(Token().has_previous_secret_expire_time());

  authority_.clock().Advance(absl::Hours(1) - absl::Seconds(1));
  EXPECT_TRUE(IsActive(first_));
  authority_.clock().Advance(absl::Seconds(1));
  EXPECT_FALSE(IsActive(first_));
  EXPECT_FALSE(Token().has_previous_secret_expire_time());
  EXPECT_TRUE(IsActive(second));
}

TEST_F(GraceTest, TheFirstUseOfTheNewSecretEndsTheOldOneAtOnceAndIsAnEvent) {
  const std::string second = Regenerate(absl::Hours(1));
  EXPECT_TRUE(IsActive(first_));
  EXPECT_TRUE(IsActive(first_));  // using the old one ends nothing
  const std::uint64_t before = authority_->events().newest();

  EXPECT_TRUE(IsActive(second));
  EXPECT_FALSE(IsActive(first_));
  EXPECT_TRUE(IsActive(second));
  Tick();

  ASSERT_EQ(authority_->events().newest(), before + 1);
  const v1::Event event = LastEvent();
  EXPECT_EQ(event.action(), v1::ACTION_TOKEN_FIRST_USE);
  EXPECT_EQ(event.actor().principal(), "latchkey");
  EXPECT_EQ(event.resource(), name_);
  EXPECT_TRUE(event.before().token().has_previous_secret_expire_time());
  EXPECT_FALSE(event.after().token().has_previous_secret_expire_time());
  EXPECT_FALSE(IsActive(first_));
  EXPECT_TRUE(IsActive(second));
  Tick();
  EXPECT_EQ(authority_->events().newest(), before + 1);
}

TEST_F(GraceTest, AFirstUseThatCouldNotBeWrittenIsWrittenLater) {
  const std::string second = Regenerate(absl::Hours(1));
  EXPECT_TRUE(IsActive(second));
  engine_.FailNextCommit();
  Tick();
  EXPECT_FALSE(IsActive(first_));
  // The store comes back.
  Tick();
  EXPECT_FALSE(IsActive(first_));
  Tick();

  EXPECT_EQ(LastEvent().action(), v1::ACTION_TOKEN_FIRST_USE);
  EXPECT_FALSE(IsActive(first_));
}

TEST_F(GraceTest, OnlyTrustedCallersLearnThatASecretIsSuperseded) {
  const std::string second = Regenerate(absl::Hours(1));

  const v1::Verification trusted = Verify(first_, true);
  const v1::Verification other = Verify(first_, false);

  EXPECT_EQ(trusted.status(), v1::VERIFY_STATUS_ACTIVE);
  EXPECT_EQ(trusted.superseded_until_time().seconds(),
            absl::ToUnixSeconds(authority_.clock().Now() + absl::Hours(1)));
  EXPECT_EQ(other.status(), v1::VERIFY_STATUS_ACTIVE);
  EXPECT_FALSE(other.has_superseded_until_time());
  EXPECT_FALSE(Verify(second, true).has_superseded_until_time());
}

TEST_F(GraceTest, ATokenHasTwoLiveSecretsAtMost) {
  const std::string second = Regenerate(absl::Hours(1));
  const std::string third = Regenerate(absl::Hours(1));

  EXPECT_FALSE(IsActive(first_));
  EXPECT_TRUE(IsActive(second));
  EXPECT_TRUE(IsActive(third));
  EXPECT_FALSE(IsActive(second));
}

TEST_F(GraceTest, WithoutGraceEverySecretBeforeEnds) {
  const std::string second = Regenerate(absl::Hours(1));
  const std::string third = Regenerate(absl::ZeroDuration());

  EXPECT_FALSE(IsActive(first_));
  EXPECT_FALSE(IsActive(second));
  EXPECT_TRUE(IsActive(third));
}

TEST_F(GraceTest, RevokingEndsBothSecretsAndEitherMayDoIt) {
  const std::string second = Regenerate(absl::Hours(1));
  ASSERT_TRUE(IsActive(first_));
  v1::RevokeTokenRequest request;
  request.set_secret(first_);

  ASSERT_TRUE(Call(Caller(), request).ok());

  EXPECT_FALSE(IsActive(first_));
  EXPECT_FALSE(IsActive(second));
  EXPECT_EQ(Token().state(), v1::TOKEN_STATE_REVOKED);
}

TEST_F(GraceTest, ASupersededSecretRevokesNothing) {
  const std::string second = Regenerate(absl::ZeroDuration());
  v1::RevokeTokenRequest request;
  request.set_secret(first_);

  ASSERT_TRUE(Call(Caller(), request).ok());

  EXPECT_TRUE(IsActive(second));
}

TEST_F(GraceTest, TheOldSecretGetsNoMoreAndKeepsNoMoreThanTheTokenMay) {
  v1::RegenerateTokenRequest narrow = Again(absl::Hours(1));
  narrow.mutable_token()->add_scopes("read");
  narrow.mutable_token()->set_label("narrow");
  narrow.mutable_update_mask()->add_paths("scopes");
  narrow.mutable_update_mask()->add_paths("label");
  const std::string second = Regenerate(narrow);
  EXPECT_EQ(Token().label(), "narrow");
  ASSERT_EQ(Verify(first_, true).scopes_size(), 1);
  EXPECT_EQ(Verify(first_, true).scopes(0), "read");

  v1::RegenerateTokenRequest wide = Again(absl::Hours(1));
  wide.mutable_token()->add_scopes("read");
  wide.mutable_token()->add_scopes("write");
  wide.mutable_update_mask()->add_paths("scopes");
  const std::string third = Regenerate(wide);
  EXPECT_EQ(Verify(second, true).scopes_size(), 1);
  EXPECT_EQ(Verify(third, true).scopes_size(), 2);
}

TEST_F(GraceTest, AFirstUseIsNotForgottenForOthersAfterTheStoreCameBack) {
  std::vector<std::string> others;
  for (int i = 0; i < 4200; ++i) {  // more than the verifier remembers for nobody
    const auto issued = Issue();
    ASSERT_TRUE(issued.ok()) << issued.status();
    v1::RegenerateTokenRequest again = Again(absl::Hours(1));
    again.set_name(issued->issued_token().token().name());
    others.push_back(Regenerate(again));
  }
  const auto check = [&](const std::string& secret) {
    return authority_->verifier().Check(secret).value();
  };
  ASSERT_TRUE(check(Regenerate(absl::Hours(1))).active());
  authority_->verifier().Reset(authority_->events().newest());
  for (const std::string& secret : others) ASSERT_TRUE(check(secret).active());
  EXPECT_EQ(check(first_).reason, v1::INACTIVE_REASON_SUPERSEDED);
}

TEST_F(GraceTest, AFirstUseIsWrittenWhenTheAuthorityCloses) {
  const std::string second = Regenerate(absl::Hours(1));
  EXPECT_TRUE(IsActive(second));

  authority_->Close();
  executor_.RunAll();

  EXPECT_EQ(LastEvent().action(), v1::ACTION_TOKEN_FIRST_USE);
}

TEST_F(GraceTest, TheOldSecretDoesNotGetTheRightToCallLatchkey) {
  v1::CreateAppRequest app;
  app.set_app_id("helper");
  app.mutable_app()->set_home_workspace("workspaces/acme");
  app.mutable_app()->set_kind(v1::APP_KIND_INTERNAL);
  app.mutable_app()->add_bot_scopes("read");
  app.mutable_app()->add_user_scopes("files:read");
  ASSERT_TRUE(Call(ann(), app).ok());
  v1::InstallAppRequest install;
  install.set_parent("workspaces/acme");
  install.set_app("apps/helper");
  const auto installed = Call(ann(), install);
  ASSERT_TRUE(installed.ok());
  v1::UpdateAppRequest more;
  more.mutable_app()->set_name("apps/helper");
  more.mutable_app()->add_user_scopes("files:read");
  more.mutable_app()->add_user_scopes("latchkey");
  more.mutable_update_mask()->add_paths("user_scopes");
  ASSERT_TRUE(Call(ann(), more).ok());
  name_ = installed->user_token().token().name();
  v1::RegenerateTokenRequest request = Again(absl::Hours(1));
  request.mutable_token()->add_scopes("files:read");
  request.mutable_token()->add_scopes("latchkey");
  request.mutable_update_mask()->add_paths("scopes");
  const std::string second = Regenerate(request);

  EXPECT_FALSE(authority_->Authenticate(installed->user_token().secret(), "", "").ok());
  EXPECT_TRUE(authority_->Authenticate(second, "", "").ok());
}

TEST_F(GraceTest, ScopesStayWithinWhatTheAppAsksFor) {
  v1::RegenerateTokenRequest request = Again(absl::ZeroDuration());
  request.mutable_token()->add_scopes("admin");
  request.mutable_update_mask()->add_paths("scopes");

  EXPECT_THAT(Call(ann(), request), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_TRUE(IsActive(first_));
}

TEST_F(GraceTest, TheGraceNeverOutlivesTheOldExpiry) {
  v1::RegenerateTokenRequest request = Again(absl::ZeroDuration());
  request.mutable_token()->mutable_expire_time()->set_seconds(
      absl::ToUnixSeconds(authority_.clock().Now() + absl::Minutes(10)));
  request.mutable_update_mask()->add_paths("expire_time");
  const std::string second = Regenerate(request);
  v1::RegenerateTokenRequest never = Again(absl::Hours(1));
  never.mutable_update_mask()->add_paths("expire_time");
  const std::string third = Regenerate(never);

  authority_.clock().Advance(absl::Minutes(10));

  EXPECT_FALSE(IsActive(second));
  EXPECT_TRUE(IsActive(third));
}

TEST_F(GraceTest, ALongerGraceThanADayIsRefused) {
  EXPECT_THAT(Call(ann(), Again(absl::Hours(24) + absl::Seconds(1))),
              StatusIs(absl::StatusCode::kInvalidArgument));
  v1::RegenerateTokenRequest negative = Again(absl::ZeroDuration());
  negative.mutable_grace()->set_seconds(-1);
  EXPECT_THAT(Call(ann(), negative), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace latchkey
