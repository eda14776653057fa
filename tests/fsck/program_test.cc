// latchkey_fsck as a process, on a data folder as `latchkeyd init` makes it.
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/engine/rocksdb_engine.h"
#include "storage/keys.h"
#include "storage/merkle/checkpoint.h"
#include "storage/merkle/merkle_tree.h"
#include "storage/merkle/signed_note.h"
#include "storage/transaction.h"
#include "tests/server/daemon/child_process.h"
#include "tests/testing/fake_logger.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace latchkey::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ProgramTest : public ::testing::Test {
 protected:
  ProgramTest() {
    ChildProcess init(dir_.path(), {LATCHKEYD_PATH, "init", "--data", data_});
    EXPECT_EQ(init.Wait(), 0) << init.Errors();
  }

  std::unique_ptr<engine::Engine> OpenStore() {
    return engine::RocksdbEngine::Open({data_ + "/store", logger_}).value();
  }

  void AppendEvents(int count) {
    const auto engine = OpenStore();
    auto transaction =
        *storage::Transaction::Begin(std::make_unique<storage::View>(engine->NewSnapshot()));
    for (int i = 0; i < count; ++i) {
      v1::Event event;
      event.set_resource(absl::StrCat("apps/a", i));
      transaction->Append(std::move(event));
      transaction->Keep();
    }
    ASSERT_THAT(engine->Commit(*transaction->ToBatch()).status(), IsOk());
  }

  // Runs the program; `output` is what it writes, on both ways.
  int Fsck(std::vector<std::string> args, std::string& output) {
    args.insert(args.begin(), LATCHKEY_FSCK_PATH);
    ChildProcess fsck(dir_.path(), args);
    const int code = fsck.Wait();
    output = absl::StrCat(fsck.Output(), fsck.Errors());
    return code;
  }

  // Every file of the data folder.
  std::map<std::string, std::string> Files() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(data_)) {
      if (!entry.is_regular_file()) continue;
      files[entry.path().string()] = ReadWholeFile(entry.path().string());
    }
    return files;
  }

  const TempDir dir_;
  const std::string data_ = dir_.Child("data");
  FakeLogger logger_;
  std::string output_;
};

TEST_F(ProgramTest, ACleanStoreIsExitCode0AndIsLeftAsItIs) {
  AppendEvents(20);
  const auto before = Files();
  EXPECT_EQ(Fsck({"--data", data_}, output_), 0) << output_;
  EXPECT_THAT(output_, HasSubstr("clean: 20 events"));
  EXPECT_EQ(Files(), before);
}

TEST_F(ProgramTest, AnAlteredEventIsExitCode1AndIsNamed) {
  AppendEvents(20);
  {
    const auto engine = OpenStore();
    v1::Event event;
    event.set_sequence(17);
    event.set_resource("apps/innocent");
    const auto key = storage::EventKey(17);
    engine::WriteBatch batch;
    batch.Put(key.bytes, storage::EncodeRecord(key.bytes, event));
    ASSERT_THAT(engine->Commit(batch).status(), IsOk());
  }
  EXPECT_EQ(Fsck({"--data", data_}, output_), 1) << output_;
  EXPECT_THAT(output_, HasSubstr("event 17 and its leaf differ"));
}

TEST_F(ProgramTest, AStoreThatLostItsTailIsExitCode1) {
  AppendEvents(1);
  const std::string anchor = ReadWholeFile(data_ + "/store/ANCHOR");
  std::filesystem::remove_all(data_ + "/store");
  std::filesystem::create_directory(data_ + "/store");
  std::ofstream(data_ + "/store/ANCHOR") << anchor;
  EXPECT_EQ(Fsck({"--data", data_}, output_), 1) << output_;
  EXPECT_THAT(output_, HasSubstr("its tail is lost"));
}

TEST_F(ProgramTest, AStoreInUseIsExitCode2) {
  const auto engine = OpenStore();
  EXPECT_EQ(Fsck({"--data", data_}, output_), 2) << output_;
  EXPECT_THAT(output_, HasSubstr("in use"));
}

TEST_F(ProgramTest, AKeptCheckpointIsHeldAgainstTheLog) {
  const std::string path = dir_.Child("kept.txt");
  const auto signer = merkle::NoteSigner::Create("another.log", std::string(32, 's'));
  std::ofstream(path) << *merkle::SignCheckpoint(*signer, 0, merkle::EmptyRoot());
  EXPECT_EQ(Fsck({"--data", data_, "--checkpoint", path}, output_), 1) << output_;
  EXPECT_THAT(output_, HasSubstr(absl::StrCat("the checkpoint in ", path, " is not one")));
}

TEST_F(ProgramTest, AFileThatIsNoCheckpointIsExitCode2AndIsNamed) {
  const std::string path = dir_.Child("kept.txt");
  for (const char* junk : {"junk", "log\n1\n\n", "{\"not\": \"a note\"}\n"}) {
    std::ofstream(path, std::ios::trunc) << junk;
    EXPECT_EQ(Fsck({"--data", data_, "--checkpoint", path}, output_), 2) << output_;
    EXPECT_THAT(output_, HasSubstr(absl::StrCat(path, " is no checkpoint: ")));
    EXPECT_THAT(output_, Not(HasSubstr("damaged")));
  }
}

TEST_F(ProgramTest, TheKeyFileOfAnotherLogIsToldInOneLine) {
  AppendEvents(20);
  const auto signer = merkle::NoteSigner::Create("another.log", std::string(32, 's'));
  {
    const auto engine = OpenStore();
    engine::WriteBatch batch;
    for (std::uint64_t size = 1; size <= 3; ++size) {
      storage::v1::CheckpointRecord record;
      record.set_note(*merkle::SignCheckpoint(*signer, size, merkle::EmptyRoot()));
      const auto key = storage::CheckpointKey(size);
      batch.Put(key.bytes, storage::EncodeRecord(key.bytes, record));
    }
    ASSERT_THAT(engine->Commit(batch).status(), IsOk());
  }
  EXPECT_EQ(Fsck({"--data", data_}, output_), 1) << output_;
  EXPECT_THAT(output_, HasSubstr("the key does not match"));
  EXPECT_THAT(output_, HasSubstr("none of the 3 checkpoints"));
  EXPECT_THAT(output_, HasSubstr("another.log"));
  EXPECT_THAT(output_, Not(HasSubstr("altered")));
  EXPECT_THAT(output_, HasSubstr("damaged, 1 findings: 20 events"));
}

TEST_F(ProgramTest, WrongUseIsExitCode2) {
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{},
        {"--nonsense"},
        {"--data", dir_.Child("nowhere")},
        {"--data", data_, "--checkpoint", dir_.Child("nowhere")},
        {"--data", data_, "--keys", dir_.Child("nowhere")}}) {
    EXPECT_EQ(Fsck(args, output_), 2) << output_;
    EXPECT_NE(output_, "");
  }
}

TEST_F(ProgramTest, AFolderWithoutAStoreIsExitCode2) {
  std::filesystem::remove_all(data_ + "/store");
  EXPECT_EQ(Fsck({"--data", data_}, output_), 2) << output_;
  EXPECT_THAT(output_, HasSubstr("there is no store"));
  EXPECT_FALSE(std::filesystem::exists(data_ + "/store"));
}

}  // namespace
}  // namespace latchkey::testing
