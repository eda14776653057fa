// A log in memory, that is tampered with in every way somebody with the disk or the server could.
#include "client/log_verifier.h"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/fake_log.h"
#include "tests/testing/status_matchers.h"

namespace latchkey {
namespace {

using testing::FakeLog;
using ::testing::HasSubstr;
using testing::NewSigner;
using testing::StatusIs;

LogVerifier NewVerifier(FakeLog& log, const std::string& trusted = "") {
  return *LogVerifier::Create(log, log.signer.VerifierKey(), trusted);
}

void AddEvents(LogVerifier& verifier, const FakeLog& log, std::initializer_list<int> sequences) {
  for (const int i : sequences) {
    ASSERT_TRUE(verifier.Add(static_cast<std::uint64_t>(i), log.events[i - 1]).ok()) << i;
  }
}

// Reads the log from `after` on, and then holds it against the newest checkpoint.
absl::Status ReadAll(LogVerifier& verifier, FakeLog& log, std::uint64_t after = 0) {
  if (const absl::Status begun = verifier.Begin(after, true); !begun.ok()) return begun;
  for (std::uint64_t i = after; i < log.events.size(); ++i) {
    if (const absl::Status added = verifier.Add(i + 1, log.events[i]); !added.ok()) return added;
  }
  return verifier.CheckNow();
}

TEST(LogVerifierTest, AnUntouchedLogIsProvenWithoutAskingForProofs) {
  for (int count = 1; count < 40; ++count) {
    FakeLog log(count);
    LogVerifier verifier = NewVerifier(log);
    ASSERT_TRUE(ReadAll(verifier, log).ok()) << count;
    EXPECT_EQ(verifier.verified_through(), log.size());
    EXPECT_EQ(verifier.trusted_size(), log.size());
    EXPECT_EQ(log.proofs, 0);
  }
}

TEST(LogVerifierTest, ItGoesOnFromAnyPlaceWithWhatItTrustedBefore) {
  for (std::uint64_t trusted = 1; trusted <= 20; ++trusted) {
    for (std::uint64_t after = 0; after <= 25; ++after) {
      FakeLog log(25);
      LogVerifier verifier = NewVerifier(log, log.CheckpointAt(trusted));
      const absl::Status read = ReadAll(verifier, log, after);
      ASSERT_TRUE(read.ok()) << trusted << " " << after << ": " << read;
      EXPECT_EQ(verifier.verified_through(), 25U);
      EXPECT_EQ(verifier.verified_count(), 25 - after);
    }
  }
}

TEST(LogVerifierTest, EachAlteredByteIsFoundAndTheEventNamed) {
  const FakeLog untouched(11);
  for (std::size_t event = 0; event < untouched.events.size(); ++event) {
    for (std::size_t byte = 0; byte < untouched.events[event].size(); ++byte) {
      FakeLog log(11);
      log.events[event][byte] ^= 1;
      LogVerifier verifier = NewVerifier(log);
      const absl::Status read = ReadAll(verifier, log);
      ASSERT_THAT(read, StatusIs(absl::StatusCode::kDataLoss));
      EXPECT_THAT(std::string(read.message()),
                  HasSubstr(absl::StrCat("event ", event + 1, " was altered")));
    }
  }
}

TEST(LogVerifierTest, AnAlteredEventIsFoundInAFilteredStreamToo) {
  FakeLog log(11);
  LogVerifier verifier = NewVerifier(log);
  ASSERT_TRUE(verifier.Begin(0, false).ok());
  for (const int i : {2, 5, 9}) ASSERT_TRUE(verifier.Add(i, log.events[i - 1]).ok());
  ASSERT_TRUE(verifier.CheckNow().ok());
  EXPECT_EQ(verifier.verified_count(), 3U);
  ASSERT_TRUE(verifier.Add(10, "another event").ok());
  EXPECT_THAT(std::string(verifier.CheckNow().message()), HasSubstr("event 10 was altered"));
  // And it stays so.
  EXPECT_THAT(verifier.Add(11, log.events[10]), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(LogVerifierTest, RemovedAndReorderedEventsAreFound) {
  FakeLog log(9);
  LogVerifier gap = NewVerifier(log);
  ASSERT_TRUE(gap.Begin(0, true).ok());
  ASSERT_TRUE(gap.Add(1, log.events[0]).ok());
  EXPECT_THAT(std::string(gap.Add(4, log.events[3]).message()),
              HasSubstr("events 2 to 3 were removed"));
  LogVerifier back = NewVerifier(log);
  ASSERT_TRUE(back.Begin(3, true).ok());
  EXPECT_THAT(std::string(back.Add(2, log.events[1]).message()), HasSubstr("not in order"));
  // Swapped, with their numbers in order.
  std::swap(log.events[4], log.events[5]);
  LogVerifier swapped = NewVerifier(log);
  EXPECT_THAT(std::string(ReadAll(swapped, log).message()), HasSubstr("event 5 was altered"));
}

TEST(LogVerifierTest, ALogThatWasRewrittenWithItsTreeIsFoundByWhatWasTrusted) {
  for (std::uint64_t trusted = 1; trusted <= 12; ++trusted) {
    FakeLog log(12);
    const std::string kept = log.CheckpointAt(trusted);
    // Whoever has the disk and the key can do so.
    log.events[0] = "another first event";
    log.leaves[0] = merkle::LeafHash(log.events[0]);
    for (const std::uint64_t after : {0, 5, 12}) {
      LogVerifier verifier = NewVerifier(log, kept);
      const absl::Status read = ReadAll(verifier, log, after);
      ASSERT_THAT(read, StatusIs(absl::StatusCode::kDataLoss)) << trusted << " " << after;
      EXPECT_THAT(std::string(read.message()), HasSubstr("rewritten"));
    }
    LogVerifier filtered = NewVerifier(log, kept);
    ASSERT_TRUE(filtered.Begin(0, false).ok());
    EXPECT_THAT(filtered.CheckNow(), StatusIs(absl::StatusCode::kDataLoss));
  }
}

TEST(LogVerifierTest, ATruncatedLogIsFoundByWhatWasTrusted) {
  FakeLog log(12);
  const std::string kept = log.CheckpointAt(12);
  log.events.resize(10);
  log.leaves.resize(10);
  LogVerifier verifier = NewVerifier(log, kept);
  const absl::Status read = ReadAll(verifier, log);
  ASSERT_THAT(read, StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(std::string(read.message()), HasSubstr("truncated"));
  LogVerifier later = NewVerifier(log, kept);
  EXPECT_THAT(std::string(later.Begin(11, true).message()), HasSubstr("truncated"));
}

TEST(LogVerifierTest, CheckpointsOfAnotherKeyOrAlteredOnesAreRefused) {
  FakeLog log(3);
  const merkle::NoteSigner other = NewSigner("latchkey/other", 9);
  EXPECT_THAT(LogVerifier::Create(log, log.signer.VerifierKey(),
                                  *merkle::SignCheckpoint(other, 3, log.RootAt(3))),
              StatusIs(absl::StatusCode::kInvalidArgument));
  const std::string note = log.CheckpointAt(3);
  for (std::size_t i = 0; i < note.size(); ++i) {
    std::string altered = note;
    altered[i] ^= 1;
    LogVerifier verifier = NewVerifier(log);
    ASSERT_TRUE(verifier.Begin(0, true).ok());
    for (int e = 0; e < 3; ++e) ASSERT_TRUE(verifier.Add(e + 1, log.events[e]).ok());
    EXPECT_THAT(verifier.Check(altered), StatusIs(absl::StatusCode::kDataLoss)) << i;
  }
}

TEST(LogVerifierTest, AStreamThatBreaksAndResumesIsOne) {
  FakeLog log(30);
  LogVerifier verifier = NewVerifier(log);
  ASSERT_TRUE(verifier.Begin(0, true).ok());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(verifier.Add(i + 1, log.events[i]).ok());
  ASSERT_TRUE(verifier.Begin(10, true).ok());
  for (int i = 10; i < 20; ++i) ASSERT_TRUE(verifier.Add(i + 1, log.events[i]).ok());
  // A checkpoint of what came before, and one of what is yet to come.
  ASSERT_TRUE(verifier.Check(log.CheckpointAt(15)).ok());
  EXPECT_EQ(verifier.verified_through(), 15U);
  ASSERT_TRUE(verifier.Check(log.CheckpointAt(30)).ok());
  EXPECT_EQ(verifier.verified_through(), 20U);
  EXPECT_EQ(verifier.verified_count(), 20U);
}

TEST(LogVerifierTest, WhatCameBeforeABreakIsStillProvenInAFilteredStream) {
  for (const bool altered : {false, true}) {
    FakeLog log(12);
    if (altered) log.events[4] = "another event";
    LogVerifier verifier = NewVerifier(log);
    ASSERT_TRUE(verifier.Begin(0, false).ok());
    AddEvents(verifier, log, {2, 5});
    verifier.Commit();
    ASSERT_TRUE(verifier.Begin(7, false).ok());
    EXPECT_EQ(verifier.verified_through(), 0U);
    AddEvents(verifier, log, {9});
    const absl::Status checked = verifier.CheckNow();
    if (altered) {
      EXPECT_THAT(checked, StatusIs(absl::StatusCode::kDataLoss, HasSubstr("event 5 was altered")));
      EXPECT_EQ(verifier.verified_through(), 2U);
      continue;
    }
    EXPECT_TRUE(checked.ok()) << checked;
    EXPECT_EQ(verifier.verified_count(), 3U);
    EXPECT_EQ(verifier.verified_through(), 9U);
  }
}

TEST(LogVerifierTest, WhatAConsumerIsGivenAgainIsProvenOnceAndHeldToBoth) {
  FakeLog log(12);
  LogVerifier verifier = NewVerifier(log);
  ASSERT_TRUE(verifier.Begin(0, false).ok());
  AddEvents(verifier, log, {1, 2, 3});
  verifier.Commit();
  ASSERT_TRUE(verifier.Begin(1, false).ok());
  AddEvents(verifier, log, {2, 3, 4});
  ASSERT_TRUE(verifier.CheckNow().ok());
  EXPECT_EQ(verifier.verified_count(), 4U);

  LogVerifier other = NewVerifier(log);
  ASSERT_TRUE(other.Begin(0, false).ok());
  ASSERT_TRUE(other.Add(1, log.events[0]).ok());
  ASSERT_TRUE(other.Add(2, "another event").ok());
  other.Commit();
  ASSERT_TRUE(other.Begin(1, false).ok());
  AddEvents(other, log, {2, 3});
  EXPECT_THAT(other.CheckNow(),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("event 2 was altered")));
}

TEST(LogVerifierTest, WhatWasNotHandedOnComesAgainAndIsProvenThen) {
  for (const bool altered : {false, true}) {
    FakeLog log(12);
    LogVerifier verifier = NewVerifier(log);
    ASSERT_TRUE(verifier.Begin(0, true).ok());
    AddEvents(verifier, log, {1, 2, 3, 4, 5});
    ASSERT_TRUE(verifier.Check(log.CheckpointAt(5)).ok());
    verifier.Commit();
    AddEvents(verifier, log, {6, 7});
    log.failure = absl::UnavailableError("gone");
    EXPECT_THAT(verifier.Check(log.CheckpointAt(12)), StatusIs(absl::StatusCode::kUnavailable));
    ASSERT_TRUE(verifier.Begin(5, true).ok());
    EXPECT_EQ(verifier.verified_through(), 5U);
    log.failure = absl::OkStatus();
    if (altered) log.events[5] = "another event";
    AddEvents(verifier, log, {6, 7, 8});
    const absl::Status checked = verifier.CheckNow();
    EXPECT_EQ(checked.ok(), !altered) << checked;
    EXPECT_EQ(verifier.verified_count(), altered ? 5U : 8U);
    EXPECT_EQ(verifier.verified_through(), altered ? 5U : 8U);
  }
}

TEST(LogVerifierTest, BeforeItBeginsElsewhereItProvesWhatWasAdded) {
  for (const bool every_event : {false, true}) {
    FakeLog log(12);
    LogVerifier verifier = NewVerifier(log);
    ASSERT_TRUE(verifier.Begin(0, true).ok());
    AddEvents(verifier, log, {1, 2, 3});
    verifier.Commit();
    log.failure = absl::UnavailableError("gone");
    EXPECT_THAT(verifier.Begin(8, every_event), StatusIs(absl::StatusCode::kUnavailable));
    EXPECT_EQ(verifier.verified_through(), 0U);
    log.failure = absl::OkStatus();
    ASSERT_TRUE(verifier.Begin(8, every_event).ok());
    EXPECT_EQ(verifier.verified_count(), 3U);
    EXPECT_EQ(verifier.verified_through(), 3U);

    LogVerifier other = NewVerifier(log);
    ASSERT_TRUE(other.Begin(0, true).ok());
    ASSERT_TRUE(other.Add(1, "another event").ok());
    other.Commit();
    EXPECT_THAT(other.Begin(8, every_event),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("event 1 was altered")));
  }
}

TEST(LogVerifierTest, EventsAreMissedThatWereToHaveCome) {
  FakeLog log(9);
  LogVerifier verifier = NewVerifier(log);
  ASSERT_TRUE(verifier.Begin(0, true).ok());
  AddEvents(verifier, log, {1, 2});
  EXPECT_TRUE(verifier.Complete(2).ok());
  EXPECT_THAT(verifier.Complete(5),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("events 3 to 5 were removed")));
  LogVerifier filtered = NewVerifier(log);
  ASSERT_TRUE(filtered.Begin(0, false).ok());
  EXPECT_TRUE(filtered.Complete(5).ok());
}

TEST(LogVerifierTest, ANewestCheckpointOfLessThanBeforeIsATruncatedLog) {
  FakeLog log(12);
  const std::string kept = log.CheckpointAt(12);
  LogVerifier sent = NewVerifier(log);
  ASSERT_TRUE(sent.Begin(0, false).ok());
  AddEvents(sent, log, {11});
  log.events.resize(10);
  log.leaves.resize(10);
  LogVerifier verifier = NewVerifier(log, kept);
  const absl::Status checked = verifier.CheckNow();
  EXPECT_THAT(checked, StatusIs(absl::StatusCode::kDataLoss,
                                HasSubstr("truncated: it ends at event 10, and the checkpoint of "
                                          "12 events")));
  EXPECT_THAT(std::string(checked.message()), HasSubstr("restored from a backup"));
  EXPECT_EQ(verifier.rejected_checkpoint(), "");  // it contradicts nothing
  EXPECT_THAT(sent.CheckNow(), StatusIs(absl::StatusCode::kDataLoss,
                                        HasSubstr("ends at event 10, and event 11 was sent")));
}

TEST(LogVerifierTest, ARewrittenTreeIsTheEndWhereNoEventCanBeNamedToo) {
  FakeLog log(12);
  LogVerifier verifier = NewVerifier(log);
  ASSERT_TRUE(verifier.Begin(0, true).ok());
  ASSERT_TRUE(verifier.Add(1, "another event").ok());
  log.failure = absl::UnavailableError("gone");
  EXPECT_THAT(verifier.Check(log.CheckpointAt(1)),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("the tree of the events up to 1")));
}

TEST(LogVerifierTest, TheCheckpointThatWasRefusedIsKeptAndAnUnsignedTreeIsNotCalledOne) {
  FakeLog log(12);
  const std::string kept = log.CheckpointAt(8);
  log.events[0] = "another first event";
  log.leaves[0] = merkle::LeafHash(log.events[0]);
  LogVerifier verifier = NewVerifier(log, kept);
  ASSERT_TRUE(verifier.Begin(0, false).ok());
  EXPECT_THAT(verifier.CheckNow(),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("no proof joins them")));
  EXPECT_EQ(verifier.rejected_checkpoint(), log.CheckpointAt(12));
  EXPECT_EQ(verifier.trusted_checkpoint(), kept);
}

