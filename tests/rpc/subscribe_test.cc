#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "latchkey/v1/audit_service.grpc.pb.h"
#include "latchkey/v1/directory_service.grpc.pb.h"
#include "latchkey/v1/token_service.grpc.pb.h"
#include "tests/rpc/server_fixture.h"

namespace latchkey::testing {
namespace {

// One open stream and what it gave.
struct Stream {
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientReader<v1::SubscribeResponse>> reader;
  std::vector<v1::Event> events;
  std::uint64_t complete_through = 0;
  int heartbeats = 0;

  // Takes one response; false at the stream's end.
  bool Read() {
    v1::SubscribeResponse response;
    if (!reader->Read(&response)) return false;
    EXPECT_GE(response.complete_through(), complete_through);
    EXPECT_GE(response.newest(), response.complete_through());
    for (const auto& event : response.events()) {
      EXPECT_GT(event.sequence(), complete_through);
      EXPECT_LE(event.sequence(), response.complete_through());
      events.push_back(event);
    }
    if (response.events().empty()) ++heartbeats;
    complete_through = response.complete_through();
    return true;
  }

  // Reads until everything up to `revision` is there.
  bool ReadThrough(std::uint64_t revision) {
    while (complete_through < revision) {
      if (!Read()) return false;
    }
    return true;
  }

  grpc::Status Cancel() {
    context->TryCancel();
    return Finish();
  }

  grpc::Status Finish() {
    v1::SubscribeResponse response;
    while (reader->Read(&response)) {
    }
    return reader->Finish();
  }
};

class SubscribeTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    stub_ = NewStub<v1::AuditService>();
  }

  Stream Open(const v1::SubscribeRequest& request, const std::string& secret = "") const {
    Stream stream;
    stream.context = As(secret.empty() ? authority_.operator_secret() : secret);
    stream.reader = stub_->Subscribe(stream.context.get(), request);
    return stream;
  }

  Stream OpenAfter(std::uint64_t revision) const {
    v1::SubscribeRequest request;
    request.set_after_revision(revision);
    return Open(request);
  }

  std::unique_ptr<v1::AuditService::Stub> stub_;
};

