#include "server/secret/key_file_text.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"

namespace latchkey::secret {
namespace {

using ::latchkey::testing::IsOk;
using ::latchkey::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Keys of the bytes 'A', 'B', 'S' and 'L', and a hash of the bytes 'H'.
constexpr char kText[] = R"({
  "format": 1,
  "hash_keys": [
    {"id": 7, "key": "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="},
    {"id": 4294967295, "key": "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="}
  ],
  "sealing_key": "U1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1M=",
  "operator_hash": "SEhISEhISEhISEhISEhISEhISEhISEhISEhISEhISEg=",
  "log_origin": "latchkey/log",
  "log_seed": "TExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTEw="
}
)";

SecretString Repeated(char c) { return SecretString(std::string(32, c)); }

TEST(KeyFileTextTest, TheFormatIsTheOneInTheDocs) {
  KeyFileContents contents;
  contents.hash_keys.push_back({7, Repeated('A')});
  contents.hash_keys.push_back({4294967295, Repeated('B')});
  contents.sealing_key = Repeated('S');
  contents.operator_hash.fill('H');
  contents.log_origin = "latchkey/log";
  contents.log_seed = Repeated('L');

  EXPECT_EQ(std::string(FormatKeyFile(contents).Reveal()), kText);
}

TEST(KeyFileTextTest, ReadsEveryField) {
  const auto contents = ParseKeyFile(kText);

  ASSERT_THAT(contents, IsOk());
  ASSERT_EQ(contents->hash_keys.size(), 2u);
  EXPECT_EQ(contents->hash_keys[0].id, 7u);
  EXPECT_EQ(contents->hash_keys[0].key, Repeated('A'));
  EXPECT_EQ(contents->hash_keys[1].id, 4294967295u);
  EXPECT_EQ(contents->hash_keys[1].key, Repeated('B'));
  EXPECT_EQ(contents->sealing_key, Repeated('S'));
  EXPECT_EQ(AsBytes(contents->operator_hash), std::string(32, 'H'));
  EXPECT_EQ(contents->log_origin, "latchkey/log");
  EXPECT_EQ(contents->log_seed, Repeated('L'));
}

TEST(KeyFileTextTest, FieldsMayStandInAnyOrderAndOnOneLine) {
  const std::string key = "\"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\"";

  EXPECT_THAT(
      ParseKeyFile(absl::StrCat("{\"operator_hash\":", key, ",\"sealing_key\":", key,
                                ",\"hash_keys\":[{\"key\":", key, ",\"id\":1}],\"format\":1}")),
      IsOk());
}

struct DamageCase {
  const char* name;
  const char* from;
  const char* to;
  const char* line;
  const char* field;
};

class KeyFileDamageTest : public ::testing::TestWithParam<DamageCase> {};

TEST_P(KeyFileDamageTest, IsRefusedWithItsLineAndFieldAndNoKey) {
  const std::string text = absl::StrReplaceAll(kText, {{GetParam().from, GetParam().to}});
  ASSERT_NE(text, kText);

  EXPECT_THAT(
      ParseKeyFile(text),
      StatusIs(absl::StatusCode::kDataLoss,
               AllOf(HasSubstr(absl::StrCat(GetParam().line, ":")), HasSubstr(GetParam().field),
                     Not(HasSubstr("QUFB")), Not(HasSubstr("QkJC")), Not(HasSubstr("U1NT")))));
}

