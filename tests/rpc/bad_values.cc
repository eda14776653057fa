#include "tests/rpc/bad_values.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"

namespace latchkey::testing {
namespace {

constexpr std::size_t kIdBytes = 63;

constexpr StringRule kStrings[] = {
    {"workspace_id", Form::kId, kIdBytes},
    {"primary_owner_id", Form::kId, kIdBytes},
    {"member_id", Form::kId, kIdBytes},
    {"service_id", Form::kId, kIdBytes},
    {"organization_id", Form::kId, kIdBytes},
    {"app_id", Form::kId, kIdBytes},
    {"consumer_id", Form::kId, kIdBytes},
    {"name", Form::kName, 0},
    {"parent", Form::kName, 0},
    {"app", Form::kName, 0},
    {"member", Form::kName, 0},
    {"workspace", Form::kName, 0},
    {"organization", Form::kName, 0},
    {"home_workspace", Form::kName, 0},
    {"owners", Form::kName, 0},
    {"admins", Form::kName, 0},
    {"resource", Form::kName, 0},
    {"actor", Form::kName, 0},
    {"principal", Form::kName, 0},
    {"token", Form::kName, 0},
    {"consumer", Form::kName, 0},
    {"display_name", Form::kText, 256},
    {"label", Form::kText, 256},
    {"reason", Form::kText, 256},
    {"scopes", Form::kScope, 128},
    {"bot_scopes", Form::kScope, 128},
    {"user_scopes", Form::kScope, 128},
    {"request_id", Form::kUuid, 36},
    {"page_token", Form::kPageToken, 0},
    {"secret", Form::kSecret, 1024},
    {"secrets", Form::kSecret, 1024},
    {"refresh_secret", Form::kSecret, 1024},
    {"confirmation", Form::kConfirmation, 0},
    {"uri_sans", Form::kUri, 512},
    {"action_prefixes", Form::kActionPrefix, 64},
};

constexpr CountRule kCounts[] = {
    {"scopes", 100},        {"bot_scopes", 100},   {"user_scopes", 100}, {"owners", 100, true},
    {"admins", 100, true},  {"uri_sans", 8, true}, {"roles", 0, true},   {"idle_limits", 0, true},
    {"expiry_warnings", 8}, {"secrets", 1000},     {"actions", 64},      {"action_prefixes", 64},
    {"outcomes", 3},
};

std::string Repeated(std::size_t times, absl::string_view part) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) absl::StrAppend(&text, part);
  return text;
}

std::vector<Wrong<std::string>> MalformedNames(const std::string& good) {
  const std::string collection = good.substr(0, good.find('/'));
  return {{"zz", "is no name"},
          {absl::StrCat(collection, "/"), "has no id"},
          {absl::StrCat(good, "/"), "has a part too much"},
          {absl::StrCat("/", good), "begins with a slash"},
          {absl::StrCat(good, "\n"), "has a control character"},
          {absl::StrCat(good, std::string(1, '\0')), "has a zero byte"},
          {absl::AsciiStrToUpper(good), "is in capitals"},
          {"workspaces/acme/nothing/x", "is of no collection"}};
}

std::vector<Wrong<std::string>> MalformedTexts(Form form, const std::string& good) {
  switch (form) {
    case Form::kId:
      return {{"Up", "has a capital"},
              {"a/b", "has a slash"},
              {"a b", "has a space"},
              {"a_b", "has a low line"},
              {"a\xc3\xa4", "has a letter that is not ASCII"},
              {std::string("a\0b", 3), "has a zero byte"}};
    case Form::kName:
      return MalformedNames(good);
    case Form::kText:
      return {{"line\nbreak", "has a line break"},
              {"bell\a", "has a control character"},
              {"delete\x7f", "has U+007F"},
              {"next\xc2\x85line", "has U+0085"},
              {std::string("a\0b", 3), "has a zero byte"}};
    case Form::kScope:
      return {{"", "is empty"},
              {"with space", "has a space"},
              {"line\nbreak", "has a line break"},
              {"\xc3\xa4", "has a letter that is not ASCII"}};
    case Form::kUuid:
      return {{"not-a-uuid", "is no UUID"},
              {absl::AsciiStrToUpper(good), "is in capitals"},
              {"3f1c9a52-7d41-1c1e-9a6b-0d5e2f7a8b90", "is of version 1"},
              {"3f1c9a52-7d41-4c1e-ca6b-0d5e2f7a8b90", "is of another variant"},
              {good.substr(1), "lacks a character"}};
    case Form::kPageToken:
      return {{"%%", "is no base64"},
              {"x", "is too short"},
              {"AAAAAAAAAAAAAAAAAAAAAAAA", "is of another request"}};
    case Form::kConfirmation:
      return {{"1.2", "has too few parts"},
              {"x.1.0", "has no time"},
              {"1.-1.0", "has no count"},
              {"line\nbreak", "has a line break"}};
    case Form::kUri:
      return {{"", "is empty"},
              {"no uri", "has no scheme"},
              {"spiffe://a b", "has a space"},
              {"spiffe://a\nb", "has a line break"},
              {"spiffe://\xc3\xa4", "has a letter that is not ASCII"}};
    case Form::kActionPrefix:
      return {{"", "is empty"},
              {"Token.", "has a capital"},
              {"token-", "has a hyphen"},
              {"zzz", "is the beginning of no action"}};
    case Form::kSecret:
      return {};  // any string can be presented
  }
  return {};
}

}  // namespace

