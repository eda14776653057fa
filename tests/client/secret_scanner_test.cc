#include "client/secret_scanner.h"

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/form/secret_form.h"
#include "tests/testing/made_up_secret.h"

namespace latchkey {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::MadeUpSecret;
using ::testing::SizeIs;

// The buffer of the scanner, whose borders must not matter either.
constexpr std::size_t kBuffer = 64 * 1024;

// What was found, in words.
struct Found {
  std::uint64_t offset;
  std::uint64_t line;
  std::uint64_t column;
  v1::TokenKind kind;
  std::string secret;

  friend bool operator==(const Found&, const Found&) = default;
  friend void PrintTo(const Found& found, std::ostream* out) {
    *out << found.offset << " at " << found.line << ":" << found.column << " kind " << found.kind
         << " " << found.secret;
  }
};

class SecretScannerTest : public ::testing::Test {
 protected:
  // Scans `text`, cut after every `chunk` bytes.
  static std::vector<Found> Scan(absl::string_view text, std::size_t chunk = std::string::npos,
                                 const secret::TokenPrefixes& prefixes = {}) {
    std::vector<Found> all;
    SecretScanner scanner(Into(all), prefixes);
    for (std::size_t at = 0; at < text.size(); at += std::min(chunk, text.size() - at)) {
      scanner.Feed(text.substr(at, chunk));
    }
    return all;
  }

  static SecretScanner::Callback Into(std::vector<Found>& all) {
    return [&all](const FoundSecret& found) {
      EXPECT_EQ(found.secret.substr(0, found.prefix.size()), found.prefix);
      all.push_back(
          {found.offset, found.line, found.column, found.kind, std::string(found.secret)});
    };
  }

  static std::vector<std::string> SecretsIn(absl::string_view text) {
    std::vector<std::string> secrets;
    for (const Found& found : Scan(text)) secrets.push_back(found.secret);
    return secrets;
  }

  const std::string bot_ = MadeUpSecret("lkb");
};

TEST_F(SecretScannerTest, ItSaysWhereASecretIsAndOfWhichKind) {
  const std::string test = MadeUpSecret("lkt");
  const std::string bytes("\xff\0", 2);
  const std::string text = absl::StrCat("first\n  TOKEN=", bot_, "\r\n\n", bytes, test, "\n");

  EXPECT_THAT(Scan(text), ElementsAre(Found{14, 2, 9, v1::TOKEN_KIND_BOT, bot_},
                                      Found{72, 4, 3, v1::TOKEN_KIND_TEST, test}));
  EXPECT_THAT(Scan(bot_), ElementsAre(Found{0, 1, 1, v1::TOKEN_KIND_BOT, bot_}));
}

TEST_F(SecretScannerTest, EveryKindIsFoundAndTheOperatorsSecretToo) {
  int kind = 0;
  for (const char* prefix : {"lkb", "lku", "lkt", "lkc", "lkh", "lka", "lks", "lkr"}) {
    const auto found = Scan(MadeUpSecret(prefix));
    ASSERT_THAT(found, SizeIs(1)) << prefix;
    EXPECT_EQ(found[0].kind, ++kind) << prefix;
  }
  const auto found = Scan(MadeUpSecret("lko"));
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].kind, v1::TOKEN_KIND_UNSPECIFIED);
}

TEST_F(SecretScannerTest, ItDoesNotMatterHowTheStreamIsCut) {
  const std::string text = absl::StrCat("lkb_\n__lkb_0\n", bot_, "\n\n", MadeUpSecret("lkr"),
                                        MadeUpSecret("lko"), "\nx");
  const std::vector<Found> whole = Scan(text);
  ASSERT_THAT(whole, SizeIs(3));

  for (std::size_t chunk = 1; chunk <= text.size(); ++chunk) {
    EXPECT_EQ(Scan(text, chunk), whole) << "in chunks of " << chunk;
  }
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    std::vector<Found> all;
    SecretScanner scanner(Into(all));
    scanner.Feed(text.substr(0, cut));
    scanner.Feed("");
    scanner.Feed(text.substr(cut));
    EXPECT_EQ(all, whole) << "cut at " << cut;
  }
}

TEST_F(SecretScannerTest, ASecretIsToldOfAsSoonAsItIsWhole) {
  std::vector<Found> all;
  SecretScanner scanner(Into(all));
  scanner.Feed(bot_.substr(0, bot_.size() - 1));
  EXPECT_THAT(all, IsEmpty());
  scanner.Feed(bot_.substr(bot_.size() - 1));
  EXPECT_THAT(all, SizeIs(1));
}

TEST_F(SecretScannerTest, SecretsLieAcrossTheBordersOfItsBuffer) {
  for (std::size_t shift = 0; shift <= 300; ++shift) {
    const std::size_t offset = 3 * kBuffer - shift;
    std::string text(offset, '\n');
    text[offset - 1] = '.';
    absl::StrAppend(&text, bot_, std::string(kBuffer, '_'));

    EXPECT_THAT(Scan(text), ElementsAre(Found{offset, offset, 2, v1::TOKEN_KIND_BOT, bot_}));
  }
}

