// How many bytes of its newest events the readers of a workspace get.
#include "server/authority/log_sizes.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "server/authority/actions.h"
#include "server/authority/errors.h"
#include "server/authority/names.h"
#include "server/base/executor.h"
#include "server/policy/plan_limits.h"
#include "storage/engine/memory_engine.h"
#include "storage/engine/rocksdb_engine.h"
#include "storage/merkle/checkpoint.h"
#include "storage/merkle/proof.h"
#include "storage/transaction.h"
#include "tests/server/test_authority.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace latchkey {
namespace {

using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusIs;
using testing::TestAuthority;

constexpr std::size_t kLarge = 150'000;  // of an event

enum class EngineKind { kMemory, kRocksdb };

class LogSizesTest : public ::testing::TestWithParam<EngineKind> {
 protected:
  void SetUp() override {
    OpenEngine();
    Start();
  }

  void OpenEngine() {
    if (GetParam() == EngineKind::kMemory) {
      if (engine_ == nullptr) engine_ = std::make_unique<engine::MemoryEngine>();
      return;
    }
    engine_.reset();
    auto opened = engine::RocksdbEngine::Open({folder_.Child("store"), logger_});
    ASSERT_THAT(opened, IsOk());
    engine_ = *std::move(opened);
  }
  void Start() {
    authority_ = std::make_unique<TestAuthority>(*engine_, *executor_, executor_.get());
    authority_->clock().Set(now_);
  }
  // Forgets all that is in memory only, with what was about to be written.
  void Crash() {
    authority_.reset();
    executor_ = std::make_unique<ManualExecutor>();
    OpenEngine();
    Start();
  }
  void Tick() {
    authority().Tick();
    executor_->RunAll();
  }
  Authority& authority() { return **authority_; }
  std::uint64_t newest() { return authority().events().newest(); }
  storage::View Now() const { return storage::View(engine_->NewSnapshot()); }

  void MakeWorkspace(const std::string& id, v1::Plan plan) {
    v1::CreateWorkspaceRequest request;
    request.set_workspace_id(id);
    request.mutable_workspace()->set_plan(plan);
    request.set_primary_owner_id("ann");
    ASSERT_THAT(authority_->Call(operator_, request).status(), IsOk());
  }
  void ChangePlan(const std::string& workspace, v1::Plan plan) {
    v1::UpdateWorkspaceRequest request;
    request.mutable_workspace()->set_name(absl::StrCat("workspaces/", workspace));
    request.mutable_workspace()->set_plan(plan);
    request.mutable_update_mask()->add_paths("plan");
    ASSERT_THAT(authority_->Call(operator_, request).status(), IsOk());
  }

  // Leaves so many events of about so many bytes in turn of each of the workspaces, as a server
  // that counts no bytes would, and starts anew.
  using Kind = std::pair<std::string, std::size_t>;
  void Write(int rounds, const std::vector<Kind>& kinds) {
    authority_.reset();
    auto transaction = Begin();
    for (int round = 0; round < rounds; ++round) {
      for (const auto& [workspace, bytes] : kinds) {
        v1::Event event;
        if (!workspace.empty()) event.set_workspace(absl::StrCat("workspaces/", workspace));
        event.set_reason(std::string(bytes, 'r'));
        *event.mutable_time() = ToProto(now_);
        transaction->Append(std::move(event));
        transaction->Keep();
      }
      if (round % 50 != 49 && round + 1 != rounds) continue;
      ASSERT_THAT(engine_->Commit(*transaction->ToBatch()).status(), IsOk());
      transaction = Begin();
    }
    transaction.reset();
    Start();
  }
  std::unique_ptr<storage::Transaction> Begin() const {
    return *storage::Transaction::Begin(std::make_unique<storage::View>(engine_->NewSnapshot()));
  }

  static auto Metadata(const absl::Status& status) {
    return GetDetail<google::rpc::ErrorInfo>(status).metadata();
  }

