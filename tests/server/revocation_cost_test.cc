// Ending all of an app, installation, member or workspace: one small write, however many tokens
// hang on it.
#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "storage/engine/memory_engine.h"
#include "tests/server/test_authority.h"

namespace latchkey {
namespace {

using testing::TestAuthority;

// Sanitizers slow the making of tokens too much for the full number.
#if defined(__SANITIZE_ADDRESS__) || defined(LATCHKEY_TSAN)
constexpr int kVeryMany = 5'000;
#else
constexpr int kVeryMany = 100'000;
#endif
constexpr int kMany = 5'000;

// Counts what is committed.
class CountingEngine final : public engine::Engine {
 public:
  std::unique_ptr<engine::Snapshot> NewSnapshot() const override { return inner_.NewSnapshot(); }
  absl::StatusOr<engine::Version> Commit(const engine::WriteBatch& batch) override {
    for (const auto& change : batch.changes()) {
      ++writes;
      bytes += change.key.size() + (change.value.has_value() ? change.value->size() : 0);
    }
    return inner_.Commit(batch);
  }
  absl::Status writable() const override { return inner_.writable(); }
  absl::Status Recover() override { return inner_.Recover(); }
  std::uint64_t SizeInBytes() const override { return inner_.SizeInBytes(); }

  std::uint64_t writes = 0;
  std::uint64_t bytes = 0;

 private:
  engine::MemoryEngine inner_;
};

struct Cost {
  std::uint64_t writes = 0;
  std::uint64_t bytes = 0;
};

// One workspace, with an app whose tokens are ended in one of several ways.
class RevocationCostTest : public ::testing::Test {
 protected:
  // Returns what `end` costs where `tokens` hang on what it ends, and checks what it did.
  Cost CostOf(int tokens, v1::TokenKind kind, const std::function<void(TestAuthority&)>& end,
              v1::Action action) {
    CountingEngine engine;
    ManualExecutor executor;
    TestAuthority authority(engine, executor, &executor);
    MakeTenant(authority);
    const std::vector<std::string> secrets = IssueTokens(authority, executor, tokens, kind);
    for (const std::string& secret : secrets) EXPECT_TRUE(authority.IsActive(secret));
    const Cost before = {engine.writes, engine.bytes};

    end(authority);

    const Cost cost = {engine.writes - before.writes, engine.bytes - before.bytes};
    for (const std::string& secret : secrets) EXPECT_FALSE(authority.IsActive(secret));
    CheckListed(authority, action);
    return cost;
  }

  static void MakeTenant(TestAuthority& authority) {
    v1::CreateWorkspaceRequest workspace;
    workspace.set_workspace_id("acme");
    workspace.mutable_workspace();
    workspace.set_primary_owner_id("ann");
    ASSERT_TRUE(authority.Call(TestAuthority::Operator(), workspace).ok());
    v1::CreateAppRequest app;
    app.set_app_id("bot");
    app.mutable_app()->set_home_workspace("workspaces/acme");
    app.mutable_app()->set_kind(v1::APP_KIND_CUSTOM_INTEGRATION);
    ASSERT_TRUE(authority.Call(Ann(), app).ok());
  }

  // Several commands wait at once and share commits, as with many callers.
  static std::vector<std::string> IssueTokens(TestAuthority& authority, ManualExecutor& executor,
                                              int tokens, v1::TokenKind kind) {
    std::vector<std::string> secrets;
    v1::IssueTokenRequest request;
    request.set_parent("workspaces/acme");
    request.set_kind(kind);
    request.set_app("apps/bot");
    for (int i = 1; i <= tokens; ++i) {
      authority->Mutate(Ann(), request, [&](const absl::StatusOr<v1::IssueTokenResponse>& answer) {
        ASSERT_TRUE(answer.ok()) << answer.status();
        secrets.push_back(answer->issued_token().secret());
      });
      if (i % 256 == 0 || i == tokens) executor.RunAll();
    }
    return secrets;
  }

