// Consumers: who may make and see them, what a plan takes, and where they are.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "server/authority/errors.h"
#include "server/base/executor.h"
#include "storage/engine/memory_engine.h"
#include "tests/server/test_authority.h"
#include "tests/testing/status_matchers.h"

namespace latchkey {
namespace {

using ::testing::IsEmpty;
using testing::IsOk;
using testing::StatusIs;
using testing::TestAuthority;

class ConsumerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    MakeWorkspace("acme", v1::PLAN_STANDARD);
    MakeWorkspace("other", v1::PLAN_FREE);
    v1::CreateMemberRequest member;
    member.set_parent("workspaces/acme");
    member.set_member_id("max");
    member.mutable_member()->set_role(v1::ROLE_MEMBER);
    ASSERT_THAT(Call(operator_, member).status(), IsOk());
  }
  void MakeWorkspace(const std::string& id, v1::Plan plan) {
    v1::CreateWorkspaceRequest request;
    request.set_workspace_id(id);
    request.mutable_workspace()->set_plan(plan);
    request.set_primary_owner_id("ann");
    ASSERT_THAT(Call(operator_, request).status(), IsOk());
  }
  static v1::CreateConsumerRequest New(const std::string& id, const std::string& workspace) {
    v1::CreateConsumerRequest request;
    request.set_consumer_id(id);
    request.mutable_consumer()->mutable_filter()->set_workspace(
        workspace.empty() ? "" : absl::StrCat("workspaces/", workspace));
    return request;
  }
  v1::Consumer Make(const std::string& id, const std::string& workspace) {
    const auto made = Call(workspace.empty() ? operator_ : Ann(workspace), New(id, workspace));
    EXPECT_THAT(made.status(), IsOk());
    return made.ok() ? made->consumer() : v1::Consumer();
  }
  absl::StatusOr<v1::Consumer> Get(const Caller& caller, const std::string& id) {
    v1::GetConsumerRequest request;
    request.set_name(absl::StrCat("consumers/", id));
    const auto response = authority_->Read(caller, request);
    if (!response.ok()) return response.status();
    return response->consumer();
  }
  absl::StatusOr<std::uint64_t> Acknowledge(const Caller& caller, const std::string& id,
                                            std::uint64_t revision) {
    v1::AcknowledgeRequest request;
    request.set_name(absl::StrCat("consumers/", id));
    request.set_revision(revision);
    const auto response = Call(caller, request);
    if (!response.ok()) return response.status();
    return response->acknowledged_revision();
  }
  absl::Status Delete(const Caller& caller, const std::string& id) {
    v1::DeleteConsumerRequest request;
    request.set_name(absl::StrCat("consumers/", id));
    return Call(caller, request).status();
  }
  std::vector<std::string> List(const Caller& caller, const std::string& workspace) {
    v1::ListConsumersRequest request;
    request.set_workspace(workspace);
    request.set_page_size(2);
    std::vector<std::string> names;
    do {
      const auto page = authority_->Read(caller, request);
      EXPECT_THAT(page.status(), IsOk());
      if (!page.ok()) break;
      for (const auto& consumer : page->consumers()) names.push_back(consumer.name());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return names;
  }
  v1::Event LastEvent() {
    v1::GetEventRequest request;
    request.set_sequence(authority_->events().newest());
    return authority_->Read(operator_, request)->event();
  }
  static Caller Ann(const std::string& workspace) {
    return TestAuthority::Member(absl::StrCat("workspaces/", workspace, "/members/ann"));
  }
  template <typename Request>
  absl::StatusOr<ResponseOf<Request>> Call(const Caller& caller, const Request& request) {
    return authority_.Call(caller, request);
  }

  engine::MemoryEngine engine_;
  ManualExecutor executor_;
  TestAuthority authority_{engine_, executor_, &executor_};
  const Caller operator_ = TestAuthority::Operator();
  const Caller ann_ = Ann("acme");
  const Caller max_ = TestAuthority::Member("workspaces/acme/members/max");
};

TEST_F(ConsumerTest, WhoIsAuditedHasNothingToDoWithAnAuditorsConsumer) {
  ASSERT_THAT(Call(operator_, New("siem", "acme")).status(), IsOk());
  const std::uint64_t newest = authority_->events().newest();

  EXPECT_THAT(Acknowledge(ann_, "siem", newest), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Delete(ann_, "siem"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Get(ann_, "siem"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(List(ann_, "workspaces/acme"), IsEmpty());
  EXPECT_EQ(Get(operator_, "siem")->acknowledged_revision(), 0u);
}

TEST_F(ConsumerTest, AMembersConsumerHoldsNothingAndIsOfOneWorkspace) {
  v1::CreateConsumerRequest holding = New("siem", "acme");
  holding.mutable_consumer()->set_holds_retention(true);
  const absl::Status refused = Call(ann_, holding).status();
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_NE(refused.message().find("consumer.holds_retention"), std::string::npos) << refused;
  EXPECT_THAT(Call(operator_, holding).status(), IsOk());
}

TEST_F(ConsumerTest, AnOwnerMakesOneAndItsEventShowsIt) {
  v1::CreateConsumerRequest request = New("siem", "acme");
  request.mutable_consumer()->mutable_filter()->add_actions(v1::ACTION_TOKEN_ISSUE);
  request.set_from_now(true);
  const std::uint64_t before = authority_->events().newest();

  const auto made = Call(ann_, request);

  ASSERT_THAT(made.status(), IsOk());
  EXPECT_EQ(made->revision(), before + 1);
  EXPECT_EQ(made->consumer().name(), "consumers/siem");
  EXPECT_EQ(made->consumer().acknowledged_revision(), before);
  EXPECT_EQ(made->consumer().creator(), "workspaces/acme/members/ann");
  const v1::Event event = LastEvent();
  EXPECT_EQ(event.action(), v1::ACTION_CONSUMER_CREATE);
  EXPECT_EQ(event.decision().rule(), "audit.read");
  EXPECT_EQ(event.workspace(), "workspaces/acme");
  EXPECT_EQ(event.resource(), "consumers/siem");
  EXPECT_EQ(event.after().consumer().DebugString(), made->consumer().DebugString());
  const auto read = Get(ann_, "siem");
  ASSERT_THAT(read.status(), IsOk());
  EXPECT_EQ(read->lag(), 1u);
  EXPECT_FALSE(read->connected());
  EXPECT_EQ(read->filter().actions(0), v1::ACTION_TOKEN_ISSUE);
}

TEST_F(ConsumerTest, WhoMayNotReadTheEventsMayNotMakeOne) {
  EXPECT_THAT(Call(max_, New("x", "acme")), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(Call(Ann("other"), New("x", "acme")), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Call(ann_, New("x", "")), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Call(operator_, New("x", "nowhere")), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(List(operator_, ""), ::testing::IsEmpty());
}

TEST_F(ConsumerTest, AnIdIsTakenOnceAndARepeatedCallGetsItsAnswerAgain) {
  v1::CreateConsumerRequest request = New("siem", "acme");
  request.set_request_id("01234567-89ab-4def-8123-456789abcdef");
  const auto made = Call(ann_, request);
  ASSERT_THAT(made.status(), IsOk());

  EXPECT_EQ(Call(ann_, request)->revision(), made->revision());
  EXPECT_THAT(Call(ann_, New("siem", "acme")), StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(ConsumerTest, AcknowledgingOnlyGoesForwardToTheLogsEndAndLeavesNoEvent) {
  Make("siem", "acme");
  const std::uint64_t newest = authority_->events().newest();

  EXPECT_EQ(*Acknowledge(ann_, "siem", 3), 3u);
  EXPECT_EQ(*Acknowledge(ann_, "siem", 2), 3u);
  EXPECT_EQ(*Acknowledge(ann_, "siem", newest), newest);
  EXPECT_THAT(Acknowledge(ann_, "siem", newest + 1), StatusIs(absl::StatusCode::kOutOfRange));

  EXPECT_EQ(Get(ann_, "siem")->acknowledged_revision(), newest);
  EXPECT_EQ(Get(ann_, "siem")->lag(), 0u);
  EXPECT_EQ(authority_->events().newest(), newest);
}

TEST_F(ConsumerTest, ItIsKnownToTheMinuteWhenOneWasActive) {
  Make("siem", "acme");
  EXPECT_FALSE(Get(ann_, "siem")->has_active_time());
  const absl::Time minute = authority_.clock().Now();

  authority_.clock().Advance(absl::Seconds(59));
  ASSERT_THAT(Acknowledge(ann_, "siem", 1).status(), IsOk());
  EXPECT_EQ(Get(ann_, "siem")->active_time().seconds(), absl::ToUnixSeconds(minute));

  authority_.clock().Advance(absl::Seconds(1));
  ASSERT_THAT(Acknowledge(ann_, "siem", 1).status(), IsOk());
  EXPECT_EQ(Get(ann_, "siem")->active_time().seconds(), absl::ToUnixSeconds(minute) + 60);
}

TEST_F(ConsumerTest, NoneWasActiveBeforeItWasThere) {
  authority_.clock().Advance(absl::Seconds(20));
  Make("siem", "acme");
  authority_.clock().Advance(absl::Seconds(5));

  ASSERT_THAT(Acknowledge(ann_, "siem", 1).status(), IsOk());

  EXPECT_EQ(Get(ann_, "siem")->active_time().DebugString(),
            Get(ann_, "siem")->create_time().DebugString());
}

TEST_F(ConsumerTest, APositionOutlivesTheServer) {
  Make("siem", "acme");
  ASSERT_THAT(Acknowledge(ann_, "siem", 2).status(), IsOk());

  TestAuthority again(engine_, executor_, &executor_);
  v1::GetConsumerRequest request;
  request.set_name("consumers/siem");

  EXPECT_EQ(again->Read(operator_, request)->consumer().acknowledged_revision(), 2u);
}

TEST_F(ConsumerTest, OneThatTheCallerMayNotReadIsAsIfItWereNone) {
  Make("theirs", "other");
  Make("everything", "");
  for (const Caller& caller : {ann_, max_}) {
    for (const char* id : {"theirs", "everything", "none"}) {
      const absl::Status read = Get(caller, id).status();
      const absl::Status acknowledged = Acknowledge(caller, id, 1).status();
      const absl::Status deleted = Delete(caller, id);
      EXPECT_THAT(read, StatusIs(absl::StatusCode::kNotFound)) << id;
      EXPECT_EQ(read.message(),
                absl::StrCat("consumers/", id, " does not exist, or you may not read it"));
      EXPECT_EQ(acknowledged, read) << id;
      EXPECT_EQ(deleted, read) << id;
    }
  }
  EXPECT_THAT(Get(Caller(), "theirs"), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_EQ(List(operator_, ""),
            (std::vector<std::string>{"consumers/everything", "consumers/theirs"}));
}

TEST_F(ConsumerTest, AWorkspacesListHoldsThoseThatNameIt) {
  for (const char* id : {"a", "b", "c"}) Make(id, "acme");
  Make("theirs", "other");

  EXPECT_EQ(List(ann_, "workspaces/acme"),
            (std::vector<std::string>{"consumers/a", "consumers/b", "consumers/c"}));
  EXPECT_EQ(List(operator_, "").size(), 4u);
  v1::ListConsumersRequest request;
  EXPECT_THAT(authority_->Read(ann_, request), StatusIs(absl::StatusCode::kInvalidArgument));
  request.set_workspace("workspaces/other");
  EXPECT_THAT(authority_->Read(ann_, request), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ConsumerTest, DeletingOneLeavesAnEventWithWhereItWas) {
  Make("siem", "acme");
  ASSERT_THAT(Acknowledge(ann_, "siem", 3).status(), IsOk());

  ASSERT_THAT(Delete(ann_, "siem"), IsOk());

  const v1::Event event = LastEvent();
  EXPECT_EQ(event.action(), v1::ACTION_CONSUMER_DELETE);
  EXPECT_EQ(event.resource(), "consumers/siem");
  EXPECT_EQ(event.workspace(), "workspaces/acme");
  EXPECT_EQ(event.before().consumer().acknowledged_revision(), 3u);
  EXPECT_FALSE(event.has_after());
  EXPECT_THAT(Get(ann_, "siem"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(List(ann_, "workspaces/acme"), ::testing::IsEmpty());
  // Nothing of the one before is in the next of the same id.
  EXPECT_EQ(Make("siem", "acme").acknowledged_revision(), 0u);
  EXPECT_EQ(Get(ann_, "siem")->acknowledged_revision(), 0u);
}

TEST_F(ConsumerTest, AWorkspaceHasAsManyAsItsPlanTakes) {
  Make("everything", "");
  Make("one", "other");

  const absl::Status refused = Call(Ann("other"), New("two", "other")).status();

  ASSERT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition));
  const auto info = GetDetail<google::rpc::ErrorInfo>(refused);
  EXPECT_EQ(info.reason(), "PLAN_LIMIT");
  EXPECT_EQ(info.metadata().at("what"), "max_consumers");
  EXPECT_EQ(info.metadata().at("plan"), "FREE");
  EXPECT_EQ(info.metadata().at("limit"), "1");
  EXPECT_EQ(info.metadata().at("count"), "1");
  for (const char* id : {"a", "b", "c", "d", "e"}) Make(id, "acme");
  EXPECT_THAT(Call(ann_, New("f", "acme")), StatusIs(absl::StatusCode::kFailedPrecondition));
  ASSERT_THAT(Delete(ann_, "c"), IsOk());
  EXPECT_THAT(Call(ann_, New("f", "acme")).status(), IsOk());
}

TEST_F(ConsumerTest, TheStartLiesInTheLog) {
  v1::CreateConsumerRequest request = New("siem", "acme");
  request.mutable_consumer()->set_acknowledged_revision(authority_->events().newest() + 1);
  EXPECT_THAT(Call(ann_, request), StatusIs(absl::StatusCode::kOutOfRange));

  request.mutable_consumer()->set_acknowledged_revision(2);
  EXPECT_EQ(Call(ann_, request)->consumer().acknowledged_revision(), 2u);
}

TEST_F(ConsumerTest, OneThatHoldsEventsSaysHowMany) {
  v1::CreateConsumerRequest request = New("siem", "acme");
  request.mutable_consumer()->set_holds_retention(true);
  EXPECT_EQ(Call(operator_, request)->consumer().max_held_bytes(), std::uint64_t{1} << 30);
}

}  // namespace
}  // namespace latchkey