  static v1::EventFilter Of(const std::string& workspace) {
    v1::EventFilter filter;
    filter.set_workspace(absl::StrCat("workspaces/", workspace));
    return filter;
  }
  // Where the readers of a workspace may begin.
  std::uint64_t OldestOf(const std::string& workspace) {
    const absl::Status start = authority().CheckStart(0, Of(workspace));
    if (start.ok()) return 1;
    EXPECT_THAT(start, StatusIs(absl::StatusCode::kOutOfRange));
    return std::stoull(Metadata(start).at("oldest"));
  }
  // The bytes of the events from `oldest` on, by the workspace's id.
  std::map<std::string, std::uint64_t> BytesFrom(std::uint64_t oldest) const {
    std::map<std::string, std::uint64_t> bytes;
    EXPECT_THAT(
        Now().ForEachRecord<v1::Event>(
            {storage::EventKey(oldest).bytes, engine::PrefixRange(storage::EventPrefix()).end},
            engine::Direction::kForward,
            [&](absl::string_view, const v1::Event& event) {
              bytes[std::string(LastId(event.workspace()))] += event.ByteSizeLong();
              return storage::Walk::kGoOn;
            }),
        IsOk());
    return bytes;
  }
  std::uint64_t BytesOf(const std::string& workspace) const { return BytesFrom(1)[workspace]; }
  std::uint64_t ShownBytesOf(const std::string& workspace) {
    return BytesFrom(OldestOf(workspace))[workspace];
  }
  std::uint64_t CountedBytesOf(const std::string& workspace) {
    const auto record = Now().Get(storage::EventSizesKey(workspace));
    EXPECT_THAT(record, IsOk());
    return record->has_value() ? (*record)->total_bytes() : 0;
  }
  std::uint64_t CountedThrough() {
    const auto progress = Now().Get(storage::EventSizesProgressKey());
    EXPECT_THAT(progress, IsOk());
    return progress->has_value() ? (*progress)->counted_sequence() : 0;
  }
  static std::uint64_t SizeOf(policy::Plan plan) { return policy::LimitsOf(plan).max_audit_bytes; }
  // Not less than the plan gives, and no more than a 32nd and an event beyond it.
  void ExpectPlanIsMet(const std::string& workspace, policy::Plan plan) {
    EXPECT_GE(ShownBytesOf(workspace), SizeOf(plan)) << workspace;
    EXPECT_LE(ShownBytesOf(workspace), SizeOf(plan) / 32 * 33 + kLarge + 100) << workspace;
  }

  static Caller Ann(const std::string& workspace) {
    return TestAuthority::Member(absl::StrCat("workspaces/", workspace, "/members/ann"));
  }

