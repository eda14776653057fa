// Runs tools/tour end to end: that each of its lines does what it says, and that it can be read.

#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/temp_dir.h"

namespace latchkey::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct TourResult {
  int code = -1;
  std::string text;
};

TourResult RunTour(const std::string& arguments, bool on_terminal) {
  const testing::TempDir folder;
  const std::string file = folder.Child("out");
  std::string command = absl::StrCat(LATCHKEY_TOUR, " ", arguments);
  if (on_terminal) command = absl::StrCat("script -qec '", command, "' /dev/null");
  command = absl::StrCat("TMPDIR='", folder.path(), "' LATCHKEY_BIN='", LATCHKEY_BIN, "' ", command,
                         " >'", file, "' 2>&1 </dev/null");
  const int status = std::system(command.c_str());  // NOLINT(cert-env33-c): paths of the build
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text.str()};
}

TEST(TourTest, ItRunsToItsEndInScreensAndSaysWhoActs) {
  const TourResult tour = RunTour("", /*on_terminal=*/false);
  ASSERT_EQ(tour.code, 0) << tour.text;
  EXPECT_THAT(tour.text, HasSubstr("$ latchkey --token-file operator workspace create acme --plan "
                                   "standard --display-name 'Acme Inc'"));
  EXPECT_THAT(tour.text,
              AllOf(HasSubstr("\n$ latchkey --token-file portal --as acme/gus token"),
                    HasSubstr("caller.guest"), HasSubstr("(exit code 5)"),
                    HasSubstr("Done: the server is stopped"), Not(HasSubstr("Enter goes on"))));
  int audits = 0;
  for (const absl::string_view section : absl::StrSplit(tour.text, "\n## ")) {
    if (absl::StartsWith(section, "The audit stream has all of it")) {
      EXPECT_THAT(std::string(section),
                  AllOf(HasSubstr("caller.guest"), HasSubstr("internal.collaborator"),
                        HasSubstr("legacy_bot.owner"), HasSubstr("test.request")));
      ++audits;
    }
    EXPECT_LE(std::count(section.begin(), section.end(), '\n'), 44) << section;
  }
  EXPECT_EQ(audits, 1);
  for (const absl::string_view line : absl::StrSplit(tour.text, '\n')) {
    const bool command = absl::StartsWith(line, "$ ");
    EXPECT_LE(line.size(), command ? 145U : 120U) << line;
  }
}

TEST(TourTest, OnATerminalItWaitsBetweenSectionsUnlessToldNotTo) {
  // Standard input is at its end, so that it waits once.
  const TourResult waits = RunTour("", /*on_terminal=*/true);
  EXPECT_EQ(waits.code, 0) << waits.text;
  EXPECT_THAT(waits.text, HasSubstr("[Enter goes on]"));
  const TourResult goes_on = RunTour("--no-wait", /*on_terminal=*/true);
  EXPECT_EQ(goes_on.code, 0) << goes_on.text;
  EXPECT_THAT(goes_on.text, Not(HasSubstr("[Enter goes on]")));
}

TEST(TourTest, WhatItDoesNotTakeIsRefused) {
  const TourResult tour = RunTour("--fast", /*on_terminal=*/false);
  EXPECT_EQ(tour.code, 2);
  EXPECT_THAT(tour.text, HasSubstr("takes serve or --no-wait"));
}

}  // namespace
}  // namespace latchkey::cli
