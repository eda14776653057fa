#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "gtest/gtest.h"
#include "latchkey/storage/v1/records.pb.h"
#include "latchkey/v1/audit_service.grpc.pb.h"
#include "latchkey/v1/directory_service.grpc.pb.h"
#include "latchkey/v1/token_service.grpc.pb.h"
#include "latchkey/v1/verifier_service.grpc.pb.h"
#include "storage/engine/rocksdb_engine.h"
#include "storage/keys.h"
#include "storage/reader.h"
#include "storage/record_codec.h"
#include "tests/rpc/test_certificates.h"
#include "tests/server/daemon/child_process.h"
#include "tests/testing/fake_logger.h"
#include "tests/testing/temp_dir.h"

namespace latchkey::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// The real program, on a data folder of the test's own.
class DaemonTest : public ::testing::Test {
 protected:
  std::unique_ptr<ChildProcess> Run(std::vector<std::string> args) const {
    args.insert(args.begin(), LATCHKEYD_PATH);
    return std::make_unique<ChildProcess>(dir_.path(), args);
  }

  // Makes the data folder and returns the operator secret.
  std::string Init() const {
    const auto init = Run({"init", "--data", data_});
    EXPECT_EQ(init->Wait(), 0) << init->Errors();
    return std::string(absl::StripSuffix(init->Output(), "\n"));
  }

  // Starts a server and waits until it serves.
  std::unique_ptr<ChildProcess> Serve(const std::vector<std::string>& more = {}) {
    std::filesystem::remove(ready_);
    std::vector<std::string> args = {"serve",       "--data",       data_, "--listen",
                                     "127.0.0.1:0", "--ready-file", ready_};
    args.insert(args.end(), more.begin(), more.end());
    auto server = Run(args);
    while (!std::filesystem::exists(ready_) && !server->Ended()) std::this_thread::yield();
    EXPECT_FALSE(server->Ended()) << server->Errors();
    address_ = std::string(absl::StripSuffix(ReadWholeFile(ready_), "\n"));
    return server;
  }

  std::shared_ptr<grpc::Channel> NewChannel() const {
    return grpc::CreateChannel(address_, grpc::InsecureChannelCredentials());
  }

  static std::unique_ptr<grpc::ClientContext> As(const std::string& secret) {
    auto context = std::make_unique<grpc::ClientContext>();
    context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    context->AddMetadata("authorization", "Bearer " + secret);
    return context;
  }

  // Makes a service, so that the log has an event.
  void MakeGateway(const std::string& operator_secret) const {
    v1::CreateServiceRequest request;
    v1::CreateServiceResponse response;
    request.set_service_id("gateway");
    request.mutable_service()->add_roles(v1::SERVICE_ROLE_VERIFIER);
    const auto context = As(operator_secret);
    const grpc::Status made = v1::DirectoryService::NewStub(NewChannel())
                                  ->CreateService(context.get(), request, &response);
    EXPECT_TRUE(made.ok()) << made.error_message();
  }

  // Runs `args` and returns what it says on standard error when it fails.
  std::string FailureOf(const std::vector<std::string>& args, int exit_code = 1) const {
    const auto process = Run(args);
    EXPECT_EQ(process->Wait(), exit_code) << process->Errors();
    EXPECT_EQ(process->Output(), "");
    return process->Errors();
  }

  // Returns the record that says what the store is, which no server may have open, after `change`.
  storage::v1::MetaRecord Meta(
      const std::function<void(storage::v1::MetaRecord&)>& change = nullptr) const {
    FakeLogger logger;
    auto engine = engine::RocksdbEngine::Open({data_ + "/store", logger});
    EXPECT_TRUE(engine.ok()) << engine.status();
    const auto key = storage::MetaKey();
    storage::v1::MetaRecord meta = **storage::View((*engine)->NewSnapshot()).Get(key);
    if (change == nullptr) return meta;
    change(meta);
    engine::WriteBatch batch;
    batch.Put(key.bytes, storage::EncodeRecord(key.bytes, meta));
    EXPECT_TRUE((*engine)->Commit(batch).ok());
    return meta;
  }

