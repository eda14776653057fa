#include "tools/latchkey/enum_text.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "tools/latchkey/suggest.h"

namespace latchkey::cli {
namespace {

constexpr std::size_t kMostListed = 10;

}  // namespace

std::string EnumText(const google::protobuf::EnumValueDescriptor& value) {
  absl::string_view prefix = value.type()->value(0)->name();
  absl::string_view name = value.name();
  if (absl::ConsumeSuffix(&prefix, "UNSPECIFIED")) absl::ConsumePrefix(&name, prefix);
  std::string text = absl::AsciiStrToLower(name);
  if (value.type()->full_name() == "latchkey.v1.Action") {
    const auto underscore = text.find('_');
    if (underscore != std::string::npos) text[underscore] = '.';
  }
  return text;
}

std::vector<std::string> EnumTexts(const google::protobuf::EnumDescriptor& type) {
  std::vector<std::string> texts;
  for (int i = 1; i < type.value_count(); ++i) texts.push_back(EnumText(*type.value(i)));
  return texts;
}

absl::StatusOr<int> ParseEnum(const google::protobuf::EnumDescriptor& type,
                              absl::string_view text) {
  const std::string wanted = absl::StrReplaceAll(absl::AsciiStrToLower(text), {{"-", "_"}});
  const std::vector<std::string> texts = EnumTexts(type);
  const auto found = std::find(texts.begin(), texts.end(), wanted);
  if (found != texts.end()) {
    return type.value(static_cast<int>(found - texts.begin()) + 1)->number();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("there is no '", text, "'", texts.size() <= kMostListed ? "; it takes " : "",
                   texts.size() <= kMostListed ? absl::StrJoin(texts, ", ") : "", ".",
                   DidYouMean(wanted, texts)));
}

}  // namespace latchkey::cli