  const testing::TempDir folder_;
  testing::FakeLogger logger_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<ManualExecutor> executor_ = std::make_unique<ManualExecutor>();
  std::unique_ptr<TestAuthority> authority_;
  const absl::Time now_ = absl::FromUnixSeconds(1893456000);
  const Caller operator_ = TestAuthority::Operator();
};

INSTANTIATE_TEST_SUITE_P(Engines, LogSizesTest,
                         ::testing::Values(EngineKind::kMemory, EngineKind::kRocksdb),
                         [](const auto& engine) {
                           return engine.param == EngineKind::kMemory ? "Memory" : "Rocksdb";
                         });

TEST_P(LogSizesTest, WhatIsInMemoryIsCountedAsWhatIsInTheStore) {
  MakeWorkspace("acme", v1::PLAN_FREE);
  MakeWorkspace("beta", v1::PLAN_FREE);
  Tick();
  // With enough of one workspace's, what was counted is written.
  for (int i = 0; CountedThrough() == 0; ++i) {
    for (const std::string workspace : {"acme", "beta"}) {
      v1::CreateMemberRequest request;
      request.set_parent(absl::StrCat("workspaces/", workspace));
      request.set_member_id(absl::StrCat("m", i));
      request.mutable_member()->set_role(v1::ROLE_MEMBER);
      request.mutable_member()->set_display_name(std::string(workspace == "acme" ? 250 : 50, 'n'));
      ASSERT_THAT(authority_->Call(operator_, request).status(), IsOk());
    }
    if (i % 100 == 99) Tick();
    ASSERT_LT(i, 5000);
  }
  EXPECT_EQ(CountedThrough(), newest());
  EXPECT_EQ(CountedBytesOf("acme"), BytesOf("acme"));
  EXPECT_EQ(CountedBytesOf("beta"), BytesOf("beta"));
  EXPECT_GT(BytesOf("acme"), BytesOf("beta"));
}

TEST_P(LogSizesTest, ReadersOfAWorkspaceGetTheNewestOfItsEventsThatItsPlanHasRoomFor) {
  MakeWorkspace("acme", v1::PLAN_FREE);
  MakeWorkspace("beta", v1::PLAN_FREE);
  MakeWorkspace("calm", v1::PLAN_FREE);
  Write(700, {{"acme", kLarge}, {"", 100}, {"beta", 110'000}, {"calm", 10'000}});
  EXPECT_EQ(OldestOf("acme"), 1u);  // nothing is hidden that was not counted

  Tick();

  ExpectPlanIsMet("acme", policy::Plan::kFree);
  ExpectPlanIsMet("beta", policy::Plan::kFree);
  EXPECT_GT(OldestOf("acme"), OldestOf("beta"));
  EXPECT_EQ(OldestOf("calm"), 1u);
  EXPECT_EQ(authority().events().oldest(), 1u);
  EXPECT_THAT(authority().CheckStart(0, {}), IsOk());

  // And goes on doing so.
  const std::uint64_t before = OldestOf("acme");
  Write(30, {{"acme", kLarge}, {"beta", 100}});
  Tick();
  EXPECT_GT(OldestOf("acme"), before);
  ExpectPlanIsMet("acme", policy::Plan::kFree);
  ExpectPlanIsMet("beta", policy::Plan::kFree);
}

TEST_P(LogSizesTest, AStartBeforeThatIsOutOfRangeAndSaysWhatCoversTheGap) {
  MakeWorkspace("acme", v1::PLAN_FREE);
  Write(600, {{"acme", kLarge}});
  Tick();
  const std::uint64_t oldest = OldestOf("acme");
  ASSERT_GT(oldest, 100u);

  const absl::Status start = authority().CheckStart(oldest - 2, Of("acme"));
  EXPECT_THAT(start, StatusIs(absl::StatusCode::kOutOfRange));
  v1::ListEventsRequest list;
  *list.mutable_filter() = Of("acme");
  list.set_after_revision(oldest - 2);
  const absl::Status listed = authority().Read(Ann("acme"), list).status();
  EXPECT_THAT(listed, StatusIs(absl::StatusCode::kOutOfRange));
  for (const absl::Status& status : {start, listed}) {
    EXPECT_EQ(Metadata(status).at("oldest"), absl::StrCat(oldest));
    EXPECT_EQ(Metadata(status).at("newest"), absl::StrCat(newest()));
    EXPECT_EQ(Metadata(status).at("checkpoint"), *authority().CheckpointAt(oldest - 1));
  }
  EXPECT_THAT(authority().CheckStart(oldest - 1, Of("acme")), IsOk());
  list.set_after_revision(0);
  EXPECT_EQ(authority().Read(Ann("acme"), list)->events(0).sequence(), oldest);
  v1::GetEventRequest get;
  get.set_sequence(oldest - 1);
  EXPECT_THAT(authority().Read(Ann("acme"), get),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("was removed")));
  EXPECT_THAT(authority().Read(operator_, get), IsOk());

  v1::CreateConsumerRequest consumer;
  consumer.set_consumer_id("theirs");
  *consumer.mutable_consumer()->mutable_filter() = Of("acme");
  consumer.mutable_consumer()->set_acknowledged_revision(oldest - 2);
  const absl::Status refused = authority_->Call(Ann("acme"), consumer).status();
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kOutOfRange));
  EXPECT_EQ(Metadata(refused).at("oldest"), absl::StrCat(oldest));
  consumer.mutable_consumer()->set_acknowledged_revision(oldest - 1);
  EXPECT_THAT(authority_->Call(Ann("acme"), consumer).status(), IsOk());
}