  std::string Everything() const {
    std::string bytes;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir_.path())) {
      if (entry.is_regular_file()) bytes += ReadWholeFile(entry.path().string());
    }
    return bytes;
  }

  const TempDir dir_;
  const std::string data_ = dir_.Child("data");
  const std::string ready_ = dir_.Child("ready");
  std::string address_;
};

v1::IssuedToken IssueServiceToken(
    const std::shared_ptr<grpc::Channel>& channel, std::unique_ptr<grpc::ClientContext> context,
    const std::string& service,
    const std::string& request_id = "0b7a4a70-7b9e-4c62-9a33-0f5f1f2a3b4c") {
  v1::IssueTokenRequest request;
  v1::IssueTokenResponse response;
  request.set_parent("services/" + service);
  request.set_kind(v1::TOKEN_KIND_SERVICE);
  request.set_request_id(request_id);
  const grpc::Status status =
      v1::TokenService::NewStub(channel)->IssueToken(context.get(), request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.issued_token();
}

TEST_F(DaemonTest, InitMakesAFolderForItsOwnerAloneAndShowsTheSecretOnce) {
  const auto init = Run({"init", "--data", data_});

  ASSERT_EQ(init->Wait(), 0) << init->Errors();
  const std::vector<std::string> lines = absl::StrSplit(init->Output(), '\n');
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[0], ::testing::StartsWith("lko_"));
  EXPECT_THAT(init->Errors(), Not(HasSubstr(lines[0])));
  struct stat info {};
  ASSERT_EQ(stat(data_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0700u);
  ASSERT_EQ(stat((data_ + "/keys.json").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0600u);
}

TEST_F(DaemonTest, InitLeavesAFolderAloneThatHoldsSomething) {
  const std::string secret = Init();
  const std::string keys = ReadWholeFile(data_ + "/keys.json");

  EXPECT_THAT(FailureOf({"init", "--data", data_}), HasSubstr(data_));

  EXPECT_EQ(ReadWholeFile(data_ + "/keys.json"), keys);
}

TEST_F(DaemonTest, AnInitThatFailsOnItsWayLeavesAnEmptyFolder) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the undefined behaviour sanitizer takes a lack of descriptors for a bad vptr";
#endif
  // So many files may be open that the key file is written, and too few for the store.
  ChildProcess init(dir_.path(), {"/bin/bash", "-c", "ulimit -n 6; exec \"$0\" init --data \"$1\"",
                                  LATCHKEYD_PATH, data_});
  EXPECT_EQ(init.Wait(), 1) << init.Errors();
  EXPECT_EQ(init.Output(), "");
  EXPECT_TRUE(std::filesystem::is_empty(data_));
  EXPECT_NE(Init(), "");
}

TEST_F(DaemonTest, ServeRefusesAFolderThatWasNotMade) {
  EXPECT_THAT(FailureOf({"serve", "--data", data_, "--listen", "127.0.0.1:0"}), HasSubstr(data_));
  EXPECT_FALSE(std::filesystem::exists(data_));
}

TEST_F(DaemonTest, ServeRefusesAKeyFileThatOthersCanRead) {
  Init();
  ASSERT_EQ(chmod((data_ + "/keys.json").c_str(), 0640), 0);

  EXPECT_THAT(FailureOf({"serve", "--data", data_, "--listen", "127.0.0.1:0"}),
              HasSubstr("keys.json"));
}

TEST_F(DaemonTest, ASecondServerOnTheSameFolderIsRefused) {
  Init();
  const auto first = Serve();

  EXPECT_THAT(FailureOf({"serve", "--data", data_, "--listen", "127.0.0.1:0"}), HasSubstr(data_));

  EXPECT_FALSE(first->Ended());
}

TEST_F(DaemonTest, AKeyFileFromBeforeThereWereCheckpointsIsMendedByTheCommandThatItsRefusalNames) {
  Init();
  const std::string path = data_ + "/keys.json";
  const std::string keys = ReadWholeFile(path);
  const std::string before = keys.substr(0, keys.find(",\n  \"log_origin\"")) + "\n}\n";
  std::ofstream(path) << before;
  EXPECT_THAT(FailureOf({"serve", "--data", data_, "--listen", "127.0.0.1:0"}),
              HasSubstr("latchkeyd init --data " + data_ + " --add-log-key"));

  const auto mend = Run({"init", "--data", data_, "--add-log-key", "--log-origin", "our/log"});

  EXPECT_EQ(mend->Wait(), 0) << mend->Errors();
  EXPECT_THAT(mend->Output(), ::testing::StartsWith("our/log+"));
  EXPECT_THAT(ReadWholeFile(path), ::testing::StartsWith(before.substr(0, before.size() - 3)));
  Serve();
  EXPECT_THAT(FailureOf({"init", "--data", data_, "--add-log-key"}), HasSubstr("our/log"));
}

TEST_F(DaemonTest, AStoreOfANewerFormatIsRefusedByName) {
  Init();
  Meta([](auto& record) { record.set_format(4711); });

  EXPECT_THAT(FailureOf({"serve", "--data", data_, "--listen", "127.0.0.1:0"}), HasSubstr("4711"));
}

TEST_F(DaemonTest, TheKeyFileOfAnotherStoreIsRefused) {
  Init();
  { const auto first = Serve(); }
  const std::string path = data_ + "/keys.json";
  const std::string own = ReadWholeFile(path);
  const std::string other = dir_.Child("other");
  ASSERT_EQ(Run({"init", "--data", other})->Wait(), 0);
  const std::string keys = ReadWholeFile(other + "/keys.json");
  std::ofstream(path) << keys;

  EXPECT_THAT(FailureOf({"serve", "--data", data_, "--listen", "127.0.0.1:0"}),
              AllOf(HasSubstr("hash key 1"), HasSubstr("bring back the key file")));
  std::ofstream(path) << absl::StrReplaceAll(keys, {{"\"id\": 1", "\"id\": 2"}});
  EXPECT_THAT(FailureOf({"serve", "--data", data_, "--listen", "127.0.0.1:0"}),
              AllOf(HasSubstr("never opened with any"), HasSubstr("bring back the key file")));

  std::ofstream(path) << own;
  EXPECT_FALSE(Serve()->Ended());
}

TEST_F(DaemonTest, AnAnswerThatWasSealedUnderAnotherKeyIsNotTakenForDamage) {
  const std::string secret = Init();
  const auto issue = [this, &secret] {
    v1::IssueTokenRequest request;
    v1::IssueTokenResponse response;
    request.set_parent("services/gateway");
    request.set_kind(v1::TOKEN_KIND_SERVICE);
    request.set_request_id("0b7a4a70-7b9e-4c62-9a33-0f5f1f2a3b4c");
    const auto context = As(secret);
    return v1::TokenService::NewStub(NewChannel())->IssueToken(context.get(), request, &response);
  };
  {
    const auto first = Serve();
    MakeGateway(secret);
    ASSERT_TRUE(issue().ok());
  }
  const std::string path = data_ + "/keys.json";
  std::string keys = ReadWholeFile(path);
  const std::size_t at = keys.find("\"sealing_key\": \"") + 16;
  keys.replace(at, 4, keys.substr(at, 4) == "AAAA" ? "BBBB" : "AAAA");
  std::ofstream(path) << keys;
  const auto second = Serve();

  const grpc::Status again = issue();

  EXPECT_EQ(again.error_code(), grpc::StatusCode::FAILED_PRECONDITION) << again.error_message();
  EXPECT_THAT(again.error_message(), HasSubstr("was carried out"));
}

TEST_F(DaemonTest, AStoreFromBeforeKeysWereCheckedChecksThoseThatSignedItsLog) {
  const std::string secret = Init();
  {
    const auto first = Serve();
    MakeGateway(secret);
    first->Signal(SIGTERM);
    ASSERT_EQ(first->Wait(), 0);
  }
  EXPECT_EQ(Meta().key_checks_size(), 1);
  Meta([](auto& record) { record.clear_key_checks(); });

  const std::string path = data_ + "/keys.json";
  const std::string own = ReadWholeFile(path);
  const std::string other = dir_.Child("other");
  ASSERT_EQ(Run({"init", "--data", other})->Wait(), 0);
  std::ofstream(path) << ReadWholeFile(other + "/keys.json");
  EXPECT_THAT(FailureOf({"serve", "--data", data_, "--listen", "127.0.0.1:0"}),
              HasSubstr("not signed by the key file's log key"));
  std::ofstream(path) << own;
  { const auto second = Serve(); }

  const storage::v1::MetaRecord meta = Meta();
  ASSERT_EQ(meta.key_checks_size(), 1);
  EXPECT_EQ(meta.key_checks(0).id(), 1U);
  EXPECT_EQ(meta.key_checks(0).check().size(), 16U);
}

TEST_F(DaemonTest, SecretsStayGoodWhenLaterOnesGetOtherPrefixes) {
  const std::string secret = Init();
  const auto issue = [&](const std::string& request_id) {
    return IssueServiceToken(NewChannel(), As(secret), "gateway", request_id).secret();
  };
  const auto verifies = [&](const std::string& presented) {
    v1::VerifyRequest request;
    v1::VerifyResponse response;
    request.set_secret(presented);
    // With itself as its credentials too.
    const grpc::Status status =
        v1::VerifierService::NewStub(NewChannel())->Verify(As(presented).get(), request, &response);
    return status.ok() && response.verification().status() == v1::VERIFY_STATUS_ACTIVE;
  };
  std::string before;
  std::string with_others;
  {
    const auto server = Serve();
    MakeGateway(secret);
    before = issue("5a1e6d0c-2f43-4c62-9a33-0f5f1f2a3b01");
  }
  const std::string option = "--token-prefixes";
  const std::string others = "acmebot,acmeuser,acmetest,ac,ah,aa,acmesvc,ar";
  {
    const auto server = Serve({option, others});
    with_others = issue("5a1e6d0c-2f43-4c62-9a33-0f5f1f2a3b02");
    EXPECT_THAT(with_others, StartsWith("acmesvc_"));
    EXPECT_TRUE(verifies(with_others));
    EXPECT_TRUE(verifies(before));
  }

  {
    // A prefix may go to another kind, if only to take a mistake back.
    const auto server = Serve({option, "acmebot,acmesvc,acmetest,ac,ah,aa,acmeuser,ar"});
    EXPECT_THAT(issue("5a1e6d0c-2f43-4c62-9a33-0f5f1f2a3b04"), StartsWith("acmeuser_"));
    EXPECT_TRUE(verifies(with_others));
  }

  const auto server = Serve();
  EXPECT_THAT(issue("5a1e6d0c-2f43-4c62-9a33-0f5f1f2a3b03"), StartsWith("lks_"));
  EXPECT_TRUE(verifies(before));
  EXPECT_TRUE(verifies(with_others));
}

TEST_F(DaemonTest, AStoreWithOtherPrefixesHasAFormatThatEarlierProgramsRefuse) {
  const std::string secret = Init();
  EXPECT_EQ(Meta().format(), 2U);
  // As a store from before prefixes could be chosen is.
  Meta([](auto& record) { record.clear_token_prefixes(); });

  { const auto server = Serve({"--token-prefixes", "acmebot,lku,lkt,lkc,lkh,lka,lks,lkr"}); }

  const storage::v1::MetaRecord meta = Meta();
  EXPECT_EQ(meta.format(), 3U);
  ASSERT_EQ(meta.token_prefixes_size(), 9);
  EXPECT_EQ(meta.token_prefixes(0).prefix(), "lkb");
  EXPECT_EQ(meta.token_prefixes(8).prefix(), "acmebot");
  EXPECT_EQ(meta.token_prefixes(8).kind(), v1::TOKEN_KIND_BOT);
  { const auto server = Serve(); }
  Meta([](auto& record) { record.mutable_token_prefixes(8)->set_prefix("ACME"); });
  EXPECT_THAT(FailureOf({"serve", "--data", data_, "--listen", "127.0.0.1:0"}), HasSubstr("ACME"));
}

TEST_F(DaemonTest, WhatWasAcknowledgedIsThereAfterKill9) {
  const std::string secret = Init();
  std::uint64_t acknowledged = 0;
  int made = 0;
  {
    const auto server = Serve();
    const auto stub = v1::DirectoryService::NewStub(NewChannel());
    for (; made < 50; ++made) {
      v1::CreateWorkspaceRequest request;
      v1::CreateWorkspaceResponse response;
      request.set_workspace_id(absl::StrCat("w", made));
      request.mutable_workspace()->set_plan(v1::PLAN_FREE);
      request.set_primary_owner_id("owner");
      const grpc::Status status = stub->CreateWorkspace(As(secret).get(), request, &response);
      ASSERT_TRUE(status.ok()) << status.error_message();
      acknowledged = response.revision();
    }
    server->Signal(SIGKILL);
    EXPECT_EQ(server->Wait(), -1);
  }

  const auto again = Serve();

  v1::ListWorkspacesResponse workspaces;
  ASSERT_TRUE(v1::DirectoryService::NewStub(NewChannel())
                  ->ListWorkspaces(As(secret).get(), {}, &workspaces)
                  .ok());
  EXPECT_EQ(workspaces.workspaces_size(), made);
  v1::GetEventRequest request;
  request.set_sequence(acknowledged);
  v1::GetEventResponse event;
  EXPECT_TRUE(
      v1::AuditService::NewStub(NewChannel())->GetEvent(As(secret).get(), request, &event).ok());
}

TEST_F(DaemonTest, SigtermEndsStreamsAndThenTheServer) {
  const std::string secret = Init();
  const auto server = Serve();
  const auto context = As(secret);
  const auto reader = v1::AuditService::NewStub(NewChannel())->Subscribe(context.get(), {});
  v1::SubscribeResponse response;
  ASSERT_TRUE(reader->Read(&response));

  server->Signal(SIGTERM);

  while (reader->Read(&response)) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(server->Wait(), 0) << server->Errors();
  EXPECT_THAT(server->Errors(), HasSubstr("\"stopped\""));
}

// The number that a line of the log gives as the newest revision.
std::string NewestIn(const std::string& log, const std::string& message) {
  const std::size_t line = log.find(absl::StrCat("\"", message, "\""));
  const std::size_t field = log.find("\"newest_revision\":", line);
  const std::size_t digits = log.find(':', field) + 1;
  return log.substr(digits, log.find_first_of(",}", digits) - digits);
}

TEST_F(DaemonTest, SaysAtItsEndHowFarTheLogIsWithWhatWasCountedTillThen) {
  Init();
  const auto server = Serve();
  v1::ListWorkspacesResponse workspaces;
  const grpc::Status refused = v1::DirectoryService::NewStub(NewChannel())
                                   ->ListWorkspaces(As("wrong").get(), {}, &workspaces);
  ASSERT_EQ(refused.error_code(), grpc::StatusCode::UNAUTHENTICATED);

  server->Signal(SIGTERM);
  ASSERT_EQ(server->Wait(), 0) << server->Errors();

  const auto again = Serve();
  const std::string newest = NewestIn(again->Errors(), "opened the store");
  EXPECT_EQ(newest, "1") << "the refused call is counted";
  EXPECT_EQ(NewestIn(server->Errors(), "stopped"), newest) << server->Errors();
}

TEST_F(DaemonTest, WarnsOfAKeyThatEverybodyMayRead) {
  Init();
  const TestCa ca;
  const Identity identity = ca.Issue("IP:127.0.0.1");
  const std::string cert = dir_.Child("cert.pem");
  const std::string key = dir_.Child("key.pem");
  std::ofstream(cert) << identity.cert;
  std::ofstream(key) << identity.key;
  const auto log_with_mode = [&](mode_t mode) {
    EXPECT_EQ(::chmod(key.c_str(), mode), 0);
    const auto server = Serve({"--tls-cert", cert, "--tls-key", key});
    server->Signal(SIGTERM);
    EXPECT_EQ(server->Wait(), 0);
    return server->Errors();
  };
  EXPECT_THAT(log_with_mode(0644), HasSubstr("the mode of the key of TLS"));
  EXPECT_THAT(log_with_mode(0640), Not(HasSubstr("the mode of the key of TLS")));
}

TEST_F(DaemonTest, NoSecretIsInAFileOrALog) {
  const std::string operator_secret = Init();
  std::string token_secret;
  {
    const auto server = Serve();
    v1::CreateServiceRequest create;
    v1::CreateServiceResponse created;
    create.set_service_id("gateway");
    create.mutable_service()->add_roles(v1::SERVICE_ROLE_VERIFIER);
    ASSERT_TRUE(v1::DirectoryService::NewStub(NewChannel())
                    ->CreateService(As(operator_secret).get(), create, &created)
                    .ok());
    token_secret = IssueServiceToken(NewChannel(), As(operator_secret), "gateway").secret();
    ASSERT_FALSE(token_secret.empty());
    // The same request id gives it again, so it is kept, but not as it is.
    EXPECT_EQ(IssueServiceToken(NewChannel(), As(operator_secret), "gateway").secret(),
              token_secret);
    v1::ListServicesResponse services;
    EXPECT_FALSE(v1::DirectoryService::NewStub(NewChannel())
                     ->ListServices(As(token_secret + "x").get(), {}, &services)
                     .ok());
    server->Signal(SIGTERM);
    EXPECT_EQ(server->Wait(), 0);
  }
  // The one place where the operator secret belongs.
  for (const auto& entry : std::filesystem::directory_iterator(dir_.path())) {
    const std::string name = entry.path().filename().string();
    if (absl::StartsWith(name, "stdout.") &&
        absl::StrContains(ReadWholeFile(entry.path().string()), operator_secret)) {
      std::filesystem::remove(entry.path());
    }
  }

  const std::string bytes = Everything();

  ASSERT_GT(bytes.size(), 1000u);
  EXPECT_FALSE(absl::StrContains(bytes, operator_secret));
  EXPECT_FALSE(absl::StrContains(bytes, token_secret));
  EXPECT_TRUE(absl::StrContains(bytes, "services/gateway"));  // so it does look at the store
}

TEST_F(DaemonTest, WrongUseIsExitCode2) {
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{},
        {"nonsense"},
        {"serve"},
        {"serve", "--data", data_, "--nonsense"},
        {"serve", "--data", data_, "--poll-threads", "0"},
        {"serve", "--data", data_, "--replay-window", "soon"},
        {"serve", "--data", data_, "--log-level", "loud"},
        {"serve", "--data", data_, "--token-prefixes", "ab,cd"},
        {"serve", "--data", data_, "--token-prefixes", "a,lku,lkt,lkc,lkh,lka,lks,lkr"},
        {"serve", "--data", data_, "--token-prefixes", "lku,lkb,lkt,lkc,lkh,lka,lks,lkr"},
        {"init", "--data", data_, "extra"},
        {"init", "--data", data_, "--log-origin", "two words"}}) {
    EXPECT_THAT(FailureOf(args, 2), Not(""));
  }
  EXPECT_THAT(FailureOf({"serve", "--data", data_, "--log-level", "loud"}, 2),
              HasSubstr("loud is none; it takes debug, info, warning or error"));
}

