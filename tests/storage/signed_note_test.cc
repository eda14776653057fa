#include "storage/merkle/signed_note.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/merkle/checkpoint.h"
#include "tests/storage/merkle_reference.h"
#include "tests/testing/status_matchers.h"

namespace latchkey::merkle {
namespace {

using ::testing::HasSubstr;
using testing::IsOk;
using testing::IsOkAndHolds;
using testing::StatusIs;

// Of the seed 00 01 02 ... 1f and the eight known leaves; made with another implementation.
constexpr char kVerifierKey[] =
    "latchkey/test+cecbf656+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
constexpr char kText[] = "latchkey/test\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n";
constexpr char kSignature[] =
    "\xe2\x80\x94 latchkey/test "
    "zsv2VuSZLmUuQZC8TXQWFN5gplJ91iWqCSP4qAxIsu1aq82MJhGO1bnkv9iwvciGkGgzOYmeK61Ynb5mFXAOkjtahAA="
    "\n";

std::string KnownNote() { return absl::StrCat(kText, "\n", kSignature); }

std::string Seed() {
  std::string seed;
  for (char c = 0; c < 32; ++c) seed.push_back(c);
  return seed;
}

NoteSigner Signer(const std::string& name = "latchkey/test") {
  return *NoteSigner::Create(name, Seed());
}
NoteVerifier Verifier() { return *NoteVerifier::Parse(kVerifierKey); }

TEST(SignedNoteTest, KeyAndNoteAreThoseOfAnotherImplementation) {
  EXPECT_EQ(Signer().VerifierKey(), kVerifierKey);
  EXPECT_THAT(Signer().Sign(kText), IsOkAndHolds(KnownNote()));
  EXPECT_THAT(Verifier().Open(KnownNote()), IsOkAndHolds(std::string(kText)));
}

TEST(SignedNoteTest, EveryChangedBitIsRefused) {
  const std::string note = KnownNote();
  for (std::size_t i = 0; i < note.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string damaged = note;
      damaged[i] = static_cast<char>(static_cast<unsigned char>(damaged[i]) ^ 1U << bit);
      EXPECT_THAT(Verifier().Open(damaged), StatusIs(absl::StatusCode::kDataLoss)) << i;
    }
  }
}

TEST(SignedNoteTest, EveryTruncationAndEverythingBehindIsRefused) {
  const std::string note = KnownNote();
  for (std::size_t size = 0; size < note.size(); ++size) {
    EXPECT_FALSE(Verifier().Open(note.substr(0, size)).ok()) << size;
  }
  for (const char* rest : {"\n", "x", "x\n", " ", "\xe2\x80\x94 \n", "\xe2\x80\x94 a b\n"}) {
    EXPECT_FALSE(Verifier().Open(note + rest).ok()) << rest;
  }
  EXPECT_FALSE(Verifier().Open("x" + note).ok());
  EXPECT_FALSE(Verifier().Open("\n" + note).ok());
}

TEST(SignedNoteTest, SignaturesOfOtherKeysArePassedOver) {
  const NoteSigner other = *NoteSigner::Create("witness", std::string(32, 'w'));
  const std::string theirs = *other.Sign(kText);
  const std::string line = theirs.substr(theirs.rfind("\n\n") + 2);

  EXPECT_THAT(Verifier().Open(KnownNote() + line), IsOkAndHolds(std::string(kText)));
  EXPECT_THAT(Verifier().Open(absl::StrCat(kText, "\n", line, kSignature)),
              IsOkAndHolds(std::string(kText)));
  EXPECT_THAT(Verifier().Open(theirs),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("not signed by the key")));
}

