// Checkpoints and proofs, as a caller gets them who trusts nothing but the verifier key.
#include "storage/merkle/proof.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/authority/errors.h"
#include "storage/engine/memory_engine.h"
#include "storage/keys.h"
#include "storage/log_tree.h"
#include "storage/merkle/checkpoint.h"
#include "storage/reader.h"
#include "tests/server/test_authority.h"
#include "tests/testing/status_matchers.h"

namespace latchkey {
namespace {

using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusIs;
using testing::TestAuthority;

// Counts what is read.
class CountingEngine final : public engine::Engine {
 public:
  std::unique_ptr<engine::Snapshot> NewSnapshot() const override {
    ++snapshots;
    return inner_.NewSnapshot();
  }
  absl::StatusOr<engine::Version> Commit(const engine::WriteBatch& batch) override {
    return inner_.Commit(batch);
  }
  absl::Status writable() const override { return inner_.writable(); }
  absl::Status Recover() override { return inner_.Recover(); }
  std::uint64_t SizeInBytes() const override { return inner_.SizeInBytes(); }

  mutable int snapshots = 0;

 private:
  engine::MemoryEngine inner_;
};

class ProofTest : public ::testing::Test {
 protected:
  void SetUp() override { MakeWorkspaces("acme", 1); }

  void MakeWorkspaces(const std::string& prefix, int count) {
    for (int i = 0; i < count; ++i) {
      v1::CreateWorkspaceRequest workspace;
      workspace.set_workspace_id(count == 1 ? prefix : absl::StrCat(prefix, "-", i));
      workspace.mutable_workspace();
      workspace.set_primary_owner_id("ann");
      ASSERT_TRUE(authority_.Call(operator_, workspace).ok());
    }
  }

  std::uint64_t newest() { return authority_->events().newest(); }
  storage::View Now() const { return storage::View(engine_.NewSnapshot()); }

  // The bytes of the events, as they lie in the store.
  std::vector<std::string> StoredEvents() const {
    std::vector<std::string> events;
    EXPECT_THAT(
        Now().ForEach(engine::PrefixRange(storage::EventPrefix()), engine::Direction::kForward,
                      [&](absl::string_view key, absl::string_view stored) {
                        events.emplace_back(*storage::DecodePayload(key, stored));
                        return storage::Walk::kGoOn;
                      }),
        IsOk());
    return events;
  }

  std::vector<std::uint64_t> StoredCheckpoints() const {
    std::vector<std::uint64_t> sizes;
    EXPECT_THAT(
        Now().ForEach(engine::PrefixRange(storage::CheckpointPrefix()), engine::Direction::kForward,
                      [&](absl::string_view key, absl::string_view) {
                        sizes.push_back(storage::SizeOfCheckpointKey(key).value());
                        return storage::Walk::kGoOn;
                      }),
        IsOk());
    return sizes;
  }

  v1::GetCheckpointResponse Checkpoint() {
    return *authority_->Read(operator_, v1::GetCheckpointRequest());
  }
  // The root that the server signs for a size.
  merkle::Hash SignedRoot(std::uint64_t size) {
    const auto verifier = merkle::NoteVerifier::Parse(Checkpoint().verifier_key());
    const auto opened = merkle::OpenCheckpoint(*verifier, *authority_->CheckpointAt(size));
    EXPECT_THAT(opened, IsOk());
    EXPECT_EQ(opened->size, size);
    return opened->root;
  }

  static std::vector<merkle::Hash> Hashes(
      const google::protobuf::RepeatedPtrField<std::string>& hashes) {
    std::vector<merkle::Hash> path;
    for (const std::string& hash : hashes) path.push_back(merkle::HashFromBytes(hash).value());
    return path;
  }

  void Tick(absl::Duration time) {
    authority_.clock().Advance(time);
    authority_->Tick();
    executor_.RunAll();
  }

