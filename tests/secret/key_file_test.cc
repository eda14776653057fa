#include "server/secret/key_file.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/fake_entropy.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace latchkey::secret {
namespace {

namespace fs = std::filesystem;
using ::latchkey::testing::IsOk;
using ::latchkey::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void Overwrite(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

unsigned ModeOf(const std::string& path) {
  struct stat info {};
  EXPECT_EQ(::lstat(path.c_str(), &info), 0) << path;
  return info.st_mode & 07777U;
}

class KeyFileTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_THAT(keys_.Write(path_), IsOk()); }

  absl::Status ReadStatus() const { return KeyFile::Read(path_).status(); }

  const testing::TempDir dir_;
  testing::FakeEntropy entropy_;
  SecretString operator_secret_;
  const KeyFile keys_ = KeyFile::Create(entropy_, operator_secret_);
  const std::string path_ = dir_.Child("keys.json");
};

TEST_F(KeyFileTest, WhatIsReadHashesAndOpensAsWhatWasWritten) {
  const Keyring written = keys_.MakeKeyring();
  const auto sealed = written.sealer().Seal("id", "context", "answer", entropy_);
  ASSERT_THAT(sealed, IsOk());

  const auto read = KeyFile::Read(path_);

  ASSERT_THAT(read, IsOk());
  const Keyring keyring = read->MakeKeyring();
  EXPECT_EQ(keyring.current_key_id(), 1u);
  EXPECT_EQ(keyring.HashUnderCurrent("secret"), written.HashUnderCurrent("secret"));
  EXPECT_THAT(keyring.sealer().Open("id", "context", *sealed), testing::IsOkAndHolds("answer"));
  EXPECT_TRUE(keyring.IsOperatorSecret(operator_secret_.Reveal()));
}

TEST_F(KeyFileTest, EveryFileHasOtherKeys) {
  SecretString other_secret;
  const KeyFile other = KeyFile::Create(entropy_, other_secret);

  EXPECT_NE(other.MakeKeyring().HashUnderCurrent("secret"),
            keys_.MakeKeyring().HashUnderCurrent("secret"));
  EXPECT_FALSE(other_secret == operator_secret_);
  EXPECT_FALSE(keys_.MakeKeyring().IsOperatorSecret(other_secret.Reveal()));
}

TEST_F(KeyFileTest, TheFileHoldsNoOperatorSecret) {
  const std::string secret(operator_secret_.Reveal());

  EXPECT_THAT(Contents(path_), Not(HasSubstr(secret.substr(4, 43))));
}

TEST_F(KeyFileTest, OnlyTheOwnerMayReadWhatIsWrittenWhateverTheUmask) {
  const mode_t before = ::umask(0);
  const std::string open = dir_.Child("open.json");
  const absl::Status status = keys_.Write(open);
  ::umask(before);

  EXPECT_THAT(status, IsOk());
  EXPECT_EQ(ModeOf(open), 0600u);
}

TEST_F(KeyFileTest, WriteNeverOverwrites) {
  Overwrite(path_, "mine");

  EXPECT_THAT(keys_.Write(path_), StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr(path_)));
  EXPECT_EQ(Contents(path_), "mine");
}

TEST_F(KeyFileTest, WriteFollowsNoLink) {
  const std::string link = dir_.Child("link.json");
  fs::create_symlink(dir_.Child("elsewhere.json"), link);

  EXPECT_THAT(keys_.Write(link), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_FALSE(fs::exists(dir_.Child("elsewhere.json")));
}

TEST_F(KeyFileTest, WriteIntoAFolderThatIsNotThereIsNotFound) {
  const std::string nowhere = dir_.Child("nowhere/keys.json");

  EXPECT_THAT(keys_.Write(nowhere), StatusIs(absl::StatusCode::kNotFound, HasSubstr(nowhere)));
}

TEST_F(KeyFileTest, AWriteThatTheDiskCutsShortLeavesNothing) {
  const std::string path = dir_.Child("cut.json");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit tight{40, before.rlim_max};
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  const absl::Status status = keys_.Write(path);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);

  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr(path)));
  EXPECT_FALSE(fs::exists(path));
  EXPECT_THAT(keys_.Write(path), IsOk());
}

TEST_F(KeyFileTest, AFileThatOthersCanGetAtIsRefusedWithItsModeAndTheCure) {
  for (const mode_t mode : {0640U, 0620U, 0610U, 0604U, 0602U, 0601U, 0644U, 0666U, 04604U}) {
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
    EXPECT_THAT(ReadStatus(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                       AllOf(HasSubstr(path_), HasSubstr("chmod 600 " + path_))));
  }
  ASSERT_EQ(::chmod(path_.c_str(), 0640), 0);
  EXPECT_THAT(ReadStatus(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("has mode 0640")));
}