INSTANTIATE_TEST_SUITE_P(
    All, KeyFileDamageTest,
    ::testing::Values(
        DamageCase{"NewerFormat", "\"format\": 1", "\"format\": 2", "line 2", "format takes 1"},
        DamageCase{"FormatAsText", "\"format\": 1", "\"format\": \"1\"", "line 2", "format"},
        DamageCase{"NegativeFormat", "\"format\": 1", "\"format\": -1", "line 2", "format"},
        DamageCase{"NoFormat", "  \"format\": 1,\n", "", "line 10", "format is missing"},
        DamageCase{"FormatTwice", "\"format\": 1,", "\"format\": 1,\n\"format\": 1,", "line 3",
                   "format is there twice"},
        DamageCase{"UnknownField", "\"format\"", "\"formal\"", "line 2", "no field formal"},
        DamageCase{"LongUnknownField", "\"sealing_key\": \"", "\"", "line 7", "so long a name"},
        DamageCase{"FieldInTheWrongPlace", "\"id\": 7", "\"format\": 1", "line 4",
                   "no field format"},
        DamageCase{"KeyOutside", "\"format\": 1", "\"id\": 1", "line 2", "no field id"},
        DamageCase{"UnknownFieldOfAKey", "\"id\": 7", "\"id\": 7, \"x\": 1", "line 4",
                   "no field x"},
        DamageCase{"KeysAsObject", "[", "{\"a\":", "line 3", "hash_keys takes a list"},
        DamageCase{"KeyAsNumber", "{\"id\": 7,", "5, {\"id\": 7,", "line 4", "hash_keys"},
        DamageCase{"IdZero", "\"id\": 7", "\"id\": 0", "line 4", "id takes"},
        DamageCase{"IdTooLarge", "4294967295", "4294967296", "line 5", "id takes"},
        DamageCase{"IdFraction", "\"id\": 7", "\"id\": 7.5", "line 4", "id takes"},
        DamageCase{"IdTwice", "4294967295", "7", "line 5", "id takes"},
        DamageCase{"NoId", "\"id\": 7, ", "", "line 4", "id is missing"},
        DamageCase{"NoKey", ", \"key\": \"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\"", "",
                   "line 4", "key is missing"},
        DamageCase{"ShortKey", "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=", "QUFB", "line 4",
                   "key takes 32 bytes"},
        DamageCase{"NoBase64", "QUFBQ", "QU*BQ", "line 4", "key takes 32 bytes in base64"},
        DamageCase{"KeyNull", "\"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\"", "null", "line 4",
                   "key"},
        DamageCase{"KeyFalse", "\"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\"", "false",
                   "line 4", "key"},
        DamageCase{"KeyAsList", "\"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\"", "[]", "line 4",
                   "key"},
        DamageCase{"ShortSealingKey", "\"U1NT", "\"", "line 7", "sealing_key"},
        DamageCase{"ShortOperatorHash", "\"SEhI", "\"", "line 8", "operator_hash"},
        DamageCase{"NoLogOrigin", "  \"log_origin\": \"latchkey/log\",\n", "", "line 10",
                   "log_origin is missing"},
        DamageCase{"NoLogSeed",
                   ",\n  \"log_seed\": \"TExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTEw=\"", "",
                   "line 10", "log_seed is missing"},
        DamageCase{"LogOriginWithSpace", "latchkey/log", "latchkey log", "line 9",
                   "log_origin takes 1 to 128"},
        DamageCase{"NoLogOriginText", "latchkey/log", "", "line 9", "log_origin takes 1 to 128"},
        DamageCase{"LogOriginAsNumber", "\"latchkey/log\"", "5", "line 9", "log_origin takes"},
        DamageCase{"ShortLogSeed", "\"TExM", "\"", "line 10", "log_seed takes 32 bytes"},
        DamageCase{"NoComma", "\"format\": 1,", "\"format\": 1", "line 3", "JSON"},
        DamageCase{"NoColon", "\"sealing_key\":", "\"sealing_key\"", "line 7",
                   "JSON, after the field sealing_key"},
        DamageCase{"TextBehind", "\"\n}\n", "\"\n}\n{", "line 12", "JSON"},
        DamageCase{"NoUtf8", "QUFBQ",
                   "QU\xff"
                   "BQ",
                   "line 4", "JSON"}),
    [](const auto& param) { return param.param.name; });

TEST(KeyFileTextTest, AFileFromBeforeThereWereCheckpointsReadsWithoutAKeyForThem) {
  const std::string text = kText;
  const std::size_t end = text.find(",\n  \"log_origin\"");
  const auto contents = ParseKeyFile(text.substr(0, end) + "\n}\n");

  ASSERT_THAT(contents, IsOk());
  EXPECT_FALSE(contents->has_log_key());
  EXPECT_EQ(std::string(FormatKeyFile(*contents).Reveal()), text.substr(0, end) + "\n}\n");
}

TEST(KeyFileTextTest, AListOfNoKeysIsRefused) {
  const std::string text = kText;
  const std::size_t open = text.find('[');

  EXPECT_THAT(ParseKeyFile(text.substr(0, open + 1) + text.substr(text.find(']'))),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("hash_keys takes a list of one")));
}

TEST(KeyFileTextTest, WhatIsNoObjectIsRefused) {
  for (const char* text : {"", " ", "5", "-5", "1.5", "null", "true", "\"text\"", "[]", "[{}]", "{",
                           "keys", "\xef\xbb\xbf"}) {
    EXPECT_THAT(ParseKeyFile(text), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("JSON")))
        << text;
  }
  EXPECT_THAT(ParseKeyFile("{}"), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("missing")));
  EXPECT_THAT(ParseKeyFile(std::string(60000, '[')), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(ParseKeyFile(std::string("{\0}", 3)), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(KeyFileTextTest, EveryTruncationIsRefused) {
  const std::string text = kText;
  for (std::size_t size = 0; size + 1 < text.size(); ++size) {
    ASSERT_THAT(ParseKeyFile(text.substr(0, size)), StatusIs(absl::StatusCode::kDataLoss)) << size;
  }
}

TEST(KeyFileTextTest, NoChangedByteShowsAKey) {
  for (std::size_t i = 0; i < sizeof(kText) - 1; ++i) {
    for (const char c : {'"', '\\', '\n', '{', ']', ',', 'x', '\0', '\xff'}) {
      std::string text = kText;
      text[i] = c;
      const auto contents = ParseKeyFile(text);
      if (contents.ok()) continue;
      EXPECT_THAT(contents, StatusIs(absl::StatusCode::kDataLoss,
                                     AllOf(HasSubstr("line "), Not(HasSubstr("QUFB")),
                                           Not(HasSubstr("QkJC")), Not(HasSubstr("U1NT")))));
    }
  }
}

}  // namespace
}  // namespace latchkey::secret