  CountingEngine engine_;
  ManualExecutor executor_;
  TestAuthority authority_{engine_, executor_, &executor_};
  const Caller operator_ = TestAuthority::Operator();
  const Caller ann_ = TestAuthority::Member("workspaces/acme/members/ann");
};

TEST_F(ProofTest, ACheckpointIsOfTheEventsAsTheyLieInTheStore) {
  MakeWorkspaces("w", 20);
  const v1::GetCheckpointResponse response = Checkpoint();
  const auto verifier = merkle::NoteVerifier::Parse(response.verifier_key());
  ASSERT_THAT(verifier, IsOk());
  const auto checkpoint = merkle::OpenCheckpoint(*verifier, response.checkpoint());
  ASSERT_THAT(checkpoint, IsOk());

  merkle::Frontier expected;
  for (const std::string& event : StoredEvents()) expected.Append(merkle::LeafHash(event));
  EXPECT_EQ(response.tree_size(), newest());
  EXPECT_EQ(checkpoint->size, newest());
  EXPECT_EQ(expected.size(), newest());
  EXPECT_EQ(checkpoint->root, expected.Root());
}

TEST_F(ProofTest, EveryEventIsProvenInEverySize) {
  MakeWorkspaces("w", 20);
  const std::vector<std::string> events = StoredEvents();
  for (std::uint64_t size = 1; size <= newest(); ++size) {
    const merkle::Hash root = SignedRoot(size);
    for (std::uint64_t sequence = 1; sequence <= size; ++sequence) {
      v1::GetInclusionProofRequest request;
      request.set_sequence(sequence);
      request.set_tree_size(size);
      const auto proof = authority_->Read(operator_, request);
      ASSERT_THAT(proof, IsOk());
      const merkle::Hash leaf = merkle::LeafHash(events[sequence - 1]);
      EXPECT_EQ(proof->leaf_hash(), merkle::AsBytes(leaf));
      EXPECT_EQ(proof->tree_size(), size);
      EXPECT_THAT(merkle::VerifyInclusion(leaf, sequence - 1, size, Hashes(proof->hashes()), root),
                  IsOk());
    }
  }
}

TEST_F(ProofTest, EverySizeIsProvenToExtendEverySmallerOne) {
  MakeWorkspaces("w", 15);
  for (std::uint64_t second = 1; second <= newest(); ++second) {
    for (std::uint64_t first = 1; first <= second; ++first) {
      v1::GetConsistencyProofRequest request;
      request.set_first_tree_size(first);
      request.set_second_tree_size(second);
      const auto proof = authority_->Read(operator_, request);
      ASSERT_THAT(proof, IsOk());
      EXPECT_EQ(proof->second_tree_size(), second);
      EXPECT_THAT(merkle::VerifyConsistency(first, second, SignedRoot(first), SignedRoot(second),
                                            Hashes(proof->hashes())),
                  IsOk());
    }
  }
}

TEST_F(ProofTest, ASizeThatIsNotNamedIsTheLogsEnd) {
  v1::GetInclusionProofRequest inclusion;
  inclusion.set_sequence(1);
  EXPECT_EQ(authority_->Read(operator_, inclusion)->tree_size(), newest());
  v1::GetConsistencyProofRequest consistency;
  consistency.set_first_tree_size(1);
  EXPECT_EQ(authority_->Read(operator_, consistency)->second_tree_size(), newest());
}

TEST_F(ProofTest, WhatIsBeyondTheLogIsOutOfRangeAndSaysWhereItEnds) {
  v1::GetInclusionProofRequest inclusion;
  inclusion.set_sequence(newest() + 1);
  const auto beyond = authority_->Read(operator_, inclusion).status();
  EXPECT_THAT(beyond, StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("sequence is")));
  EXPECT_EQ(GetDetail<google::rpc::ErrorInfo>(beyond).metadata().at("newest"),
            absl::StrCat(newest()));
  inclusion.set_sequence(1);
  inclusion.set_tree_size(newest() + 1);
  EXPECT_THAT(authority_->Read(operator_, inclusion),
              StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("tree_size is")));
  v1::GetConsistencyProofRequest consistency;
  consistency.set_first_tree_size(newest() + 1);
  EXPECT_THAT(authority_->Read(operator_, consistency),
              StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("first_tree_size is")));
  consistency.set_first_tree_size(1);
  consistency.set_second_tree_size(newest() + 1);
  EXPECT_THAT(authority_->Read(operator_, consistency),
              StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("second_tree_size is")));
  EXPECT_THAT(authority_->CheckpointAt(newest() + 1), StatusIs(absl::StatusCode::kOutOfRange));
}

