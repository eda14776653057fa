// Where the lines of an export go, and that a kill between any two system calls loses none and
// repeats none.
#include "tools/latchkey/export/sink.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/status_macros.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace {

// The system calls of this program that change files go through the functions below, which end the
// process in place of the one whose turn it is.
int calls_left = 0;  // 0: all
constexpr int kKilled = 9;

bool IsLast() { return calls_left != 0 && --calls_left == 0; }

void DieIfLast() {
  if (IsLast()) ::_exit(kKilled);
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* bytes, size_t size) {
  if (IsLast()) {
    ::syscall(SYS_write, fd, bytes, size / 2);
    ::_exit(kKilled);
  }
  return ::syscall(SYS_write, fd, bytes, size);
}
// A kill does not lose what was written, so that waiting for the disk would only take time.
int fsync(int /*fd*/) {
  DieIfLast();
  return 0;
}
int ftruncate(int fd, off_t size) noexcept {
  DieIfLast();
  return static_cast<int>(::syscall(SYS_ftruncate, fd, size));
}
int rename(const char* from, const char* to) noexcept {
  DieIfLast();
  return static_cast<int>(::syscall(SYS_rename, from, to));
}
int renameat2(int from_at, const char* from, int to_at, const char* to,
              unsigned int flags) noexcept {
  DieIfLast();
  return static_cast<int>(::syscall(SYS_renameat2, from_at, from, to_at, to, flags));
}

}  // extern "C"