TEST_F(KeyFileTest, AFileThatItsOwnerAloneMayReadIsAccepted) {
  for (const mode_t mode : {0600U, 0400U}) {
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
    EXPECT_THAT(ReadStatus(), IsOk());
  }
}

TEST_F(KeyFileTest, AnotherUsersFileIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_EQ(::chown(path_.c_str(), 12345, 12345), 0);

  EXPECT_THAT(ReadStatus(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                     AllOf(HasSubstr(path_), HasSubstr("12345"))));
}

TEST_F(KeyFileTest, WhatIsNoRegularFileIsRefusedAtOnce) {
  const std::string link = dir_.Child("link.json");
  fs::create_symlink(path_, link);
  const std::string folder = dir_.Child("folder.json");
  fs::create_directory(folder);
  const std::string pipe = dir_.Child("pipe.json");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);

  for (const std::string& path : {link, folder, pipe}) {
    EXPECT_THAT(KeyFile::Read(path), StatusIs(absl::StatusCode::kFailedPrecondition,
                                              AllOf(HasSubstr(path), HasSubstr("regular file"))));
  }
}

TEST_F(KeyFileTest, AMissingFileIsNotFound) {
  ASSERT_TRUE(fs::remove(path_));

  EXPECT_THAT(ReadStatus(), StatusIs(absl::StatusCode::kNotFound, HasSubstr(path_)));
}

// A file as it was before there were checkpoints.
std::string WithoutLogKey(const std::string& text) {
  return text.substr(0, text.find(",\n  \"log_origin\"")) + "\n}\n";
}

TEST_F(KeyFileTest, TheLogsKeyHasTheNameThatIsAskedForOrARandomOne) {
  SecretString secret;
  EXPECT_EQ(KeyFile::Create(entropy_, secret, "log/of:us").MakeKeyring().log_signer().name(),
            "log/of:us");
  const std::string one = keys_.MakeKeyring().log_signer().name();
  EXPECT_THAT(one, ::testing::MatchesRegex("latchkey/[0-9a-f-]+"));
  EXPECT_NE(KeyFile::Create(entropy_, secret).MakeKeyring().log_signer().name(), one);
}

TEST_F(KeyFileTest, AFileWithoutAKeyForCheckpointsIsRefusedWithTheCommandThatMendsIt) {
  Overwrite(path_, WithoutLogKey(Contents(path_)));

  EXPECT_THAT(ReadStatus(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr(path_), HasSubstr("latchkeyd init --data " + dir_.path() +
                                                         " --add-log-key"))));
}

TEST_F(KeyFileTest, AddingAKeyForCheckpointsKeepsTheOtherKeysAndTheMode) {
  const std::string before = WithoutLogKey(Contents(path_));
  Overwrite(path_, before);
  ASSERT_EQ(::chmod(path_.c_str(), 0400), 0);

  const auto added = KeyFile::AddLogKey(path_, entropy_, "mine");

  ASSERT_THAT(added, IsOk());
  EXPECT_EQ(ModeOf(path_), 0400u);
  EXPECT_EQ(WithoutLogKey(Contents(path_)), before);
  const auto read = KeyFile::Read(path_);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->MakeKeyring().log_signer().name(), "mine");
  EXPECT_EQ(read->MakeKeyring().log_signer().VerifierKey(),
            added->MakeKeyring().log_signer().VerifierKey());
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_.path()), fs::directory_iterator()), 1);
}

TEST_F(KeyFileTest, AKeyForCheckpointsIsNeverReplaced) {
  const std::string before = Contents(path_);

  EXPECT_THAT(KeyFile::AddLogKey(path_, entropy_), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(Contents(path_), before);
}

TEST_F(KeyFileTest, ADamagedFileIsDataLossWithPathLineAndField) {
  Overwrite(path_, absl::StrReplaceAll(Contents(path_), {{"sealing_key", "sailing_key"}}));

  EXPECT_THAT(ReadStatus(),
              StatusIs(absl::StatusCode::kDataLoss,
                       AllOf(HasSubstr(path_), HasSubstr("line 6"), HasSubstr("sailing_key"))));
}

TEST_F(KeyFileTest, AFileTooLargeIsDataLossHoweverItBegins) {
  Overwrite(path_, Contents(path_) + std::string(64 << 10, ' '));

  EXPECT_THAT(ReadStatus(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("larger")));
}

}  // namespace
}  // namespace latchkey::secret
