// Bulk revocation over the wire: the preview, the run, and following it to its end.
#include <memory>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "latchkey/v1/app_service.grpc.pb.h"
#include "latchkey/v1/audit_service.grpc.pb.h"
#include "latchkey/v1/token_service.grpc.pb.h"
#include "tests/rpc/server_fixture.h"

namespace latchkey::testing {
namespace {

class BulkRevokeTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    MakeWorkspace("acme");
    MakeMember("acme", "ann", v1::ROLE_OWNER);
    MakeMember("acme", "ada", v1::ROLE_ADMIN);
    MakeMember("acme", "max", v1::ROLE_MEMBER);
    MakeService("front", v1::SERVICE_ROLE_DELEGATE);
    delegate_ = IssueServiceToken("front");
    tokens_ = NewStub<v1::TokenService>();
    v1::CreateAppRequest request;
    request.set_app_id("bot");
    request.mutable_app()->set_home_workspace("workspaces/acme");
    request.mutable_app()->set_kind(v1::APP_KIND_CUSTOM_INTEGRATION);
    v1::CreateAppResponse response;
    const grpc::Status made =
        NewStub<v1::AppService>()->CreateApp(AsMember("ann").get(), request, &response);
    ASSERT_TRUE(made.ok()) << made.error_message();
  }

  std::unique_ptr<grpc::ClientContext> AsMember(const std::string& id) const {
    auto context = As(delegate_);
    context->AddMetadata("latchkey-on-behalf-of", "workspaces/acme/members/" + id);
    return context;
  }

  // Returns the secret of a new token.
  std::string Issue(const std::string& label) const {
    v1::IssueTokenRequest request;
    request.set_parent("workspaces/acme");
    request.set_kind(v1::TOKEN_KIND_CUSTOM_BOT);
    request.set_app("apps/bot");
    request.set_label(label);
    v1::IssueTokenResponse response;
    const grpc::Status issued = tokens_->IssueToken(AsMember("ann").get(), request, &response);
    EXPECT_TRUE(issued.ok()) << issued.error_message();
    return response.issued_token().secret();
  }
  bool IsActive(const std::string& secret) const {
    return authority_->verifier().Check(secret).value().active();
  }

  std::pair<grpc::Status, v1::BulkRevokeTokensResponse> BulkRevoke(
      const std::string& member, const v1::BulkRevokeTokensRequest& request) const {
    v1::BulkRevokeTokensResponse response;
    grpc::Status status = tokens_->BulkRevokeTokens(AsMember(member).get(), request, &response);
    return {std::move(status), std::move(response)};
  }

  // Opens the stream of the events about `resource` in acme after `revision`.
  std::unique_ptr<grpc::ClientReader<v1::SubscribeResponse>> Follow(grpc::ClientContext& context,
                                                                    const std::string& resource,
                                                                    std::uint64_t revision) const {
    v1::SubscribeRequest request;
    request.mutable_filter()->set_workspace("workspaces/acme");
    request.mutable_filter()->set_resource(resource);
    request.set_after_revision(revision);
    return NewStub<v1::AuditService>()->Subscribe(&context, request);
  }

  std::string delegate_;
  std::unique_ptr<v1::TokenService::Stub> tokens_;
};

TEST_F(BulkRevokeTest, WhoStartedItWithoutTheRightToReadTheLogFollowsItToItsEnd) {
  const std::string wanted = Issue("ci");
  const std::string other = Issue("web");
  v1::BulkRevokeTokensRequest request;
  request.set_parent("workspaces/acme");
  request.set_label("ci");
  request.set_preview(true);
  const auto [previewed, preview] = BulkRevoke("ada", request);
  ASSERT_TRUE(previewed.ok()) << previewed.error_message();
  EXPECT_EQ(preview.count(), 1u);
  request.set_preview(false);
  request.set_confirmation(preview.confirmation());
  const auto [ran, run] = BulkRevoke("ada", request);
  ASSERT_TRUE(ran.ok()) << ran.error_message();
  EXPECT_TRUE(IsActive(wanted));

  const auto context = AsMember("ada");
  const auto stream = Follow(*context, run.bulk_revocation().name(), run.revision());
  authority_->Tick();

  v1::BulkRevocation last = run.bulk_revocation();
  v1::SubscribeResponse response;
  while (last.state() == v1::BULK_REVOCATION_STATE_RUNNING && stream->Read(&response)) {
    for (const auto& event : response.events()) last = event.after().bulk_revocation();
  }
  EXPECT_EQ(last.state(), v1::BULK_REVOCATION_STATE_DONE);
  EXPECT_EQ(last.revoked_count(), 1u);
  EXPECT_FALSE(IsActive(wanted));
  EXPECT_TRUE(IsActive(other));
  context->TryCancel();
  stream->Finish();
  const auto others = AsMember("max");
  EXPECT_EQ(Follow(*others, last.name(), 0)->Finish().error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(BulkRevokeTest, ARunIsReadAndStoppedByItsName) {
  Issue("ci");
  v1::BulkRevokeTokensRequest request;
  request.set_parent("workspaces/acme");
  request.set_label("ci");
  request.set_preview(true);
  request.set_confirmation(BulkRevoke("ann", request).second.confirmation());
  request.set_preview(false);
  const auto [ran, run] = BulkRevoke("ann", request);
  ASSERT_TRUE(ran.ok()) << ran.error_message();

  v1::CancelBulkRevocationRequest cancel;
  cancel.set_name(run.bulk_revocation().name());
  v1::CancelBulkRevocationResponse cancelled;
  ASSERT_TRUE(tokens_->CancelBulkRevocation(AsMember("ann").get(), cancel, &cancelled).ok());
  v1::GetBulkRevocationRequest get;
  get.set_name(run.bulk_revocation().name());
  v1::GetBulkRevocationResponse got;
  ASSERT_TRUE(tokens_->GetBulkRevocation(AsMember("ann").get(), get, &got).ok());
  EXPECT_EQ(got.bulk_revocation().state(), v1::BULK_REVOCATION_STATE_CANCELLED);
  v1::ListBulkRevocationsRequest list;
  list.set_parent("workspaces/acme");
  v1::ListBulkRevocationsResponse listed;
  ASSERT_TRUE(tokens_->ListBulkRevocations(AsMember("ann").get(), list, &listed).ok());
  EXPECT_EQ(listed.bulk_revocations_size(), 1);
}

TEST_F(BulkRevokeTest, ARunWithoutItsPreviewSaysToPreviewAgain) {
  v1::BulkRevokeTokensRequest request;
  request.set_parent("workspaces/acme");
  request.set_app("apps/bot");
  request.set_preview(true);
  request.set_confirmation(BulkRevoke("ann", request).second.confirmation());
  request.set_preview(false);
  const grpc::Status refused = BulkRevoke("ada", request).first;
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ErrorInfoOf(refused).reason(), "CONFIRMATION_INVALID");
  EXPECT_TRUE(BulkRevoke("ann", request).first.ok());
}

}  // namespace
}  // namespace latchkey::testing