namespace latchkey::cli {
namespace {

using ::testing::ElementsAre;
using testing::FakeClock;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::StatusIs;
using testing::TempDir;

constexpr std::uint64_t kEvents = 15;

std::string LineOf(std::uint64_t sequence) { return absl::StrCat("line ", sequence, "\n"); }

std::string AllLines() {
  std::string lines;
  for (std::uint64_t n = 1; n <= kEvents; ++n) lines += LineOf(n);
  return lines;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

ExportState StateOf(const std::string& output) {
  ExportState state;
  state.output = output;
  state.format = "jsonl";
  return state;
}

using SinkMaker = std::function<std::unique_ptr<Sink>(StateFile&, const Clock&)>;

std::unique_ptr<Sink> File(StateFile& state, const Clock& /*clock*/) { return MakeFileSink(state); }

// Files of three lines or so, some of which are ended by their age.
std::unique_ptr<Sink> Folder(StateFile& state, const Clock& clock) {
  return MakeFolderSink(state, {27, absl::Seconds(4)}, clock);
}

// Exports the events after the state's position, as an exporter would.
absl::Status Export(const SinkMaker& make, const std::string& output, const std::string& path) {
  LATCHKEY_ASSIGN_OR_RETURN(StateFile state, StateFile::Open(path, StateOf(output)));
  FakeClock clock;
  const std::unique_ptr<Sink> sink = make(state, clock);
  LATCHKEY_RETURN_IF_ERROR(sink->Open());
  for (std::uint64_t n = state.state().position + 1; n <= kEvents; ++n) {
    LATCHKEY_RETURN_IF_ERROR(sink->Write(n, LineOf(n)));
    if (n % 2 == 0) LATCHKEY_RETURN_IF_ERROR(sink->Flush());
    clock.Advance(absl::Seconds(n > 10 ? 2 : 0));
    if (n % 5 == 0) LATCHKEY_RETURN_IF_ERROR(sink->Checkpoint(n));
  }
  return sink->Finish(kEvents + 2);
}

// Exports in a process of its own, which dies in place of its nth system call; 0: of none. Returns
// whether it came to the end.
bool ExportUntil(int dies_at, const SinkMaker& make, const std::string& output,
                 const std::string& path) {
  const pid_t child = ::fork();
  if (child == 0) {
    calls_left = dies_at;
    const absl::Status status = Export(make, output, path);
    if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
    ::_exit(status.ok() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_NE(WEXITSTATUS(status), 1);
  return WEXITSTATUS(status) == 0;
}

TEST(FileSinkTest, AKillAtAnyCallLosesNothingAndRepeatsNothing) {
  bool whole = false;
  for (int dies_at = 1; !whole; ++dies_at) {
    SCOPED_TRACE(dies_at);
    const TempDir dir;
    const std::string output = dir.Child("log");
    whole = ExportUntil(dies_at, File, output, dir.Child("state"));
    for (int again = 1; again < 4; ++again) ExportUntil(again, File, output, dir.Child("state"));
    ASSERT_TRUE(ExportUntil(0, File, output, dir.Child("state")));
    EXPECT_EQ(ReadFile(output), AllLines());
  }
}

TEST(FolderSinkTest, AKillAtAnyCallLosesNothingAndRepeatsNothing) {
  bool whole = false;
  for (int dies_at = 1; !whole; ++dies_at) {
    SCOPED_TRACE(dies_at);
    const TempDir dir;
    const std::string output = dir.Child("logs");
    whole = ExportUntil(dies_at, Folder, output, dir.Child("state"));
    for (int again = 1; again < 4; ++again) ExportUntil(again, Folder, output, dir.Child("state"));
    ASSERT_TRUE(ExportUntil(0, Folder, output, dir.Child("state")));
    std::string lines;
    for (const std::string& name : NamesIn(output)) {
      EXPECT_TRUE(absl::StartsWith(name, "events-")) << name;
      lines += ReadFile(output + "/" + name);
    }
    EXPECT_EQ(lines, AllLines());
  }
}

TEST(FolderSinkTest, WhoTakesCompleteFilesAwayGetsEachLineOnce) {
  bool whole = false;
  for (int dies_at = 1; !whole; ++dies_at) {
    SCOPED_TRACE(dies_at);
    const TempDir dir;
    const std::string output = dir.Child("logs");
    std::string taken;
    const auto take = [&] {
      for (const std::string& name : NamesIn(output)) {
        if (!absl::StartsWith(name, "events-")) continue;
        taken += ReadFile(output + "/" + name);
        std::filesystem::remove(output + "/" + name);
      }
    };
    whole = ExportUntil(dies_at, Folder, output, dir.Child("state"));
    take();
    ExportUntil(3, Folder, output, dir.Child("state"));
    take();
    ASSERT_TRUE(ExportUntil(0, Folder, output, dir.Child("state")));
    take();
    EXPECT_EQ(taken, AllLines());
  }
}

TEST(FolderSinkTest, FilesSayWhatIsInThemAndAreAsLargeAsTheyMay) {
  const TempDir dir;
  ASSERT_THAT(Export(Folder, dir.Child("logs"), ""), IsOk());
  const std::vector<std::string> names = NamesIn(dir.Child("logs"));
  ASSERT_GT(names.size(), 3u);
  EXPECT_EQ(names[0], "events-000000000001-000000000003.jsonl");
  EXPECT_EQ(ReadFile(dir.Child("logs") + "/" + names[0]), "line 1\nline 2\nline 3\n");
  EXPECT_EQ(names.back().substr(names.back().size() - 18), "000000000015.jsonl");
}

TEST(FolderSinkTest, ALineThatIsTooLongHasAFileForItself) {
  const TempDir dir;
  StateFile state = StateFile::Open("", StateOf(dir.Child("logs"))).value();
  const FakeClock clock;
  const auto sink = MakeFolderSink(state, {1, absl::Hours(1)}, clock);
  ASSERT_THAT(sink->Open(), IsOk());
  ASSERT_THAT(sink->Write(4, "four\n"), IsOk());
  ASSERT_THAT(sink->Write(9, "nine\n"), IsOk());
  ASSERT_THAT(sink->Finish(9), IsOk());
  EXPECT_THAT(NamesIn(dir.Child("logs")), ElementsAre("events-000000000004-000000000004.jsonl",
                                                      "events-000000000009-000000000009.jsonl"));
}

TEST(FolderSinkTest, AnOpenFileIsHidden) {
  const TempDir dir;
  StateFile state = StateFile::Open("", StateOf(dir.Child("logs"))).value();
  const FakeClock clock;
  const auto sink = MakeFolderSink(state, {1000, absl::Hours(1)}, clock);
  ASSERT_THAT(sink->Open(), IsOk());
  ASSERT_THAT(sink->Write(4, "four\n"), IsOk());
  ASSERT_THAT(sink->Checkpoint(5), IsOk());
  EXPECT_THAT(NamesIn(dir.Child("logs")), ElementsAre(".events-000000000004.part"));
}

TEST(FolderSinkTest, NeverReplacesAFile) {
  const TempDir dir;
  std::filesystem::create_directory(dir.Child("logs"));
  const std::string taken = dir.Child("logs") + "/events-000000000001-000000000003.jsonl";
  std::ofstream(taken) << "mine";
  EXPECT_THAT(Export(Folder, dir.Child("logs"), ""),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("is there already")));
  EXPECT_EQ(ReadFile(taken), "mine");
}

TEST(FolderSinkTest, APartThatIsGoneIsNotPassedOver) {
  const TempDir dir;
  ExportState gone = StateOf(dir.Child("logs"));
  gone.part = ".events-000000000001.part";
  gone.bytes = 7;
  StateFile state = StateFile::Open("", gone).value();
  const FakeClock clock;
  EXPECT_THAT(MakeFolderSink(state, {1000, absl::Hours(1)}, clock)->Open(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("is gone")));
}

// A server that was restored from a backup need not send the same bytes again.
TEST(FileSinkTest, CutsOffWhatAKilledRunWroteBeyondItsState) {
  const TempDir dir;
  ASSERT_THAT(Export(File, dir.Child("log"), dir.Child("state")), IsOk());
  std::ofstream(dir.Child("log"), std::ios::app) << "line 16\nli";
  ASSERT_THAT(Export(File, dir.Child("log"), dir.Child("state")), IsOk());
  EXPECT_EQ(ReadFile(dir.Child("log")), AllLines());
}

TEST(FolderSinkTest, CutsOffWhatAKilledRunWroteBeyondItsState) {
  const TempDir dir;
  const FakeClock clock;
  const std::string part = dir.Child("logs") + "/.events-000000000001.part";
  for (const char* more : {"", "line 2\nli"}) {
    StateFile state = StateFile::Open(dir.Child("state"), StateOf(dir.Child("logs"))).value();
    const auto sink = MakeFolderSink(state, {1000, absl::Hours(1)}, clock);
    std::ofstream(part, std::ios::app) << more;
    ASSERT_THAT(sink->Open(), IsOk());
    if (state.resumed()) break;
    ASSERT_THAT(sink->Write(1, "line 1\n"), IsOk());
    ASSERT_THAT(sink->Checkpoint(1), IsOk());
  }
  EXPECT_EQ(ReadFile(part), "line 1\n");
}

TEST(FileSinkTest, LeavesAFileAloneThatItDoesNotKnow) {
  const TempDir dir;
  std::ofstream(dir.Child("log")) << "mine";
  EXPECT_THAT(Export(File, dir.Child("log"), dir.Child("state")),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("is not empty")));
  EXPECT_EQ(ReadFile(dir.Child("log")), "mine");
  EXPECT_FALSE(std::filesystem::exists(dir.Child("state")));
}

TEST(FileSinkTest, AFileThatWasCutIsNotGoneOnWith) {
  const TempDir dir;
  ASSERT_THAT(Export(File, dir.Child("log"), dir.Child("state")), IsOk());
  std::filesystem::resize_file(dir.Child("log"), 3);
  EXPECT_THAT(Export(File, dir.Child("log"), dir.Child("state")),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("3 bytes")));
}

TEST(FileSinkTest, TwoExportsDoNotWriteOneFile) {
  const TempDir dir;
  StateFile state = StateFile::Open("", StateOf(dir.Child("log"))).value();
  const auto first = MakeFileSink(state);
  ASSERT_THAT(first->Open(), IsOk());
  EXPECT_THAT(MakeFileSink(state)->Open(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("another export")));
}

TEST(FileSinkTest, AnExportThatWaitedForAnotherGoesOnWhereThatEnded) {
  for (const SinkMaker& make : {SinkMaker(File), SinkMaker(Folder)}) {
    const TempDir dir;
    // It read the state when the other one had not begun.
    StateFile late = StateFile::Open(dir.Child("state"), StateOf(dir.Child("log"))).value();
    ASSERT_THAT(Export(make, dir.Child("log"), dir.Child("state")), IsOk());
    const FakeClock clock;
    const auto sink = make(late, clock);
    ASSERT_THAT(sink->Open(), IsOk());
    EXPECT_EQ(late.state().position, kEvents + 2);
    ASSERT_THAT(sink->Write(kEvents + 3, "more\n"), IsOk());
    ASSERT_THAT(sink->Finish(kEvents + 3), IsOk());
    std::string lines;
    if (std::filesystem::is_directory(dir.Child("log"))) {
      for (const std::string& name : NamesIn(dir.Child("log"))) {
        lines += ReadFile(dir.Child("log") + "/" + name);
      }
    } else {
      lines = ReadFile(dir.Child("log"));
    }
    EXPECT_EQ(lines, AllLines() + "more\n");
  }
}

TEST(FileSinkTest, TheStateOfAnExportThatRunsIsLeftAlone) {
  const TempDir dir;
  StateFile late = StateFile::Open(dir.Child("state"), StateOf(dir.Child("log"))).value();
  StateFile state = StateFile::Open(dir.Child("state"), StateOf(dir.Child("log"))).value();
  const auto running = MakeFileSink(state);
  ASSERT_THAT(running->Open(), IsOk());
  ASSERT_THAT(running->Write(1, LineOf(1)), IsOk());
  ASSERT_THAT(running->Checkpoint(1), IsOk());
  const std::string kept = ReadFile(dir.Child("state"));
  EXPECT_THAT(MakeFileSink(late)->Open(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("another export")));
  EXPECT_EQ(ReadFile(dir.Child("state")), kept);
}

TEST(FileSinkTest, WhatIsNoFileIsRefused) {
  StateFile state = StateFile::Open("", StateOf("/dev/null")).value();
  EXPECT_THAT(MakeFileSink(state)->Open(), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(StreamSinkTest, KeepsThePositionOfWhatWasHandedOn) {
  const TempDir dir;
  std::ostringstream out;
  {
    StateFile state = StateFile::Open(dir.Child("state"), StateOf("-")).value();
    const auto sink = MakeStreamSink(out, state);
    ASSERT_THAT(sink->Open(), IsOk());
    ASSERT_THAT(sink->Write(1, "one\n"), IsOk());
    ASSERT_THAT(sink->Flush(), IsOk());
    ASSERT_THAT(sink->Finish(7), IsOk());
  }
  EXPECT_EQ(out.str(), "one\n");
  const StateFile state = StateFile::Open(dir.Child("state"), StateOf("-")).value();
  EXPECT_TRUE(state.resumed());
  EXPECT_EQ(state.state().position, 7u);
}

TEST(StreamSinkTest, SaysThatNothingCanBeWritten) {
  std::ostringstream out;
  StateFile state = StateFile::Open("", StateOf("-")).value();
  const auto sink = MakeStreamSink(out, state);
  out.setstate(std::ios::badbit);
  EXPECT_THAT(sink->Write(1, "one\n"), StatusIs(absl::StatusCode::kUnknown));
}

TEST(StateFileTest, IsOfOneExportOnly) {
  const TempDir dir;
  ExportState state = StateOf("log");
  state.filter = "{}";
  state.position = 5;
  ASSERT_THAT(StateFile::Open(dir.Child("state"), state).value().Save(), IsOk());

  state.position = 0;
  EXPECT_EQ(StateFile::Open(dir.Child("state"), state)->state().position, 5u);
  for (std::string ExportState::*field :
       {&ExportState::output, &ExportState::format, &ExportState::source, &ExportState::filter}) {
    ExportState other = state;
    other.*field = "other";
    EXPECT_THAT(StateFile::Open(dir.Child("state"), other),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("other'")));
  }
}

TEST(StateFileTest, WhatIsNoStateIsRefused) {
  const TempDir dir;
  for (const char* text : {"", "{", "[]", "{\"version\":2}", "{\"version\":1,\"output\":7}"}) {
    std::ofstream(dir.Child("state")) << text;
    EXPECT_THAT(StateFile::Open(dir.Child("state"), StateOf("log")),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is no state")))
        << text;
  }
  EXPECT_THAT(StateFile::Open(dir.path(), StateOf("log")), ::testing::Not(IsOk()));
}

}  // namespace
}  // namespace latchkey::cli