TEST_P(LogSizesTest, AChangeOfPlanCountsAtOnceBothWays) {
  MakeWorkspace("acme", v1::PLAN_STANDARD);
  Write(600, {{"acme", kLarge}});
  Tick();
  EXPECT_EQ(OldestOf("acme"), 1u);

  ChangePlan("acme", v1::PLAN_FREE);
  ExpectPlanIsMet("acme", policy::Plan::kFree);

  ChangePlan("acme", v1::PLAN_PLUS);
  EXPECT_EQ(OldestOf("acme"), 1u);
}

TEST_P(LogSizesTest, WhatIsHiddenIsStillProven) {
  MakeWorkspace("acme", v1::PLAN_FREE);
  Write(600, {{"acme", kLarge}});
  v1::GetEventRequest get;
  get.set_sequence(7);
  const auto event = authority().Read(Ann("acme"), get);
  ASSERT_THAT(event, IsOk());
  Tick();
  ASSERT_GT(OldestOf("acme"), 7u);

  v1::GetInclusionProofRequest request;
  request.set_workspace("workspaces/acme");
  request.set_sequence(7);
  const auto proof = authority().Read(Ann("acme"), request);
  ASSERT_THAT(proof, IsOk());
  std::vector<merkle::Hash> path;
  for (const std::string& hash : proof->hashes()) path.push_back(*merkle::HashFromBytes(hash));
  v1::GetCheckpointRequest get_checkpoint;
  get_checkpoint.set_workspace("workspaces/acme");
  const auto signed_tree = authority().Read(Ann("acme"), get_checkpoint);
  ASSERT_THAT(signed_tree, IsOk());
  const auto verifier = merkle::NoteVerifier::Parse(signed_tree->verifier_key());
  const auto checkpoint = merkle::OpenCheckpoint(*verifier, signed_tree->checkpoint());
  ASSERT_THAT(checkpoint, IsOk());
  EXPECT_THAT(merkle::VerifyInclusion(merkle::LeafHash(event->event().SerializeAsString()), 6,
                                      proof->tree_size(), path, checkpoint->root),
              IsOk());
}

TEST_P(LogSizesTest, AStoreThatWasNeverCountedIsCountedInBoundedSteps) {
  Write(kMaxSizedInTick / 2 + 1000, {{"acme", 10}, {"beta", 20}});
  EXPECT_EQ(CountedThrough(), 0u);

  Tick();
  EXPECT_EQ(CountedThrough(), kMaxSizedInTick);
  EXPECT_LT(CountedBytesOf("acme"), BytesOf("acme"));

  Crash();
  Write(10'000, {{"acme", 10}});
  Tick();
  EXPECT_EQ(CountedThrough(), newest());
  EXPECT_EQ(CountedBytesOf("acme"), BytesOf("acme"));
  EXPECT_EQ(CountedBytesOf("beta"), BytesOf("beta"));
}

TEST_P(LogSizesTest, ACrashAmidTheRecordsCountsNothingTwiceAndLosesNothing) {
  std::vector<Kind> kinds;
  kinds.reserve(1200);
  for (int i = 0; i < 1200; ++i) kinds.emplace_back(absl::StrCat("w-", i), 10 + i % 50);
  Write(10, kinds);
  authority().Tick();
  // Some of the records are written, and not how far all are.
  const auto written = [&] {
    int count = 0;
    for (const auto& [workspace, bytes] : kinds) count += CountedBytesOf(workspace) > 0 ? 1 : 0;
    return count;
  };
  while (written() == 0) ASSERT_TRUE(executor_->RunOne());
  ASSERT_LT(written(), 1200);
  ASSERT_EQ(CountedThrough(), 0u);

  Crash();
  Write(2, kinds);
  Tick();

  EXPECT_EQ(CountedThrough(), newest());
  const auto expected = BytesFrom(1);
  for (const auto& [workspace, bytes] : kinds) {
    ASSERT_EQ(CountedBytesOf(workspace), expected.at(workspace)) << workspace;
  }
}

TEST_P(LogSizesTest, AQuietServerWritesNothingForCounting) {
  MakeWorkspace("acme", v1::PLAN_FREE);
  Tick();
  Tick();
  EXPECT_EQ(CountedThrough(), 0u);
}

}  // namespace
}  // namespace latchkey