  // The tokens stay listed, dead, with who, when and why.
  static void CheckListed(TestAuthority& authority, v1::Action action) {
    v1::ListTokensRequest list;
    list.set_parent("workspaces/acme");
    list.set_page_size(20);
    const auto listed = authority->Read(TestAuthority::Operator(), list);
    ASSERT_TRUE(listed.ok()) << listed.status();
    ASSERT_FALSE(listed->tokens().empty());
    for (const v1::Token& token : listed->tokens()) {
      EXPECT_EQ(token.state(), v1::TOKEN_STATE_REVOKED);
      EXPECT_EQ(token.revocation().action(), action);
      EXPECT_FALSE(token.revocation().principal().empty());
      EXPECT_FALSE(token.revocation().reason().empty());
      EXPECT_TRUE(token.revocation().has_time());
    }
  }

  // The cost with `tokens` tokens is that with one, but for the length of numbers.
  void ExpectFlat(int tokens, v1::TokenKind kind, const std::function<void(TestAuthority&)>& end,
                  v1::Action action) {
    const Cost one = CostOf(1, kind, end, action);
    const Cost many = CostOf(tokens, kind, end, action);
    EXPECT_EQ(many.writes, one.writes);
    EXPECT_LE(many.bytes, one.bytes + 32);
    EXPECT_LT(many.bytes, 2000u);
    RecordProperty("bytes", std::to_string(many.bytes));
  }

  static Caller Ann() { return TestAuthority::Member("workspaces/acme/members/ann"); }
};

TEST_F(RevocationCostTest, RestrictingAnAppWith100000TokensIsOneSmallWrite) {
  ExpectFlat(
      kVeryMany, v1::TOKEN_KIND_CUSTOM_BOT,
      [](TestAuthority& authority) {
        v1::RestrictAppRequest request;
        request.set_parent("workspaces/acme");
        request.set_app("apps/bot");
        ASSERT_TRUE(authority.Call(Ann(), request).ok());
      },
      v1::ACTION_APP_RESTRICT);
}

TEST_F(RevocationCostTest, DeletingAnAppWithManyTokensIsOneSmallWrite) {
  ExpectFlat(
      kMany, v1::TOKEN_KIND_APP,
      [](TestAuthority& authority) {
        v1::DeleteAppRequest request;
        request.set_name("apps/bot");
        ASSERT_TRUE(authority.Call(Ann(), request).ok());
      },
      v1::ACTION_APP_DELETE);
}

TEST_F(RevocationCostTest, SuspendingAWorkspaceWithManyTokensIsOneSmallWrite) {
  ExpectFlat(
      kMany, v1::TOKEN_KIND_CUSTOM_BOT,
      [](TestAuthority& authority) {
        v1::UpdateWorkspaceRequest request;
        request.mutable_workspace()->set_name("workspaces/acme");
        request.mutable_workspace()->set_state(v1::WORKSPACE_STATE_SUSPENDED);
        request.mutable_update_mask()->add_paths("state");
        ASSERT_TRUE(authority.Call(TestAuthority::Operator(), request).ok());
      },
      v1::ACTION_WORKSPACE_UPDATE);
}

TEST_F(RevocationCostTest, BulkRevokingAllOfAnAppWith100000TokensIsOneSmallWrite) {
  ExpectFlat(
      kVeryMany, v1::TOKEN_KIND_CUSTOM_BOT,
      [](TestAuthority& authority) {
        v1::BulkRevokeTokensRequest request;
        request.set_parent("workspaces/acme");
        request.set_app("apps/bot");
        request.set_preview(true);
        const auto preview = authority->PreviewBulkRevoke(Ann(), request);
        ASSERT_TRUE(preview.ok()) << preview.status();
        request.set_preview(false);
        request.set_confirmation(preview->confirmation());
        ASSERT_TRUE(authority.Call(Ann(), request).ok());
      },
      v1::ACTION_TOKEN_BULK_REVOKE);
}

}  // namespace
}  // namespace latchkey
