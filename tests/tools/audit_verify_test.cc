// `latchkey audit verify` against a log in memory that is tampered with, as a server would serve
// it.
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/client/fake_log.h"
#include "tests/client/scripted_audit.h"
#include "tests/testing/status_matchers.h"
#include "tests/tools/cli_harness.h"
#include "tools/latchkey/trust_file.h"

namespace latchkey::cli {
namespace {

using ::testing::AllOf;
using testing::CliHarness;
using testing::CliResult;
using testing::FakeLog;
using testing::FakeServer;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::NewSigner;
using ::testing::Not;
using testing::ScriptedAudit;
using testing::StatusIs;

std::vector<std::string> BytesOf(const std::vector<merkle::Hash>& hashes) {
  std::vector<std::string> bytes;
  for (const merkle::Hash& hash : hashes) bytes.emplace_back(merkle::AsBytes(hash));
  return bytes;
}

class AuditVerifyTest : public ::testing::Test {
 protected:
  AuditVerifyTest() { Grow(9); }

  void Grow(int count) {
    for (int i = 0; i < count; ++i) {
      v1::Event event;
      event.set_sequence(log_.size() + 1);
      event.set_reason("because");
      log_.Append(event.SerializeAsString());
    }
  }
  void Truncate(std::size_t size) {
    log_.events.resize(size);
    log_.leaves.resize(size);
  }
  // What the server sends to whoever begins after an event: all up to its end, or `last`.
  v1::SubscribeResponse After(std::uint64_t after, std::uint64_t last = 0) const {
    v1::SubscribeResponse response;
    const std::uint64_t end = last == 0 ? log_.size() : last;
    for (std::uint64_t i = after; i < end; ++i) response.add_serialized_events(log_.events[i]);
    response.set_complete_through(end);
    response.set_newest(end);
    return response;
  }

  CliResult Verify(ScriptedAudit::Step step, std::vector<std::string> more = {}) {
    audit_.emplace(std::vector{std::move(step)});
    return Run(std::move(more));
  }
  CliResult Verify(const v1::SubscribeResponse& response, std::vector<std::string> more = {}) {
    return Verify(ScriptedAudit::SendAndHold({response}), std::move(more));
  }
  CliResult Run(std::vector<std::string> more) {
    FakeLogServer server(log_, *audit_);
    more.insert(more.begin(), {"audit", "verify"});
    return cli_.Run(server.server, more);
  }
  std::string state() const { return cli_.home() + "/state"; }
  std::vector<std::string> WithState() const { return {"--state", state()}; }
  LogTrust Trust() const { return ReadTrust(state()).value(); }

  // Serves the script of a Subscribe call, and the log's proofs.
  struct FakeLogServer {
    FakeLogServer(FakeLog& log, ScriptedAudit& audit) : subscriptions(audit), server({&all}) {
      all.log = &log;
      all.audit = &subscriptions;
    }
    class All final : public v1::AuditService::Service {
     public:
      FakeLog* log = nullptr;
      ScriptedAudit* audit = nullptr;

     private:
      grpc::Status Subscribe(grpc::ServerContext* context, const v1::SubscribeRequest* request,
                             ScriptedAudit::Writer* writer) override {
        return static_cast<v1::AuditService::Service*>(audit)->Subscribe(context, request, writer);
      }
      grpc::Status GetCheckpoint(grpc::ServerContext*, const v1::GetCheckpointRequest*,
                                 v1::GetCheckpointResponse* response) override {
        response->set_checkpoint(*log->NewestCheckpoint());
        response->set_tree_size(log->size());
        response->set_verifier_key(log->signer.VerifierKey());
        return grpc::Status::OK;
      }
      grpc::Status GetInclusionProof(grpc::ServerContext*,
                                     const v1::GetInclusionProofRequest* request,
                                     v1::GetInclusionProofResponse* response) override {
        const auto proof = log->ProveInclusion(request->sequence(), request->tree_size());
        if (!proof.ok()) return {grpc::StatusCode::OUT_OF_RANGE, "beyond"};
        response->set_leaf_hash(std::string(merkle::AsBytes(proof->leaf_hash)));
        for (std::string& hash : BytesOf(proof->path)) response->add_hashes(std::move(hash));
        return grpc::Status::OK;
      }
      grpc::Status GetConsistencyProof(grpc::ServerContext*,
                                       const v1::GetConsistencyProofRequest* request,
                                       v1::GetConsistencyProofResponse* response) override {
        const auto path =
            log->ProveConsistency(request->first_tree_size(), request->second_tree_size());
        if (!path.ok()) return {grpc::StatusCode::OUT_OF_RANGE, "beyond"};
        for (std::string& hash : BytesOf(*path)) response->add_hashes(std::move(hash));
        return grpc::Status::OK;
      }
    };
    ScriptedAudit& subscriptions;
    All all;
    FakeServer server;
  };