TEST(LogVerifierTest, TwoCheckpointsOfOneSizeProveARewritingByThemselves) {
  FakeLog log(8);
  const std::string kept = log.CheckpointAt(8);
  log.leaves[0] = merkle::LeafHash("another first event");
  LogVerifier verifier = NewVerifier(log, kept);
  ASSERT_TRUE(verifier.Begin(0, false).ok());
  EXPECT_THAT(verifier.CheckNow(),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("the two signatures prove it")));
}

TEST(LogVerifierTest, WhatTheServerSignsIsFetchedWhereItsUnsignedTreeIsNotTheTrustedOne) {
  for (const std::uint64_t after : {0, 4, 10}) {
    FakeLog log(12);
    const std::string kept = log.CheckpointAt(8);
    log.events[0] = "another first event";
    log.leaves[0] = merkle::LeafHash(log.events[0]);
    LogVerifier verifier = NewVerifier(log, kept);
    EXPECT_THAT(ReadAll(verifier, log, after),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("no proof joins them")))
        << after;
    EXPECT_EQ(verifier.rejected_checkpoint(), log.CheckpointAt(12)) << after;
    EXPECT_EQ(verifier.trusted_checkpoint(), kept);
  }
}

TEST(LogVerifierTest, WhereWhatIsSignedIsTheTrustedLogThereIsNoEvidenceAgainstTheServer) {
  FakeLog log(12);
  const std::string kept = log.CheckpointAt(8);
  log.events[2] = "another event";  // on the way, or on the disk without its leaf
  LogVerifier verifier = NewVerifier(log, kept);
  EXPECT_THAT(ReadAll(verifier, log),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("event 3 was altered")));
  EXPECT_EQ(verifier.rejected_checkpoint(), "");
}

TEST(LogVerifierTest, AnOlderCheckpointOfALogThatIsShorterNowIsNoEvidence) {
  FakeLog log(12);
  const std::string kept = log.CheckpointAt(12);
  log.events.resize(10);
  log.leaves.resize(10);
  LogVerifier verifier = NewVerifier(log, kept);
  ASSERT_TRUE(verifier.Begin(0, false).ok());
  EXPECT_THAT(verifier.Check(log.CheckpointAt(9)),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("truncated")));
  EXPECT_EQ(verifier.rejected_checkpoint(), "");
}

}  // namespace
}  // namespace latchkey