TEST_F(SubscribeTest, EveryEventComesOnceInOrderFromTheBeginningAndGoesOn) {
  MakeWorkspace("one");
  Stream stream = OpenAfter(0);
  ASSERT_TRUE(stream.ReadThrough(authority_->events().newest()));

  std::uint64_t last = 0;
  for (int i = 0; i < 20; ++i) last = MakeWorkspace(absl::StrCat("w", i));
  ASSERT_TRUE(stream.ReadThrough(last));

  ASSERT_EQ(stream.events.size(), last);
  for (std::size_t i = 0; i < stream.events.size(); ++i) {
    EXPECT_EQ(stream.events[i].sequence(), i + 1);
  }
  EXPECT_EQ(stream.Cancel().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(SubscribeTest, AResumedStreamBeginsAfterItsRevisionAtEveryRevision) {
  std::uint64_t last = 0;
  for (int i = 0; i < 4; ++i) last = MakeWorkspace(absl::StrCat("w", i));

  for (std::uint64_t after = 0; after <= last; ++after) {
    Stream stream = OpenAfter(after);
    ASSERT_TRUE(after == last ? stream.Read() : stream.ReadThrough(last)) << after;
    EXPECT_EQ(stream.events.size(), last - after) << after;
    if (after < last) {
      EXPECT_EQ(stream.events.front().sequence(), after + 1);
    }
    EXPECT_EQ(stream.complete_through, last);
    stream.Cancel();
  }
}

TEST_F(SubscribeTest, FromNowBeginsAtTheEndAndSaysWhereThatIs) {
  const std::uint64_t before = MakeWorkspace("before");
  v1::SubscribeRequest request;
  request.set_from_now(true);
  Stream stream = Open(request);
  ASSERT_TRUE(stream.Read());
  EXPECT_EQ(stream.complete_through, before);
  EXPECT_TRUE(stream.events.empty());

  const std::uint64_t last = MakeWorkspace("after");
  ASSERT_TRUE(stream.ReadThrough(last));

  ASSERT_FALSE(stream.events.empty());
  EXPECT_EQ(stream.events.front().sequence(), before + 1);
}

TEST_F(SubscribeTest, AFilterSelectsAndTheRestIsPassedOver) {
  MakeWorkspace("acme");
  const std::uint64_t last = MakeWorkspace("other");
  v1::SubscribeRequest request;
  request.mutable_filter()->set_workspace("workspaces/other");
  request.mutable_filter()->add_actions(v1::ACTION_WORKSPACE_CREATE);
  Stream stream = Open(request);

  ASSERT_TRUE(stream.ReadThrough(last));

  ASSERT_EQ(stream.events.size(), 1u);
  EXPECT_EQ(stream.events[0].workspace(), "workspaces/other");
}

TEST_F(SubscribeTest, AQuietStreamGetsHeartbeatsThatSayWhatItMissedNothingOf) {
  v1::SubscribeRequest request;
  request.mutable_filter()->set_workspace("workspaces/quiet");
  request.mutable_heartbeat_interval()->set_seconds(1);
  Stream stream = Open(request);
  ASSERT_TRUE(stream.Read());
  const std::uint64_t last = MakeWorkspace("loud");

  while (stream.complete_through < last) ASSERT_TRUE(stream.Read());

  EXPECT_TRUE(stream.events.empty());
  EXPECT_GE(stream.heartbeats, 2);
}

TEST_F(SubscribeTest, APositionThatTheLogDoesNotHaveIsOutOfRange) {
  const std::uint64_t last = MakeWorkspace("acme");

  const grpc::Status status = OpenAfter(last + 1).Finish();

  EXPECT_EQ(status.error_code(), grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(ErrorInfoOf(status).metadata().at("newest"), absl::StrCat(last));
}

TEST_F(SubscribeTest, ABadFormIsInvalid) {
  v1::SubscribeRequest both;
  both.set_from_now(true);
  both.set_after_revision(1);
  v1::SubscribeRequest fast;
  fast.mutable_heartbeat_interval()->set_nanos(999'999'999);
  v1::SubscribeRequest slow;
  slow.mutable_heartbeat_interval()->set_seconds(61);
  v1::SubscribeRequest action;
  action.mutable_filter()->add_actions(static_cast<v1::Action>(9999));
  v1::SubscribeRequest workspace;
  workspace.mutable_filter()->set_workspace("Not A Name");

  for (const auto& request : {both, fast, slow, action, workspace}) {
    const grpc::Status status = Open(request).Finish();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << request.DebugString();
    EXPECT_TRUE(HasDetail<google::rpc::BadRequest>(status));
  }
}

TEST_F(SubscribeTest, WhoMayNotReadTheLogIsRefused) {
  MakeService("gateway", v1::SERVICE_ROLE_VERIFIER);

  const grpc::Status denied = Open({}, IssueServiceToken("gateway")).Finish();
  const grpc::Status unknown = Open({}, "nonsense").Finish();

  EXPECT_EQ(denied.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(unknown.error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(SubscribeTest, AStreamEndsAtTheNextHeartbeatAfterItsCredentialDoes) {
  MakeService("auditor", v1::SERVICE_ROLE_AUDITOR);
  const std::string secret = IssueServiceToken("auditor");
  v1::SubscribeRequest request;
  request.mutable_heartbeat_interval()->set_seconds(1);
  Stream stream = Open(request, secret);
  ASSERT_TRUE(stream.Read());

  v1::RevokeTokenRequest revoke;
  v1::RevokeTokenResponse revoked;
  revoke.set_secret(secret);
  ASSERT_TRUE(NewStub<v1::TokenService>()->RevokeToken(AsNobody().get(), revoke, &revoked).ok());

  EXPECT_EQ(stream.Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(SubscribeTest, ASlowReaderHoldsUpNobodyAndLosesNothing) {
  const std::uint64_t first = MakeWorkspace("first");
  Stream slow = OpenAfter(first);
  Stream quick = OpenAfter(first);
  // More than the transport keeps for a reader that does not read.
  constexpr int kMany = 1500;
  const auto directory = NewStub<v1::DirectoryService>();
  std::uint64_t last = 0;
  for (int i = 0; i < kMany; ++i) {
    v1::UpdateWorkspaceRequest request;
    v1::UpdateWorkspaceResponse response;
    request.mutable_workspace()->set_name("workspaces/first");
    request.mutable_workspace()->set_display_name(
        std::string(250, static_cast<char>('a' + i % 26)));
    request.mutable_update_mask()->add_paths("display_name");
    const grpc::Status status = directory->UpdateWorkspace(AsOperator().get(), request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    last = response.revision();
  }

  ASSERT_TRUE(quick.ReadThrough(last));
  ASSERT_TRUE(slow.ReadThrough(last));

  EXPECT_EQ(quick.events.size(), last - first);
  EXPECT_EQ(slow.events.size(), last - first);
}

TEST_F(SubscribeTest, NothingIsLostOrRepeatedWhileManyCommit) {
  constexpr int kWriters = 4;
  constexpr int kEach = 100;
  constexpr int kReaders = 3;
  std::vector<std::thread> writers;
  writers.reserve(kWriters);
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([this, w] {
      for (int i = 0; i < kEach; ++i) MakeWorkspace(absl::StrCat("w", w, "-", i));
    });
  }
  std::vector<std::thread> readers;
  readers.reserve(kReaders);
  for (int r = 0; r < kReaders; ++r) {
    readers.emplace_back([this] {
      Stream stream = OpenAfter(0);
      ASSERT_TRUE(stream.ReadThrough(std::uint64_t{kWriters} * kEach));
      for (std::size_t i = 0; i < stream.events.size(); ++i) {
        ASSERT_EQ(stream.events[i].sequence(), i + 1);
      }
    });
  }
  for (std::thread& thread : writers) thread.join();
  for (std::thread& thread : readers) thread.join();
}

TEST_F(SubscribeTest, ACancelledStreamIsForgotten) {
  Stream stream = OpenAfter(0);
  ASSERT_TRUE(stream.Read());
  EXPECT_EQ(authority_->events().readers(), 1u);

  stream.Cancel();

  while (authority_->events().readers() != 0) std::this_thread::yield();
}

TEST(SubscriberLimitTest, OneStreamTooManyIsRefused) {
  // In a fixture of its own: the limit is a setting of the server.
  class Limited : public SubscribeTest {
   public:
    void TestBody() override {}
    void Run() {
      rpc::Server::Settings settings;
      settings.max_subscribers = 1;
      StartServer(settings);
      stub_ = NewStub<v1::AuditService>();
      Stream first = OpenAfter(0);
      ASSERT_TRUE(first.Read());
      const grpc::Status second = OpenAfter(0).Finish();
      EXPECT_EQ(second.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
      EXPECT_EQ(ErrorInfoOf(second).reason(), "OVERLOADED");
      first.Cancel();
      TearDown();
    }
  };
  Limited().Run();
}

}  // namespace
}  // namespace latchkey::testing