TEST_F(ProofTest, WhoMayReadAWorkspacesEventsMayHaveProofs) {
  MakeWorkspaces("other", 1);
  v1::GetCheckpointRequest request;
  EXPECT_THAT(authority_->Read(ann_, request),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("workspaces/acme")));
  request.set_workspace("workspaces/acme");
  EXPECT_EQ(authority_->Read(ann_, request)->tree_size(), newest());
  request.set_workspace("workspaces/other");
  EXPECT_THAT(authority_->Read(ann_, request), StatusIs(absl::StatusCode::kNotFound));

  v1::CreateMemberRequest member;
  member.set_parent("workspaces/acme");
  member.set_member_id("max");
  member.mutable_member()->set_role(v1::ROLE_MEMBER);
  ASSERT_TRUE(authority_.Call(operator_, member).ok());
  request.set_workspace("workspaces/acme");
  const Caller max = TestAuthority::Member("workspaces/acme/members/max");
  EXPECT_THAT(authority_->Read(max, request), StatusIs(absl::StatusCode::kPermissionDenied));
  v1::GetInclusionProofRequest inclusion;
  inclusion.set_workspace("workspaces/acme");
  EXPECT_THAT(authority_->Read(max, inclusion), StatusIs(absl::StatusCode::kPermissionDenied));
  v1::GetConsistencyProofRequest consistency;
  consistency.set_workspace("workspaces/acme");
  EXPECT_THAT(authority_->Read(max, consistency), StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(ProofTest, AskingAgainForTheSameSizeReadsAndSignsNothing) {
  const std::string note = *authority_->CheckpointAt(1);
  const int before = engine_.snapshots;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(*authority_->CheckpointAt(1), note);
  EXPECT_EQ(engine_.snapshots, before);
}

TEST_F(ProofTest, MoreSizesThanAreRememberedAreStillRight) {
  MakeWorkspaces("w", 300);
  std::vector<std::string> notes;
  for (std::uint64_t size = 0; size <= newest(); ++size) {
    notes.push_back(*authority_->CheckpointAt(size));
  }
  for (std::uint64_t size = 0; size <= newest(); ++size) {
    EXPECT_EQ(*authority_->CheckpointAt(size), notes[size]);
  }
}

TEST_F(ProofTest, ACheckpointIsKeptEachMinuteInWhichTheLogGrew) {
  Tick(absl::Seconds(1));
  const std::uint64_t first = newest();
  EXPECT_THAT(StoredCheckpoints(), ::testing::ElementsAre(first));
  MakeWorkspaces("w", 3);
  Tick(absl::Seconds(58));
  EXPECT_THAT(StoredCheckpoints(), ::testing::ElementsAre(first));
  Tick(absl::Seconds(2));
  EXPECT_THAT(StoredCheckpoints(), ::testing::ElementsAre(first, newest()));
  Tick(absl::Hours(1));
  EXPECT_THAT(StoredCheckpoints(), ::testing::ElementsAre(first, newest()));
  const auto record = Now().Get(storage::CheckpointKey(newest()));
  EXPECT_EQ((*record)->note(), Checkpoint().checkpoint());
}

TEST_F(ProofTest, TheLastCheckpointIsOfAllThatTheServerWroteBeforeItsEnd) {
  for (int i = 0; i < 40; ++i) {
    v1::DeleteAppRequest refused;
    refused.set_name("apps/none");
    EXPECT_FALSE(authority_.Call(ann_, refused).ok());
  }
  MakeWorkspaces("w", 3);
  authority_->Close();
  executor_.RunAll();
  EXPECT_THAT(StoredCheckpoints(), ::testing::ElementsAre(newest()));

  // One that serves nobody has nothing to add.
  TestAuthority again(engine_, executor_, &executor_);
  again->Tick();
  executor_.RunAll();
  again->Close();
  executor_.RunAll();
  EXPECT_EQ(StoredCheckpoints().size(), 1u);
}

TEST_F(ProofTest, AStoreWithoutATreeGetsTheOneOfItsEventsWhenItIsOpened) {
  MakeWorkspaces("w", 30);
  const std::string note = Checkpoint().checkpoint();
  engine::WriteBatch batch;
  for (const std::string& prefix : {storage::NodePrefix(), storage::CheckpointPrefix()}) {
    ASSERT_THAT(Now().ForEach(engine::PrefixRange(prefix), engine::Direction::kForward,
                              [&](absl::string_view key, absl::string_view) {
                                batch.Delete(std::string(key));
                                return storage::Walk::kGoOn;
                              }),
                IsOk());
  }
  const auto key = storage::MetaKey();
  storage::v1::MetaRecord meta = **Now().Get(key);
  EXPECT_EQ(meta.format(), 2u);
  meta.set_format(1);
  batch.Put(key.bytes, storage::EncodeRecord(key.bytes, meta));
  ASSERT_THAT(engine_.Commit(batch).status(), IsOk());

  TestAuthority upgraded(engine_, executor_, &executor_);

  EXPECT_EQ((*Now().Get(key))->format(), 2u);
  EXPECT_EQ((*Now().Get(key))->store_id(), meta.store_id());
  EXPECT_EQ(upgraded->Read(operator_, v1::GetCheckpointRequest())->checkpoint(), note);
  v1::CreateWorkspaceRequest more;
  more.set_workspace_id("more");
  more.mutable_workspace();
  more.set_primary_owner_id("ann");
  EXPECT_TRUE(upgraded.Call(operator_, more).ok());
}

}  // namespace
}  // namespace latchkey