TEST_F(SecretScannerTest, AnyChangedCharacterMakesItNoSecret) {
  for (std::size_t at = 0; at < bot_.size(); ++at) {
    for (const char c : absl::string_view("0Aaz_ \n\xff")) {
      std::string changed = bot_;
      changed[at] = c;
      if (changed == bot_) continue;
      EXPECT_THAT(Scan(changed), IsEmpty()) << changed;
    }
  }
  // The last digit of the checksum, off by one.
  std::string changed = bot_;
  ++changed.back();
  EXPECT_THAT(Scan(changed), IsEmpty());
  EXPECT_THAT(Scan(bot_.substr(0, bot_.size() - 1)), IsEmpty());
  EXPECT_THAT(Scan(bot_.substr(1)), IsEmpty());
}

TEST_F(SecretScannerTest, WhatStandsRightBesideASecretDoesNotHideIt) {
  const std::string user = MadeUpSecret("lku", 9);
  for (const char* before :
       {"", "\\n", "%3D", "\\x3d", "SECRET_", "x", "lkb_", "7", "\x01", "\""}) {
    for (const char* after : {"", "_backup", "0", "\\n", "&x=1", "\x01", "\"", "_"}) {
      EXPECT_THAT(SecretsIn(absl::StrCat(before, bot_, after)), ElementsAre(bot_))
          << before << " ... " << after;
      EXPECT_THAT(SecretsIn(absl::StrCat(before, bot_, user, after)), ElementsAre(bot_, user));
    }
  }
}

TEST_F(SecretScannerTest, SecretsWithPrefixesThatItWasNotToldOfAreFoundToo) {
  for (const std::string prefix : {"ab", "kb", "9x", "acmeuser", "x3lkb"}) {
    const std::string secret = MadeUpSecret(prefix);
    EXPECT_THAT(Scan(absl::StrCat("a=", secret), 1),
                ElementsAre(Found{2, 1, 3, v1::TOKEN_KIND_UNSPECIFIED, secret}));
    EXPECT_THAT(SecretsIn(absl::StrCat("x", secret, "_y")), ElementsAre(secret));
  }
  for (const std::string none : {"a", "acmeusers", "Acme", "ac-me"}) {
    EXPECT_THAT(Scan(MadeUpSecret(none)), IsEmpty()) << none;
  }
}

TEST_F(SecretScannerTest, PrefixesThatItIsToldOfSayTheKind) {
  auto prefixes =
      secret::TokenPrefixes::Create({"bb", "kb", "x3lkb", "acmeuser", "44", "5e", "6f", "70"});
  ASSERT_TRUE(prefixes.ok());
  ASSERT_TRUE(prefixes->AddFormer(secret::TokenKindNumber{8}, "lkr").ok());
  const auto kinds = [&](const std::string& prefix) {
    std::vector<int> found;
    for (const Found& one : Scan(MadeUpSecret(prefix), 1, *prefixes)) found.push_back(one.kind);
    return found;
  };

  EXPECT_THAT(kinds("lkb"), ElementsAre(0));
  EXPECT_THAT(kinds("kb"), ElementsAre(2));
  EXPECT_THAT(kinds("x3lkb"), ElementsAre(3));
  EXPECT_THAT(kinds("acmeuser"), ElementsAre(4));
  EXPECT_THAT(kinds("lkr"), ElementsAre(8));
  EXPECT_THAT(kinds("lko"), ElementsAre(0));
}

TEST_F(SecretScannerTest, AnotherStreamBeginsAtItsBeginning) {
  std::vector<Found> all;
  SecretScanner scanner(Into(all));
  scanner.Feed(absl::StrCat("\n\n", bot_.substr(0, 20)));
  scanner.Restart();
  scanner.Feed(bot_.substr(20));
  EXPECT_THAT(all, IsEmpty());
  scanner.Restart();
  scanner.Feed(absl::StrCat("\n", bot_));
  EXPECT_THAT(all, ElementsAre(Found{1, 2, 1, v1::TOKEN_KIND_BOT, bot_}));
}

TEST_F(SecretScannerTest, RandomBytesHoldNone) {
  constexpr std::size_t kBytes = 10 << 20;
  std::mt19937_64 random(20240229);
  std::string bytes(kBytes, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  EXPECT_THAT(Scan(bytes), IsEmpty());
  // Digits and underscores only, which look much more like it.
  for (char& c : bytes) c = "lkblktlko__0123456789ABCDEFXYZabcdefxyz"[random() % 39];
  EXPECT_THAT(Scan(bytes), IsEmpty());
}

}  // namespace
}  // namespace latchkey