  FakeLog log_{0};
  CliHarness cli_;
  std::optional<ScriptedAudit> audit_;
};

TEST_F(AuditVerifyTest, AnUntouchedLogIsProvenAndGoneOnWith) {
  const auto first = Verify(After(0), {"--state", state(), "-o", "json"});
  EXPECT_EQ(first.code, ExitCode::kOk) << first.err;
  EXPECT_EQ(nlohmann::json::parse(first.out)["verified_events"], 9);
  EXPECT_EQ(Trust().verified_through, 9U);
  EXPECT_EQ(Trust().checkpoint, log_.CheckpointAt(9));

  Grow(5);
  const auto second = Verify(After(9), WithState());
  EXPECT_EQ(second.code, ExitCode::kOk) << second.err;
  EXPECT_EQ(audit_->requests().at(0).after_revision(), 9U);
  EXPECT_THAT(second.out, HasSubstr("Verified 5 events, through 14"));
  EXPECT_THAT(second.err, IsEmpty());
  EXPECT_EQ(Trust().verified_through, 14U);
  EXPECT_EQ(Trust().checkpoint, log_.CheckpointAt(14));
}

TEST_F(AuditVerifyTest, TheKeyThatTheServerGaveIsSaid) {
  const auto trusting = Verify(After(0));
  EXPECT_EQ(trusting.code, ExitCode::kOk);
  EXPECT_THAT(trusting.err, AllOf(HasSubstr("took the log's key from the server itself"),
                                  HasSubstr(log_.signer.VerifierKey())));
  const auto given = Verify(After(0), {"--key", log_.signer.VerifierKey()});
  EXPECT_EQ(given.code, ExitCode::kOk);
  EXPECT_THAT(given.err, IsEmpty());
}

TEST_F(AuditVerifyTest, AnAlteredEventIsNamedAndNothingIsKept) {
  log_.events[4].back() ^= 1;
  const auto result = Verify(After(0), WithState());
  EXPECT_EQ(result.code, ExitCode::kDamaged);
  EXPECT_THAT(result.err, HasSubstr("event 5 was altered"));
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(state()));
}

TEST_F(AuditVerifyTest, EventsThatAreLeftOutAreMissed) {
  v1::SubscribeResponse gap = After(0, 6);
  gap.set_complete_through(9);
  const auto removed = Verify(gap);
  EXPECT_EQ(removed.code, ExitCode::kDamaged);
  EXPECT_THAT(removed.err, HasSubstr("events 7 to 9 were removed"));

  // A server that calls the log shorter than what it signed once.
  ASSERT_EQ(Verify(After(0), WithState()).code, ExitCode::kOk);
  LogTrust trust = Trust();
  trust.verified_through = 4;
  ASSERT_THAT(WriteTrust(state(), trust), IsOk());
  const auto withheld = Verify(After(4, 6), WithState());
  EXPECT_EQ(withheld.code, ExitCode::kDamaged);
  EXPECT_THAT(withheld.err, HasSubstr("left out the events 7 to 9"));
}

TEST_F(AuditVerifyTest, ATruncatedLogIsFoundWhereItsPositionIsGoneToo) {
  ASSERT_EQ(Verify(After(0), WithState()).code, ExitCode::kOk);
  Truncate(6);
  const auto result =
      Verify(ScriptedAudit::Send({}, {grpc::StatusCode::OUT_OF_RANGE, "after_revision is 9"}),
             WithState());
  EXPECT_EQ(result.code, ExitCode::kDamaged);
  EXPECT_THAT(result.err, HasSubstr("the log was truncated: it ends at event 6, and the "
                                    "checkpoint of 9 events"));
  EXPECT_EQ(Trust().verified_through, 9U);
}

TEST_F(AuditVerifyTest, APositionBeyondTheEndOrBeforeWhatIsRetainedIsExplained) {
  const auto beyond =
      Verify(ScriptedAudit::Send({}, {grpc::StatusCode::OUT_OF_RANGE, "after_revision is 20"}),
             {"--after", "20"});
  EXPECT_EQ(beyond.code, ExitCode::kFailed);
  EXPECT_THAT(beyond.err, HasSubstr("the log ends at event 9, before event 20"));
  EXPECT_THAT(beyond.err, Not(HasSubstr("begin with")));

  const auto older = Verify(ScriptedAudit::Send({}, testing::TooOld(6)));
  EXPECT_EQ(older.code, ExitCode::kFailed);
  EXPECT_THAT(older.err, HasSubstr("the events 1 to 5 are not retained any more"));
  EXPECT_THAT(older.err, HasSubstr("begin with --after 5"));
}

TEST_F(AuditVerifyTest, ARewrittenLogLeavesItsCheckpointAsEvidence) {
  ASSERT_EQ(Verify(After(0), WithState()).code, ExitCode::kOk);
  const std::string trusted = Trust().checkpoint;
  log_.leaves[0] = merkle::LeafHash("another event");
  Grow(3);
  const auto result = Verify(After(9), WithState());
  EXPECT_EQ(result.code, ExitCode::kDamaged);
  EXPECT_THAT(result.err, AllOf(HasSubstr("no proof joins them"),
                                HasSubstr(absl::StrCat(state(), ".rejected"))));
  std::ifstream file(state() + ".rejected", std::ios::binary);
  const std::string kept((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_EQ(kept, log_.CheckpointAt(12));
  EXPECT_EQ(Trust().checkpoint, trusted);
}

TEST_F(AuditVerifyTest, ALogThatIsOnlyShorterLeavesNoEvidenceAndThatOfAnEarlierRunIsPutAside) {
  ASSERT_EQ(Verify(After(0), WithState()).code, ExitCode::kOk);
  const std::string rejected = cli_.File("state.rejected", "of an earlier run");
  Truncate(6);
  const auto result =
      Verify(ScriptedAudit::Send({}, {grpc::StatusCode::OUT_OF_RANGE, "after_revision is 9"}),
             WithState());
  EXPECT_EQ(result.code, ExitCode::kDamaged);
  EXPECT_THAT(result.err, AllOf(HasSubstr("restored from a backup"), Not(HasSubstr("keep both")),
                                HasSubstr("was of an earlier run")));
  EXPECT_FALSE(std::filesystem::exists(rejected));
  EXPECT_TRUE(std::filesystem::exists(rejected + ".old"));
}

TEST_F(AuditVerifyTest, WithAFilterItSaysThatWhatWasLeftOutIsNotSeen) {
  v1::SubscribeResponse some;
  some.add_serialized_events(log_.events[2]);
  some.set_complete_through(9);
  some.set_newest(9);
  EXPECT_THAT(Verify(some, {"--workspace", "acme"}).out,
              HasSubstr("That it left none out is proven without a filter only."));
  EXPECT_FALSE(nlohmann::json::parse(
      Verify(some, {"--workspace", "acme", "-o", "json"}).out)["every_event"]);
  EXPECT_THAT(Verify(After(0)).out, Not(HasSubstr("left none out")));
  EXPECT_TRUE(nlohmann::json::parse(Verify(After(0), {"-o", "json"}).out)["every_event"]);
  EXPECT_THAT(cli_.RunAlone({"audit", "verify", "--help"}).out,
              HasSubstr("not that none was left"));
}

TEST_F(AuditVerifyTest, WhatIsGivenEmptyIsRefusedAndNotLeftOut) {
  for (const char* option : {"--key", "--state", "--action", "--outcome", "--resource"}) {
    const auto result = Verify(After(0), {option, ""});
    EXPECT_EQ(result.code, ExitCode::kUsage) << option;
    EXPECT_THAT(result.err, AllOf(HasSubstr(option), HasSubstr("it is empty"))) << option;
  }
}

TEST_F(AuditVerifyTest, AStateThatIsAFolderIsNamedWithWhatIsWrong) {
  const auto result = Verify(After(0), {"--state", cli_.home()});
  EXPECT_EQ(result.code, ExitCode::kUsage);
  EXPECT_THAT(result.err, HasSubstr(cli_.home() + " cannot be read: Is a directory"));
}

TEST_F(AuditVerifyTest, AnotherLogsKeyIsRefused) {
  const std::string other = NewSigner("latchkey/other", 9).VerifierKey();
  const auto wrong = Verify(After(0), {"--state", state(), "--key", other});
  EXPECT_EQ(wrong.code, ExitCode::kDamaged);
  EXPECT_THAT(wrong.err, HasSubstr("none of latchkey/other"));
  EXPECT_FALSE(std::filesystem::exists(state()));

  ASSERT_EQ(Verify(After(0), WithState()).code, ExitCode::kOk);
  const auto changed = Verify(After(9), {"--state", state(), "--key", other});
  EXPECT_EQ(changed.code, ExitCode::kUsage);
  EXPECT_THAT(changed.err, HasSubstr("--key is not the key in"));
}

TEST_F(AuditVerifyTest, AStateHasNoGapAndIsNotMovedPastWhatWasVerified) {
  const auto none = Verify(After(9), {"--state", state(), "--after", "9"});
  EXPECT_EQ(none.code, ExitCode::kOk) << none.err;
  EXPECT_EQ(Trust().verified_through, 0U);
  ASSERT_EQ(Verify(After(4), {"--state", state(), "--after", "4"}).code, ExitCode::kOk);
  EXPECT_EQ(Trust().verified_through, 9U);
  const auto gap = Verify(After(9), {"--state", state(), "--after", "20"});
  EXPECT_EQ(gap.code, ExitCode::kUsage);
  EXPECT_THAT(gap.err, HasSubstr("goes on after event 9"));
}

TEST_F(AuditVerifyTest, NothingIsKeptWhereNothingWasVerified) {
  const auto result =
      Verify(ScriptedAudit::Send({}, {grpc::StatusCode::PERMISSION_DENIED, "no"}), WithState());
  EXPECT_EQ(result.code, ExitCode::kDenied);
  EXPECT_FALSE(std::filesystem::exists(state()));
}

class AuditVerifyFollowTest : public AuditVerifyTest,
                              public ::testing::WithParamInterface<std::pair<int, ExitCode>> {};

TEST_P(AuditVerifyFollowTest, ASignalEndsItAndWhatWasProvenIsKept) {
  const auto result = Verify(
      [&](auto& writer, grpc::ServerContext& context) {
        v1::SubscribeResponse response = After(0);
        response.set_checkpoint(log_.CheckpointAt(9));
        writer.Write(response);
        // Once that was read, and only then, the state is there.
        while (!std::filesystem::exists(state()) && !context.IsCancelled()) {
          std::this_thread::yield();
        }
        cli_.stop.Request(GetParam().first);
        return ScriptedAudit::SendAndHold({})(writer, context);
      },
      {"--state", state(), "--follow"});
  EXPECT_EQ(result.code, GetParam().second) << result.err;
  EXPECT_THAT(result.out, HasSubstr("Verified 9 events"));
  EXPECT_EQ(Trust().verified_through, 9U);
}

INSTANTIATE_TEST_SUITE_P(Signals, AuditVerifyFollowTest,
                         ::testing::Values(std::pair(SIGINT, ExitCode::kInterrupted),
                                           std::pair(SIGTERM, ExitCode::kOk)));

TEST_F(AuditVerifyTest, AnOwnerOfAnOrganizationVerifiesByThatRight) {
  v1::SubscribeResponse some;
  some.add_serialized_events(log_.events[2]);
  some.set_complete_through(9);
  some.set_newest(9);
  const auto result = Verify(some, {"--organization", "corp"});
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  EXPECT_THAT(result.out, HasSubstr("Verified 1 event, through 3"));
  EXPECT_EQ(audit_->requests().at(0).filter().organization(), "organizations/corp");
}

TEST(TrustFileTest, ReadsBackWhatWasWrittenAndNothingElse) {
  const CliHarness cli;
  const std::string path = cli.home() + "/trust";
  EXPECT_THAT(ReadTrust(path), IsOk());
  EXPECT_THAT(ReadTrust(path)->verifier_key, IsEmpty());
  const LogTrust trust{"key", "a note\n\n\u2014 name sig\n", "{}", 18446744073709551615U};
  ASSERT_THAT(WriteTrust(path, trust), IsOk());
  const auto read = ReadTrust(path);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->verifier_key, trust.verifier_key);
  EXPECT_EQ(read->checkpoint, trust.checkpoint);
  EXPECT_EQ(read->filter, trust.filter);
  EXPECT_EQ(read->verified_through, trust.verified_through);
  for (const char* text : {"", "{", "[]", "{\"version\":2}", "{\"version\":1}"}) {
    cli.File("trust", text);
    EXPECT_THAT(ReadTrust(path), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
}

}  // namespace
}  // namespace latchkey::cli