const StringRule* RuleOf(absl::string_view field) {
  const auto* const found = std::find_if(std::begin(kStrings), std::end(kStrings),
                                         [&](const StringRule& r) { return r.field == field; });
  return found == std::end(kStrings) ? nullptr : found;
}

const CountRule* CountRuleOf(absl::string_view field) {
  const auto* const found = std::find_if(std::begin(kCounts), std::end(kCounts),
                                         [&](const CountRule& r) { return r.field == field; });
  return found == std::end(kCounts) ? nullptr : found;
}

std::string WithBadUtf8(std::string bytes) {
  constexpr absl::string_view kBytes = "@@no\xc3\x28tf8@@";
  static_assert(kBytes.size() == kBadUtf8.size(), "the lengths before it stay as they are");
  return absl::StrReplaceAll(bytes, {{kBadUtf8, kBytes}});
}

std::vector<Wrong<std::string>> MalformedOf(Form form, const std::string& good) {
  std::vector<Wrong<std::string>> values = MalformedTexts(form, good);
  values.push_back({std::string(kBadUtf8), "is no UTF-8"});
  return values;
}

std::vector<Wrong<std::string>> TooLongOf(const StringRule& rule, const std::string& good) {
  const std::size_t over = rule.max_bytes + 1;
  const std::string bytes = absl::StrCat("has ", over, " bytes");
  switch (rule.form) {
    case Form::kName:
      return {{absl::StrCat(good.substr(0, good.rfind('/') + 1), Repeated(kIdBytes + 1, "a")),
               "has an id of 64 bytes"},
              {absl::StrCat(good, Repeated(10'000, "/x")), "has 20000 bytes more"}};
    case Form::kText:
      return {{Repeated(over, "x"), bytes},
              {Repeated(over / 2 + 1, "\xc3\xa4"), "has more bytes, and fewer letters"}};
    case Form::kUuid:
      return {{absl::StrCat(good, "0"), bytes}};
    case Form::kUri:
      return {{absl::StrCat("spiffe://", Repeated(over - 9, "x")), bytes}};
    case Form::kPageToken:
      return {{Repeated(1028, "A"), "has 1028 bytes"}};
    case Form::kConfirmation:
      return {{Repeated(129, "1"), "has 129 bytes"}};
    case Form::kId:
    case Form::kScope:
    case Form::kSecret:
    case Form::kActionPrefix:
      return {{Repeated(over, "a"), bytes}};
  }
  return {};
}

std::string OneOfMany(Form form, const std::string& good, int i) {
  switch (form) {
    case Form::kScope:
      return absl::StrCat("scope:", i);
    case Form::kName:
      return absl::StrCat(good.substr(0, good.rfind('/') + 1), "x", i);
    case Form::kUri:
      return absl::StrCat("spiffe://example.org/", i);
    default:
      return good;
  }
}

std::vector<Wrong<std::int64_t>> BadNumbers(const google::protobuf::FieldDescriptor& field) {
  using Small = std::numeric_limits<std::int32_t>;
  using Large = std::numeric_limits<std::int64_t>;
  std::vector<Wrong<std::int64_t>> values = {{-1, "is the greatest number"},
                                             {Large::min(), "is a huge number"}};
  if (field.cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_UINT32) {
    values[1].value = Small::min();  // 1 << 31
  } else if (field.cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_INT32) {
    values = {{-1, "is negative"},
              {Small::min(), "is the least number"},
              {Small::max(), "is the greatest number"},
              {1001, "is 1001"}};
  }
  const bool has_least = field.name() == "max_bytes" || field.name() == "max_held_bytes";
  if (has_least) values.push_back({1, "is 1"});
  return values;
}

std::vector<Wrong<google::protobuf::Timestamp>> BadTimes(absl::string_view field,
                                                         const google::protobuf::Timestamp& good) {
  std::vector<Wrong<google::protobuf::Timestamp>> values(5, {good, ""});
  values[0].what = "is after the year 9999";
  values[0].value.set_seconds(253402300800);
  values[1].what = "has the greatest seconds";
  values[1].value.set_seconds(std::numeric_limits<std::int64_t>::max());
  values[2].what = "has the least seconds";
  values[2].value.set_seconds(std::numeric_limits<std::int64_t>::min());
  values[3].what = "has negative nanos";
  values[3].value.set_nanos(-1);
  values[4].what = "has a second of nanos";
  values[4].value.set_nanos(1'000'000'000);
  if (field != "expire_time") return values;
  values.push_back({good, "is over"});
  values.back().value.set_seconds(1);
  return values;
}

std::vector<Wrong<google::protobuf::Duration>> BadDurations(
    const google::protobuf::Duration& good) {
  std::vector<Wrong<google::protobuf::Duration>> values(5, {good, ""});
  values[0].what = "is negative";
  values[0].value.set_seconds(-1);
  values[1].what = "has the greatest seconds";
  values[1].value.set_seconds(std::numeric_limits<std::int64_t>::max());
  values[2].what = "has the least seconds";
  values[2].value.set_seconds(std::numeric_limits<std::int64_t>::min());
  values[3].what = "has negative nanos";
  values[3].value.set_nanos(-1);
  values[4].what = "has a second of nanos";
  values[4].value.set_nanos(1'000'000'000);
  return values;
}

}  // namespace latchkey::testing
