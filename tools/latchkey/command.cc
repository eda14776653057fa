#include "tools/latchkey/command.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace latchkey::cli {
namespace {

constexpr std::size_t kMostShown = 8;

std::vector<std::string> SplitByCommas(const std::vector<std::string>& values) {
  return absl::StrSplit(absl::StrJoin(values, ","), ',', absl::SkipEmpty());
}

absl::Status IsEmpty() {
  return absl::InvalidArgumentError("it is empty; give it a value, or leave it out");
}

absl::Status ReadNumber(const std::string& text, std::uint64_t& out) {
  if (absl::SimpleAtoi(text, &out)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("'", text, "' is no whole number of 0 or more"));
}

Parameter Make(absl::string_view name, absl::string_view placeholder, absl::string_view help) {
  Parameter parameter;
  parameter.name = std::string(name);
  parameter.placeholder = std::string(placeholder);
  parameter.help = std::string(help);
  parameter.any_bytes = absl::StrContains(placeholder, "FILE") || placeholder == "PATH";
  parameter.required = !absl::StartsWith(name, "-");
  return parameter;
}

}  // namespace

void Syntax::Text(absl::string_view name, absl::string_view placeholder, std::string& out,
                  absl::string_view help) {
  Parameter parameter = Make(name, placeholder, help);
  parameter.set = [&out](const auto& values) {
    out = values.back();
    return absl::OkStatus();
  };
  Add(std::move(parameter));
}

void Syntax::Text(absl::string_view name, absl::string_view placeholder,
                  std::optional<std::string>& out, absl::string_view help) {
  Parameter parameter = Make(name, placeholder, help);
  parameter.required = false;
  parameter.set = [&out](const auto& values) {
    out = values.back();
    return absl::OkStatus();
  };
  Add(std::move(parameter));
}

void Syntax::TextThatIsNotEmpty(absl::string_view name, absl::string_view placeholder,
                                std::string& out, absl::string_view help) {
  Parameter parameter = Make(name, placeholder, help);
  parameter.set = [&out](const auto& values) {
    out = values.back();
    return out.empty() ? IsEmpty() : absl::OkStatus();
  };
  Add(std::move(parameter));
}

void Syntax::Texts(absl::string_view name, std::vector<std::string>& out, absl::string_view help) {
  Parameter parameter = Make(name, name, help);
  parameter.required = false;
  parameter.repeated = true;
  parameter.set = [&out](const auto& values) {
    out = values;
    return absl::OkStatus();
  };
  Add(std::move(parameter));
}

void Syntax::Name(absl::string_view name, NameKind kind, std::string& out, absl::string_view help,
                  bool required) {
  Parameter parameter = Make(name, "NAME", help);
  parameter.required = parameter.required || required;
  parameter.set = [&out, kind](const auto& values) {
    LATCHKEY_ASSIGN_OR_RETURN(out, FullName(kind, values.back()));
    return absl::OkStatus();
  };
  Add(std::move(parameter));
}

void Syntax::List(absl::string_view name, absl::string_view placeholder,
                  std::vector<std::string>& out, absl::string_view help) {
  Parameter parameter = Make(name, placeholder, help);
  parameter.repeated = true;
  parameter.set = [&out](const auto& values) {
    out = SplitByCommas(values);
    return absl::OkStatus();
  };
  Add(std::move(parameter));
}

void Syntax::List(absl::string_view name, absl::string_view placeholder,
                  std::optional<std::vector<std::string>>& out, absl::string_view help) {
  Parameter parameter = Make(name, placeholder, help);
  parameter.repeated = true;
  parameter.set = [&out](const auto& values) {
    out = SplitByCommas(values);
    return absl::OkStatus();
  };
  Add(std::move(parameter));
}

void Syntax::Number(absl::string_view name, std::uint64_t& out, absl::string_view help) {
  Parameter parameter = Make(name, "N", help);
  parameter.set = [&out](const auto& values) { return ReadNumber(values.back(), out); };
  Add(std::move(parameter));
}

void Syntax::Number(absl::string_view name, std::optional<std::uint64_t>& out,
                    absl::string_view help) {
  Parameter parameter = Make(name, "N", help);
  parameter.set = [&out](const auto& values) { return ReadNumber(values.back(), out.emplace()); };
  Add(std::move(parameter));
}

void Syntax::Flag(absl::string_view name, bool& out, absl::string_view help) {
  Parameter parameter = Make(name, "", help);
  parameter.set = [&out](const auto&) {
    out = true;
    return absl::OkStatus();
  };
  Add(std::move(parameter));
}

void Syntax::Switch(absl::string_view name, std::optional<bool>& out, absl::string_view help) {
  Parameter parameter = Make(name, "on|off", help);
  parameter.set = [&out](const auto& values) {
    const std::string& value = values.back();
    if (value != "on" && value != "off") {
      return absl::InvalidArgumentError(absl::StrCat("'", value, "' is neither on nor off"));
    }
    out = value == "on";
    return absl::OkStatus();
  };
  Add(std::move(parameter));
}

void Syntax::AddEnum(absl::string_view name, const google::protobuf::EnumDescriptor& type,
                     absl::string_view help, bool required, bool repeated,
                     const std::function<void(int)>& set) {
  const std::vector<std::string> texts = EnumTexts(type);
  Parameter parameter = Make(
      name, texts.size() <= kMostShown ? absl::StrJoin(texts, "|") : absl::string_view(type.name()),
      help);
  if (texts.size() > kMostShown) absl::StrAppend(&parameter.help, ", such as ", texts[0]);
  parameter.required = parameter.required || required;
  parameter.repeated = repeated;
  parameter.set = [&type, set, repeated](const std::vector<std::string>& values) {
    const std::vector<std::string> all = repeated ? SplitByCommas(values) : values;
    if (all.empty()) return IsEmpty();
    for (const std::string& value : all) {
      LATCHKEY_ASSIGN_OR_RETURN(const int number, ParseEnum(type, value));
      set(number);
    }
    return absl::OkStatus();
  };
  Add(std::move(parameter));
}

}  // namespace latchkey::cli
