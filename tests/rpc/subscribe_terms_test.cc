// What a subscriber may ask for beside its filter: where to begin, and how events are sent.
#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "latchkey/v1/directory_service.grpc.pb.h"
#include "server/authority/actions.h"
#include "tests/rpc/open_stream.h"
#include "tests/rpc/server_fixture.h"

namespace latchkey::testing {
namespace {

class SubscribeTermsTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    stub_ = NewStub<v1::AuditService>();
  }

  OpenStream Open(const v1::SubscribeRequest& request) const {
    return {*stub_, AsOperator(), request};
  }

  // Commits an event of about a kilobyte.
  std::uint64_t Rename(const std::string& workspace, char letter) const {
    v1::UpdateWorkspaceRequest request;
    v1::UpdateWorkspaceResponse response;
    request.mutable_workspace()->set_name(absl::StrCat("workspaces/", workspace));
    request.mutable_workspace()->set_display_name(std::string(250, letter));
    request.mutable_update_mask()->add_paths("display_name");
    const grpc::Status status =
        NewStub<v1::DirectoryService>()->UpdateWorkspace(AsOperator().get(), request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.revision();
  }

  std::unique_ptr<v1::AuditService::Stub> stub_;
};

TEST_F(SubscribeTermsTest, SerializedEventsAreTheBytesOfTheEvents) {
  for (int i = 0; i < 5; ++i) MakeWorkspace(absl::StrCat("w", i));
  const std::uint64_t newest = authority_->events().newest();
  v1::SubscribeRequest request;
  OpenStream plain = Open(request);
  request.set_serialized(true);
  OpenStream serialized = Open(request);

  ASSERT_TRUE(plain.ReadThrough(newest));
  ASSERT_TRUE(serialized.ReadThrough(newest));

  ASSERT_EQ(serialized.events().size(), newest);
  for (std::size_t i = 0; i < newest; ++i) {
    EXPECT_EQ(serialized.events()[i].SerializeAsString(), plain.events()[i].SerializeAsString());
  }
}

TEST_F(SubscribeTermsTest, AResponseHasNoMoreBytesThanAskedForAndOneEvent) {
  MakeWorkspace("acme");
  std::uint64_t last = 0;
  std::size_t greatest = 0;
  for (int i = 0; i < 20; ++i) last = Rename("acme", static_cast<char>('a' + i));
  v1::SubscribeRequest request;
  request.set_max_bytes(2048);
  OpenStream stream = Open(request);
  while (stream.complete_through() < last) {
    ASSERT_TRUE(stream.Read());
    for (std::size_t i = stream.events().size() - stream.last_count(); i < stream.events().size();
         ++i) {
      greatest = std::max(greatest, stream.events()[i].ByteSizeLong());
    }
    EXPECT_LT(stream.last_bytes(), 2048 + greatest + 32);
  }
  EXPECT_EQ(stream.events().size(), last);
}

TEST_F(SubscribeTermsTest, AnEventWaitsForOthers) {
  MakeWorkspace("acme");
  v1::SubscribeRequest request;
  request.set_from_now(true);
  request.mutable_max_delay()->set_seconds(1);
  OpenStream stream = Open(request);
  ASSERT_TRUE(stream.Read());

  // A busy machine may commit so late that each event has a delay of its own: then once more.
  bool waited = false;
  for (int round = 0; round < 20 && !waited; ++round) {
    const auto began = std::chrono::steady_clock::now();
    std::uint64_t last = 0;
    for (int i = 0; i < 3; ++i) last = Rename("acme", static_cast<char>('a' + i));
    std::size_t most = 0;
    while (stream.complete_through() < last) {
      ASSERT_TRUE(stream.Read());
      most = std::max(most, stream.last_count());
    }
    // The stream may have been on its way to wait yet when the first one came.
    waited =
        most >= 2 && std::chrono::steady_clock::now() >= began + std::chrono::milliseconds(900);
  }
  EXPECT_TRUE(waited);
}

TEST_F(SubscribeTermsTest, WhatFillsAResponseDoesNotWaitForTheDelay) {
  MakeWorkspace("acme");
  v1::SubscribeRequest request;
  request.set_from_now(true);
  request.mutable_max_delay()->set_seconds(1);
  request.set_max_bytes(1024);
  OpenStream stream = Open(request);
  ASSERT_TRUE(stream.Read());

  const auto began = std::chrono::steady_clock::now();
  int rounds = 0;
  // One response of four would have waited for a second each time.
  for (; rounds < 5; ++rounds) {
    std::uint64_t last = 0;
    for (int i = 0; i < 4; ++i) last = Rename("acme", static_cast<char>('a' + i));
    ASSERT_TRUE(stream.ReadThrough(last));
  }
  EXPECT_LT(std::chrono::steady_clock::now(), began + std::chrono::milliseconds(4500));
}

TEST_F(SubscribeTermsTest, AStreamBeginsAtATime) {
  MakeWorkspace("early");
  const std::uint64_t before = authority_->events().newest();
  authority_.clock().Advance(absl::Hours(1));
  v1::SubscribeRequest request;
  *request.mutable_start_time() = ToProto(authority_.clock().Now());
  const std::uint64_t last = MakeWorkspace("late");
  OpenStream stream = Open(request);

  ASSERT_TRUE(stream.ReadThrough(last));

  ASSERT_FALSE(stream.events().empty());
  EXPECT_EQ(stream.events().front().sequence(), before + 1);
}

TEST_F(SubscribeTermsTest, TwoStartsAreRefusedByName) {
  v1::SubscribeRequest request;
  request.set_from_now(true);
  request.mutable_start_time()->set_seconds(1);
  const grpc::Status status = Open(request).Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  google::rpc::BadRequest violations;
  const google::rpc::Status details = DetailsOf(status);
  for (const auto& any : details.details()) any.UnpackTo(&violations);
  ASSERT_EQ(violations.field_violations_size(), 1);
  EXPECT_EQ(violations.field_violations(0).field(), "from_now");
}

TEST_F(SubscribeTermsTest, AConsumerThatThereIsNotIsNotFound) {
  v1::SubscribeRequest request;
  request.set_consumer("consumers/nobody");
  EXPECT_EQ(Open(request).Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(SubscribeTermsTest, OneMemberDoesNotTakeThePlacesOfAll) {
  MakeWorkspace("acme");
  MakeService("portal", v1::SERVICE_ROLE_DELEGATE);
  const std::string secret = IssueServiceToken("portal");
  const auto as_owner = [&] {
    auto context = As(secret);
    context->AddMetadata("latchkey-on-behalf-of", "workspaces/acme/members/owner");
    return context;
  };
  v1::SubscribeRequest request;
  request.mutable_filter()->set_workspace("workspaces/acme");
  std::vector<std::unique_ptr<OpenStream>> open;
  for (int i = 0; i < 64; ++i) {
    open.push_back(std::make_unique<OpenStream>(*stub_, as_owner(), request));
    ASSERT_TRUE(open.back()->Read()) << i;
  }
  OpenStream refused(*stub_, as_owner(), request);
  EXPECT_FALSE(refused.Read());
  EXPECT_EQ(refused.Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(Open(v1::SubscribeRequest()).Read());

  open.clear();
  // Its places are free again as soon as the server knows.
  bool reads = false;
  for (int tries = 0; tries < 500 && !reads; ++tries) {
    OpenStream again(*stub_, as_owner(), request);
    reads = again.Read();
  }
  EXPECT_TRUE(reads);
}

TEST_F(SubscribeTermsTest, ARequestOverAMebibyteIsRefused) {
  v1::SubscribeRequest large;
  large.GetReflection()->MutableUnknownFields(&large)->AddLengthDelimited(
      99, std::string(std::size_t{1} << 20, 'x'));
  OpenStream refused = Open(large);
  EXPECT_FALSE(refused.Read());
  const grpc::Status status = refused.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ErrorInfoOf(status).reason(), "TOO_LARGE");
}

}  // namespace
}  // namespace latchkey::testing