TEST_F(DaemonTest, AFolderThatIsNotThereIsToldWithHowToMakeOne) {
  const std::string nowhere = dir_.Child("nowhere");
  for (const char* command : {"serve", "check-config"}) {
    EXPECT_THAT(FailureOf({command, "--data", nowhere}),
                HasSubstr("latchkeyd init --data " + nowhere));
  }
}

TEST_F(DaemonTest, CleartextOnANetworkIsRefusedAndSaysWhatTheFlagRisks) {
  Init();

  EXPECT_THAT(FailureOf({"serve", "--data", data_, "--listen", "0.0.0.0:0"}),
              HasSubstr("--allow-cleartext-on-network"));
}

TEST_F(DaemonTest, AConfigFileHoldsTheSameOptionsAndTheCommandLineGoesBefore) {
  Init();
  const std::string config = dir_.Child("config.toml");
  std::ofstream(config) << "# Latchkey\ndata = \"" << data_
                        << "\"\nlisten = [\"127.0.0.1:0\", \"0.0.0.0:0\"]\n"
                        << "poll-threads = 2\nno-reflection = true\nreplay-window = \"5m\"\n";

  EXPECT_THAT(FailureOf({"check-config", "--config", config}), HasSubstr("0.0.0.0:0"));
  const auto good = Run({"check-config", "--config", config, "--listen", "127.0.0.1:0"});
  EXPECT_EQ(good->Wait(), 0) << good->Errors();
}

TEST_F(DaemonTest, AConfigFileWithAnUnknownKeyIsRefusedByName) {
  Init();
  const std::string config = dir_.Child("config.toml");
  std::ofstream(config) << "data = \"" << data_ << "\"\nlisten_to = \"127.0.0.1:0\"\n";

  EXPECT_THAT(FailureOf({"check-config", "--config", config}, 2), HasSubstr("listen_to"));
}

}  // namespace
}  // namespace latchkey::testing
