#ifndef LATCHKEY_TESTS_SERVER_BULK_FIXTURE_H_
#define LATCHKEY_TESTS_SERVER_BULK_FIXTURE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "server/base/executor.h"
#include "storage/engine/memory_engine.h"
#include "tests/server/events_of.h"
#include "tests/server/test_authority.h"

namespace latchkey::testing {

// A workspace acme with an owner ann, an admin ada and a member max, with the apps bot and other;
// and a workspace beta with an owner bea. One thread, fake clock.
class BulkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    MakeWorkspace("acme", "ann");
    MakeWorkspace("beta", "bea");
    MakeMember("ada", v1::ROLE_ADMIN);
    MakeMember("max", v1::ROLE_MEMBER);
    MakeApp("bot");
    MakeApp("other");
  }

  static Caller Member(const std::string& id) {
    return TestAuthority::Member("workspaces/acme/members/" + id);
  }
  static Caller Ann() { return Member("ann"); }

  template <typename Request>
  absl::StatusOr<ResponseOf<Request>> Call(const Caller& caller, const Request& request) {
    return authority().Call(caller, request);
  }

  TestAuthority& authority() { return *authority_; }
  std::uint64_t newest() { return authority()->events().newest(); }
  void Tick() {
    authority()->Tick();
    executor_.RunAll();
  }
  // Another server begins over the same store.
  void Restart() {
    authority_.reset();
    authority_ = std::make_unique<TestAuthority>(engine_, executor_, &executor_);
  }

  // Issues tokens of an app, many to a commit.
  std::vector<v1::IssuedToken> Issue(int count, const std::string& app,
                                     const std::string& label = "") {
    v1::IssueTokenRequest request;
    request.set_parent("workspaces/acme");
    request.set_kind(v1::TOKEN_KIND_CUSTOM_BOT);
    request.set_app(app);
    request.set_label(label);
    std::vector<v1::IssuedToken> tokens;
    for (int i = 1; i <= count; ++i) {
      authority()->Mutate(Ann(), request, [&](absl::StatusOr<v1::IssueTokenResponse> answer) {
        ASSERT_TRUE(answer.ok()) << answer.status();
        tokens.push_back(answer->issued_token());
      });
      if (i % 256 == 0 || i == count) executor_.RunAll();
    }
    return tokens;
  }
  v1::IssuedToken IssueTest(const std::string& member) {
    v1::IssueTokenRequest request;
    request.set_parent("workspaces/acme");
    request.set_kind(v1::TOKEN_KIND_TEST);
    const auto issued = Call(Member(member), request);
    EXPECT_TRUE(issued.ok()) << issued.status();
    return issued.ok() ? issued->issued_token() : v1::IssuedToken();
  }
  int CountActive(const std::vector<v1::IssuedToken>& tokens) {
    int active = 0;
    for (const v1::IssuedToken& token : tokens) {
      if (authority().IsActive(token.secret())) ++active;
    }
    return active;
  }
  v1::Token Get(const v1::IssuedToken& issued) {
    v1::GetTokenRequest request;
    request.set_name(issued.token().name());
    const auto response = authority()->Read(TestAuthority::Operator(), request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->token() : v1::Token();
  }

  // To be narrowed.
  static v1::BulkRevokeTokensRequest OfAcme() {
    v1::BulkRevokeTokensRequest request;
    request.set_parent("workspaces/acme");
    return request;
  }
  static v1::BulkRevokeTokensRequest All() {
    v1::BulkRevokeTokensRequest request = OfAcme();
    request.set_all(true);
    return request;
  }
  static v1::BulkRevokeTokensRequest OfApp(const std::string& app) {
    v1::BulkRevokeTokensRequest request = OfAcme();
    request.set_app(app);
    return request;
  }
  static v1::BulkRevokeTokensRequest Labelled(const std::string& label) {
    v1::BulkRevokeTokensRequest request = OfAcme();
    request.set_label(label);
    return request;
  }
  absl::StatusOr<v1::BulkRevokeTokensResponse> Preview(v1::BulkRevokeTokensRequest request,
                                                       const Caller& caller = Ann()) {
    request.set_preview(true);
    return authority()->PreviewBulkRevoke(caller, request);
  }
  // The request that carries out its preview.
  v1::BulkRevokeTokensRequest Confirmed(v1::BulkRevokeTokensRequest request,
                                        const Caller& caller = Ann()) {
    const auto preview = Preview(request, caller);
    EXPECT_TRUE(preview.ok()) << preview.status();
    if (preview.ok()) request.set_confirmation(preview->confirmation());
    return request;
  }
  // Previews and runs.
  v1::BulkRevokeTokensResponse Run(const v1::BulkRevokeTokensRequest& request,
                                   const Caller& caller = Ann()) {
    const auto response = Call(caller, Confirmed(request, caller));
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *response : v1::BulkRevokeTokensResponse();
  }
  v1::BulkRevocation GetBulk(const std::string& name) {
    v1::GetBulkRevocationRequest request;
    request.set_name(name);
    const auto response = authority()->Read(Ann(), request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->bulk_revocation() : v1::BulkRevocation();
  }
  std::vector<v1::Event> EventsAfter(std::uint64_t after, const std::string& resource = "") {
    v1::EventFilter filter;
    filter.set_resource(resource);
    const auto batch = authority()->events().Read(after, EventSelector(filter), {});
    EXPECT_TRUE(batch.ok()) << batch.status();
    return batch.ok() ? testing::EventsOf(*batch) : std::vector<v1::Event>();
  }

  engine::MemoryEngine engine_;
  ManualExecutor executor_;
  std::unique_ptr<TestAuthority> authority_ =
      std::make_unique<TestAuthority>(engine_, executor_, &executor_);

 private:
  void MakeWorkspace(const std::string& id, const std::string& owner) {
    v1::CreateWorkspaceRequest request;
    request.set_workspace_id(id);
    request.mutable_workspace()->set_plan(v1::PLAN_PLUS);
    request.set_primary_owner_id(owner);
    ASSERT_TRUE(Call(TestAuthority::Operator(), request).ok());
  }
  void MakeMember(const std::string& id, v1::Role role) {
    v1::CreateMemberRequest request;
    request.set_parent("workspaces/acme");
    request.set_member_id(id);
    request.mutable_member()->set_role(role);
    ASSERT_TRUE(Call(TestAuthority::Operator(), request).ok());
  }
  void MakeApp(const std::string& id) {
    v1::CreateAppRequest request;
    request.set_app_id(id);
    request.mutable_app()->set_home_workspace("workspaces/acme");
    request.mutable_app()->set_kind(v1::APP_KIND_CUSTOM_INTEGRATION);
    ASSERT_TRUE(Call(Ann(), request).ok());
  }
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_SERVER_BULK_FIXTURE_H_
