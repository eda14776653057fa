// Which events a filter selects, who may ask for them, and what is no filter.
#include "server/authority/audit_filter.h"

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "server/authority/subscription.h"
#include "tests/server/organization_fixture.h"

namespace latchkey {
namespace {

using ::testing::ElementsAre;
using testing::OrganizationTest;
using testing::StatusIs;

constexpr char kCorp[] = "organizations/corp";

class AuditFilterTest : public OrganizationTest {
 protected:
  absl::StatusOr<std::vector<v1::Event>> List(const Caller& caller, const v1::EventFilter& filter) {
    v1::ListEventsRequest request;
    *request.mutable_filter() = filter;
    const auto listed = authority_->Read(caller, request);
    if (!listed.ok()) return listed.status();
    return std::vector<v1::Event>(listed->events().begin(), listed->events().end());
  }
  // The events of the whole log that a predicate selects.
  std::vector<std::uint64_t> Expected(const std::function<bool(const v1::Event&)>& selects) {
    std::vector<std::uint64_t> expected;
    const std::vector<v1::Event> all = List(operator_, {}).value();
    for (const v1::Event& event : all) {
      if (selects(event)) expected.push_back(event.sequence());
    }
    return expected;
  }
  std::vector<std::uint64_t> Sequences(const Caller& caller, const v1::EventFilter& filter) {
    std::vector<std::uint64_t> sequences;
    const auto events = List(caller, filter);
    EXPECT_TRUE(events.ok()) << events.status();
    if (!events.ok()) return sequences;
    for (const v1::Event& event : *events) sequences.push_back(event.sequence());
    return sequences;
  }
  static v1::EventFilter OfOrganization(const std::string& name) {
    v1::EventFilter filter;
    filter.set_organization(name);
    return filter;
  }
  absl::StatusCode CodeFor(const Caller& caller, const v1::EventFilter& filter) {
    return List(caller, filter).status().code();
  }
};

TEST_F(AuditFilterTest, AnOrganizationsEventsAreItsOwnAndThoseOfItsWorkspacesWhileTheyBelong) {
  ASSERT_TRUE(Move("beta", "").ok());
  const std::uint64_t left = authority_->events().newest();
  ASSERT_TRUE(Set(operator_, "beta", "app_approval_required", true).ok());

  const auto expected = Expected([](const v1::Event& e) { return e.organization() == kCorp; });
  EXPECT_EQ(Sequences(owner_, OfOrganization(kCorp)), expected);
  EXPECT_EQ(expected.back(), left);
  bool own = false;
  bool of_workspace = false;
  for (const std::uint64_t sequence : expected) {
    own = own || EventAt(sequence).resource() == kCorp;
    of_workspace = of_workspace || EventAt(sequence).workspace() == "workspaces/beta";
  }
  EXPECT_TRUE(own && of_workspace);
}

TEST_F(AuditFilterTest, OnlyItsOwnersReadTheLogOfAnOrganization) {
  EXPECT_EQ(CodeFor(owner_, OfOrganization(kCorp)), absl::StatusCode::kOk);
  EXPECT_EQ(CodeFor(operator_, OfOrganization(kCorp)), absl::StatusCode::kOk);
  EXPECT_EQ(CodeFor(admin_, OfOrganization(kCorp)), absl::StatusCode::kPermissionDenied);
  // Who owns a workspace of it.
  EXPECT_EQ(CodeFor(Member("beta", "ann"), OfOrganization(kCorp)),
            absl::StatusCode::kPermissionDenied);
  // To others it is as if it did not exist.
  const absl::Status theirs = List(stranger_, OfOrganization(kCorp)).status();
  const absl::Status absent = List(stranger_, OfOrganization("organizations/none")).status();
  EXPECT_THAT(theirs, StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(absent, StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(CodeFor(Member("lone", "ann"), OfOrganization(kCorp)), absl::StatusCode::kNotFound);
}

TEST_F(AuditFilterTest, OnlyItsOwnersGetProofsByTheRightToAnOrganizationsLog) {
  const auto code = [&](const Caller& caller, const std::string& organization) {
    v1::GetCheckpointRequest checkpoint;
    checkpoint.set_organization(organization);
    v1::GetInclusionProofRequest inclusion;
    inclusion.set_organization(organization);
    inclusion.set_sequence(1);
    v1::GetConsistencyProofRequest consistency;
    consistency.set_organization(organization);
    consistency.set_first_tree_size(1);
    const absl::StatusCode first = authority_->Read(caller, checkpoint).status().code();
    EXPECT_EQ(authority_->Read(caller, inclusion).status().code(), first);
    EXPECT_EQ(authority_->Read(caller, consistency).status().code(), first);
    return first;
  };
  EXPECT_EQ(code(owner_, kCorp), absl::StatusCode::kOk);
  EXPECT_EQ(code(operator_, kCorp), absl::StatusCode::kOk);
  EXPECT_EQ(code(admin_, kCorp), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(code(stranger_, kCorp), absl::StatusCode::kNotFound);
  EXPECT_EQ(code(stranger_, "organizations/none"), absl::StatusCode::kNotFound);
  EXPECT_EQ(code(operator_, "corp"), absl::StatusCode::kInvalidArgument);
}

TEST_F(AuditFilterTest, AMemberWhoNamesNeitherIsToldWhatToName) {
  const absl::Status status = List(owner_, {}).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(GetDetail<google::rpc::BadRequest>(status).field_violations(0).field(),
            "filter.workspace");
}

TEST_F(AuditFilterTest, AnActorIsNamedAsEventsNameOne) {
  v1::EventFilter filter;
  for (const char* name : {"workspaces/acme/members/ann", "services/ci", "operator", "latchkey",
                           "bearer", "anonymous"}) {
    filter.set_actor(name);
    EXPECT_EQ(CodeFor(operator_, filter), absl::StatusCode::kOk) << name;
  }
  for (const char* name : {"ann", "acme/ann", "workspaces/ACME/members/ann", "nobody"}) {
    filter.set_actor(name);
    const absl::Status status = List(operator_, filter).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(GetDetail<google::rpc::BadRequest>(status).field_violations(0).field(),
              "filter.actor");
  }
}

TEST_F(AuditFilterTest, AnOwnerOfTheOrganizationGetsEachOfItsEvents) {
  ASSERT_TRUE(Move("beta", "").ok());
  for (const std::uint64_t sequence : Sequences(owner_, OfOrganization(kCorp))) {
    v1::GetEventRequest get;
    get.set_sequence(sequence);
    EXPECT_TRUE(authority_->Read(owner_, get).ok()) << EventAt(sequence).ShortDebugString();
    EXPECT_FALSE(authority_->Read(stranger_, get).ok());
  }
}

TEST_F(AuditFilterTest, ATokensEventsAreThoseAboutItAndThoseOfItsCalls) {
  v1::IssueTokenRequest issue;
  issue.set_parent("workspaces/acme");
  issue.set_kind(v1::TOKEN_KIND_TEST);
  const auto issued = Call(owner_, issue);
  ASSERT_TRUE(issued.ok()) << issued.status();
  const std::string& secret = issued->issued_token().secret();
  const auto caller = authority_->Authenticate(secret, "", "ipv4:10.0.0.1:1");
  ASSERT_TRUE(caller.ok()) << caller.status();
  const std::string token = issued->issued_token().token().name();
  ASSERT_TRUE(Set(*caller, "acme", "app_approval_required", true).ok());
  const std::uint64_t by_it = authority_->events().newest();
  ASSERT_TRUE(Set(operator_, "acme", "app_approval_required", false).ok());

  v1::EventFilter filter;
  filter.set_workspace("workspaces/acme");
  filter.set_token(token);
  EXPECT_THAT(Sequences(owner_, filter), ElementsAre(issued->revision(), by_it));
}

TEST_F(AuditFilterTest, PrefixesAndActionsAddUpAndOutcomesNarrow) {
  MakeApp("acme", "tool", v1::APP_KIND_INTERNAL);
  EXPECT_FALSE(Set(Member("acme", "max"), "acme", "app_approval_required", true).ok());
  v1::EventFilter filter;
  filter.add_action_prefixes("app.");
  filter.add_actions(v1::ACTION_WORKSPACE_UPDATE);
  EXPECT_EQ(Sequences(operator_, filter), Expected([](const v1::Event& e) {
              return e.action() == v1::ACTION_APP_CREATE ||
                     e.action() == v1::ACTION_WORKSPACE_UPDATE;
            }));
  filter.add_outcomes(v1::OUTCOME_DENIED);
  EXPECT_THAT(Sequences(operator_, filter), ElementsAre(authority_->events().newest()));
}

// The fields that a filter's violations name.
std::vector<std::string> ViolationsOf(const v1::EventFilter& filter) {
  Validator validator;
  CheckFilter(filter, validator);
  std::vector<std::string> fields;
  const auto details = GetDetail<google::rpc::BadRequest>(validator.status());
  for (const auto& violation : details.field_violations()) fields.push_back(violation.field());
  return fields;
}

TEST(AuditFilterFormTest, EachFieldSaysWhatItTakes) {
  v1::EventFilter filter;
  filter.set_workspace("acme");
  filter.set_organization("corp");
  filter.set_token("acme/t");
  filter.add_action_prefixes("token.");
  filter.add_action_prefixes("nosuch.");
  filter.add_action_prefixes("Token.");
  filter.add_action_prefixes(std::string(65, 'a'));
  filter.add_action_prefixes("");
  filter.add_outcomes(static_cast<v1::Outcome>(9));
  EXPECT_THAT(
      ViolationsOf(filter),
      ElementsAre("filter.workspace", "filter.organization", "filter.token",
                  "filter.action_prefixes[1]", "filter.action_prefixes[2]",
                  "filter.action_prefixes[3]", "filter.action_prefixes[4]", "filter.outcomes"));
}

TEST(AuditFilterFormTest, ListsHaveBounds) {
  v1::EventFilter filter;
  for (int i = 0; i < 65; ++i) filter.add_action_prefixes("token.");
  for (int i = 0; i < 4; ++i) filter.add_outcomes(v1::OUTCOME_DENIED);
  EXPECT_THAT(ViolationsOf(filter), ElementsAre("filter.action_prefixes", "filter.outcomes"));
}

class SubscriptionTest : public OrganizationTest {
 protected:
  static std::vector<std::string> Fields(const v1::SubscribeRequest& request) {
    std::vector<std::string> fields;
    const auto details = GetDetail<google::rpc::BadRequest>(ReadTerms(request).status());
    for (const auto& violation : details.field_violations()) fields.push_back(violation.field());
    return fields;
  }
  absl::StatusOr<std::uint64_t> Start(const v1::SubscribeRequest& request) {
    return StartOf(request, authority_->events());
  }
};

TEST_F(SubscriptionTest, ThereAreDefaultsAndBounds) {
  const auto terms = ReadTerms({});
  ASSERT_TRUE(terms.ok());
  EXPECT_EQ(terms->heartbeat_interval, absl::Seconds(10));
  EXPECT_EQ(terms->max_delay, absl::Milliseconds(2));
  EXPECT_EQ(terms->limits.max_bytes, 256u << 10);
  EXPECT_TRUE(terms->selector.all());

  v1::SubscribeRequest request;
  request.mutable_max_delay();
  request.set_max_bytes(1024);
  ASSERT_TRUE(ReadTerms(request).ok());
  EXPECT_EQ(ReadTerms(request)->max_delay, absl::ZeroDuration());
  request.mutable_max_delay()->set_seconds(1);
  request.set_max_bytes(1 << 20);
  ASSERT_TRUE(ReadTerms(request).ok());
  request.mutable_max_delay()->set_nanos(1);
  request.set_max_bytes((1 << 20) + 1);
  EXPECT_THAT(Fields(request), ElementsAre("max_delay", "max_bytes"));
  request.mutable_max_delay()->set_seconds(-1);
  request.mutable_max_delay()->set_nanos(0);
  request.set_max_bytes(1023);
  EXPECT_THAT(Fields(request), ElementsAre("max_delay", "max_bytes"));
}

TEST_F(SubscriptionTest, AStreamTakesOneStart) {
  v1::SubscribeRequest both;
  both.set_from_now(true);
  both.mutable_start_time()->set_seconds(1);
  EXPECT_THAT(Fields(both), ElementsAre("from_now"));
  v1::SubscribeRequest revision;
  revision.set_after_revision(1);
  revision.set_consumer("consumers/siem");
  EXPECT_THAT(Fields(revision), ElementsAre("after_revision"));
  v1::SubscribeRequest late;
  late.mutable_start_time()->set_seconds(253'402'300'800);
  EXPECT_THAT(Fields(late), ElementsAre("start_time"));
  v1::SubscribeRequest odd;
  odd.mutable_start_time()->set_nanos(-1);
  EXPECT_THAT(Fields(odd), ElementsAre("start_time"));
}

TEST_F(SubscriptionTest, AStreamBeginsAtTheFirstEventOfATime) {
  const std::uint64_t before = authority_->events().newest();
  authority_.clock().Advance(absl::Minutes(1));
  v1::SubscribeRequest request;
  *request.mutable_start_time() = ToProto(authority_.clock().Now());
  EXPECT_EQ(Start(request).value(), before);  // still to come: the log's end
  ASSERT_TRUE(Set(operator_, "acme", "app_approval_required", true).ok());
  authority_.clock().Advance(absl::Minutes(1));
  ASSERT_TRUE(Set(operator_, "acme", "app_approval_required", false).ok());
  EXPECT_EQ(Start(request).value(), before);
  *request.mutable_start_time() = ToProto(authority_.clock().Now());
  EXPECT_EQ(Start(request).value(), authority_->events().newest() - 1);
  request.mutable_start_time()->set_seconds(0);
  EXPECT_EQ(Start(request).value(), 0u);
}

TEST_F(SubscriptionTest, AStartBeforeWhatIsRetainedIsOutOfRange) {
  authority_.clock().Advance(absl::Minutes(1));
  ASSERT_TRUE(Set(operator_, "acme", "app_approval_required", true).ok());
  const std::uint64_t newest = authority_->events().newest();
  engine::WriteBatch batch;
  for (std::uint64_t gone = 1; gone + 1 < newest; ++gone) {
    batch.Delete(storage::EventKey(gone).bytes);
  }
  storage::v1::RetentionRecord retention;
  retention.set_oldest_sequence(newest - 1);
  const std::string key = storage::RetentionKey().bytes;
  batch.Put(key, storage::EncodeRecord(key, retention));
  ASSERT_TRUE(engine_.Commit(batch).ok());
  authority_->events().set_oldest(newest - 1);

  EXPECT_TRUE(authority_->CheckStart(newest - 2, {}).ok());
  v1::SubscribeRequest old;
  old.mutable_start_time()->set_seconds(0);
  const absl::Status early = authority_->CheckStart(newest - 3, {});
  for (const auto& status : {early, authority_->CheckStart(newest + 1, {}), Start(old).status()}) {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kOutOfRange));
    EXPECT_EQ(InfoOf(status).metadata().at("oldest"), std::to_string(newest - 1));
    EXPECT_EQ(InfoOf(status).metadata().at("newest"), std::to_string(newest));
  }
  // What was removed can be proven against a checkpoint that covers it.
  EXPECT_EQ(InfoOf(early).metadata().at("checkpoint"), *authority_->CheckpointAt(newest - 2));
  v1::SubscribeRequest since;
  *since.mutable_start_time() = ToProto(authority_.clock().Now());
  EXPECT_EQ(Start(since).value(), newest - 1);
}

}  // namespace
}  // namespace latchkey