TEST(SignedNoteTest, AnotherKeyOfTheSameNameIsAnotherKey) {
  const NoteSigner other = *NoteSigner::Create("latchkey/test", std::string(32, 'w'));
  EXPECT_THAT(Verifier().Open(*other.Sign(kText)), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(SignedNoteTest, WhatIsTooLargeIsRefusedWhateverItSays) {
  std::string large(kMaxNoteSize, 'a');
  EXPECT_THAT(Verifier().Open(large + "\n" + KnownNote()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("too large")));
  EXPECT_THAT(Signer().Sign(large + "\n"), StatusIs(absl::StatusCode::kInvalidArgument));
  std::string many = KnownNote();
  for (int i = 0; i < 200; ++i) absl::StrAppend(&many, kSignature);
  EXPECT_THAT(Verifier().Open(many), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(SignedNoteTest, ATextWithEmptyLinesIsWhole) {
  const std::string text = "one\n\ntwo\n\n\nthree\n";
  EXPECT_THAT(Verifier().Open(*Signer().Sign(text)), IsOkAndHolds(text));
  for (const char* bad : {"", "no newline", "tab\there\n", "return\r\n"}) {
    EXPECT_THAT(Signer().Sign(bad), StatusIs(absl::StatusCode::kInvalidArgument)) << bad;
  }
}

TEST(SignedNoteTest, NamesAndSeedsHaveBounds) {
  EXPECT_THAT(NoteSigner::Create(std::string(128, 'a'), Seed()), IsOk());
  for (const std::string& name :
       {std::string(), std::string(129, 'a'), std::string("a b"), std::string("a+b"),
        std::string("a\nb"), std::string("\xc3\xa9"), std::string("a\0b", 3)}) {
    EXPECT_THAT(NoteSigner::Create(name, Seed()), StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_FALSE(NoteSigner::Create("a", std::string(31, 's')).ok());
  EXPECT_FALSE(NoteSigner::Create("a", std::string(33, 's')).ok());
}

TEST(SignedNoteTest, AVerifierKeyThatWasChangedIsRefused) {
  const std::string key = kVerifierKey;
  for (std::size_t i = 0; i < key.size(); ++i) {
    std::string damaged = key;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_THAT(NoteVerifier::Parse(damaged), StatusIs(absl::StatusCode::kInvalidArgument)) << i;
  }
  for (const char* bad : {"", "+", "++", "latchkey/test", "latchkey/test+cecbf656+"}) {
    EXPECT_FALSE(NoteVerifier::Parse(bad).ok()) << bad;
  }
  EXPECT_FALSE(NoteVerifier::Parse(key + "=").ok());
  EXPECT_FALSE(NoteVerifier::Parse(key + "\n").ok());
}

Hash KnownRoot() { return ReferenceRoot(KnownLeaves()); }

TEST(CheckpointTest, IsSignedAndOpened) {
  EXPECT_THAT(SignCheckpoint(Signer(), 8, KnownRoot()), IsOkAndHolds(KnownNote()));
  const auto opened = OpenCheckpoint(Verifier(), KnownNote());
  ASSERT_THAT(opened, IsOk());
  EXPECT_EQ(opened->origin, "latchkey/test");
  EXPECT_EQ(opened->size, 8u);
  EXPECT_EQ(opened->root, KnownRoot());
}

TEST(CheckpointTest, TakesEverySize) {
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
    const auto opened = OpenCheckpoint(Verifier(), *SignCheckpoint(Signer(), size, KnownRoot()));
    ASSERT_THAT(opened, IsOk());
    EXPECT_EQ(opened->size, size);
  }
}

TEST(CheckpointTest, IsReadInOneFormOnly) {
  const std::string good = kText;
  ASSERT_THAT(ParseCheckpoint(good), IsOk());
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"\n8\n", "\n08\n"},
                                                        {"\n8\n", "\n+8\n"},
                                                        {"\n8\n", "\n 8\n"},
                                                        {"\n8\n", "\n-8\n"},
                                                        {"\n8\n", "\n\n"},
                                                        {"\n8\n", "\n18446744073709551616\n"},
                                                        {"latchkey/test", ""},
                                                        {"latchkey/test", "latchkey test"},
                                                        {"Qyg=\n", "Qyg=\nmore\n"},
                                                        {"Qyg=\n", "Qyg="},
                                                        {"Qyg=\n", "Qyg\n"},
                                                        {"Qyg=\n", "Qyh=\n"},
                                                        {"Qyg=\n", "Q===\n"},
                                                        {"Xcna", ""},
                                                        {"Xcna", "XcnaXcna"},
                                                        {"Xcna", " Xcna"}}) {
    const std::string bad = absl::StrReplaceAll(good, {{from, to}});
    ASSERT_NE(bad, good);
    EXPECT_THAT(ParseCheckpoint(bad), StatusIs(absl::StatusCode::kDataLoss)) << bad;
  }
}

TEST(CheckpointTest, OfAnotherOriginIsRefused) {
  const std::string note = *Signer().Sign(absl::StrReplaceAll(kText, {{"/test", "/other"}}));
  EXPECT_THAT(OpenCheckpoint(Verifier(), note),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("another log")));
}

}  // namespace
}  // namespace latchkey::merkle
