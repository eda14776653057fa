#include "tests/rpc/bad_fields.h"

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/field_mask.pb.h"
#include "gtest/gtest.h"
#include "tests/rpc/bad_values.h"

namespace latchkey::testing {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Duration;
using google::protobuf::FieldDescriptor;
using google::protobuf::FieldMask;
using google::protobuf::Message;
using google::protobuf::Timestamp;

// A message that stands for one value.
bool IsValue(const Descriptor* type) {
  return type == Timestamp::descriptor() || type == Duration::descriptor() ||
         type == FieldMask::descriptor();
}

// One field of a message, and where that lies in the request.
struct Place {
  Message& message;
  const FieldDescriptor& field;
  std::string path;

  const google::protobuf::Reflection& reflection() const { return *message.GetReflection(); }
};

bool IsName(const FieldDescriptor& field) {
  const StringRule* const rule = RuleOf(field.name());
  return field.cpp_type() == FieldDescriptor::CPPTYPE_STRING && rule != nullptr &&
         rule->form == Form::kName;
}

Message& MutableMessage(const Place& place) {
  return place.field.is_repeated()
             ? *place.reflection().MutableRepeatedMessage(&place.message, &place.field, 0)
             : *place.reflection().MutableMessage(&place.message, &place.field);
}

std::string GetString(const Place& place) {
  return place.field.is_repeated()
             ? place.reflection().GetRepeatedString(place.message, &place.field, 0)
             : place.reflection().GetString(place.message, &place.field);
}

void SetString(const Place& place, const std::string& value) {
  if (place.field.is_repeated()) {
    place.reflection().SetRepeatedString(&place.message, &place.field, 0, value);
  } else {
    place.reflection().SetString(&place.message, &place.field, value);
  }
}

void SetNumber(const Place& place, std::int64_t value) {
  const auto& reflection = place.reflection();
  switch (place.field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.SetInt32(&place.message, &place.field, static_cast<std::int32_t>(value));
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection.SetUInt32(&place.message, &place.field, static_cast<std::uint32_t>(value));
    default:
      return reflection.SetUInt64(&place.message, &place.field, static_cast<std::uint64_t>(value));
  }
}

void SetEnum(const Place& place, int number) {
  if (place.field.is_repeated()) {
    place.reflection().SetRepeatedEnumValue(&place.message, &place.field, 0, number);
  } else {
    place.reflection().SetEnumValue(&place.message, &place.field, number);
  }
}

// Gives the repeated field so many elements; strings that differ, else all as the first one.
void Grow(const Place& place, int count) {
  const auto& reflection = place.reflection();
  const bool is_text = place.field.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
  const std::string good = is_text ? GetString(place) : "";
  for (int i = reflection.FieldSize(place.message, &place.field); i < count; ++i) {
    if (is_text) {
      const StringRule* const rule = RuleOf(place.field.name());
      reflection.AddString(&place.message, &place.field, OneOfMany(rule->form, good, i));
    } else if (place.field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      reflection.AddEnumValue(&place.message, &place.field,
                              reflection.GetRepeatedEnumValue(place.message, &place.field, 0));
    } else {
      Message& added = *reflection.AddMessage(&place.message, &place.field);
      added.CopyFrom(reflection.GetRepeatedMessage(place.message, &place.field, 0));
    }
  }
}

// Puts the first element at the end too.
void RepeatFirst(const Place& place) {
  if (place.field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    place.reflection().AddString(&place.message, &place.field, GetString(place));
  } else {
    Grow(place, place.reflection().FieldSize(place.message, &place.field) + 1);
  }
}

class Deriver {
 public:
  Deriver(const Message& good, const std::set<std::string>& required, const NamesByForm& names)
      : root_(good.New()), required_(required), names_(names) {
    root_->CopyFrom(good);
  }

  std::vector<BadField> Derive() {
    Walk(*root_, "");
    return std::move(rows_);
  }

 private:
  using Change = absl::FunctionRef<void(const Place&)>;

  void Walk(Message& message, const std::string& prefix);
  void DeriveOf(const Place& place);
  void DeriveCount(const Place& place);
  void DeriveString(const Place& place);
  void DeriveName(const Place& place, const std::string& good);
  void DeriveNumber(const Place& place);
  void DeriveEnum(const Place& place);
  void DeriveTime(const Place& place);
  void DeriveDuration(const Place& place);
  void DeriveMask(const Place& place);

  // Adds the request with a change, and takes the change back.
  BadField& Add(const Place& place, Flaw flaw, std::string what, Change change) {
    const std::unique_ptr<Message> before(place.message.New());
    before->CopyFrom(place.message);
    change(place);
    BadField row;
    row.path = place.path;
    row.flaw = flaw;
    row.what = std::move(what);
    row.bytes = WithBadUtf8(root_->SerializeAsString());
    place.message.CopyFrom(*before);
    return rows_.emplace_back(std::move(row));
  }
  BadField& AddString(const Place& place, Flaw flaw, std::string what, const std::string& value) {
    return Add(place, flaw, std::move(what), [&](const Place& at) { SetString(at, value); });
  }

  const std::unique_ptr<Message> root_;
  const std::set<std::string>& required_;
  const NamesByForm& names_;
  std::vector<BadField> rows_;
};

void Deriver::Walk(Message& message, const std::string& prefix) {
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const Place place{message, *type.field(i), absl::StrCat(prefix, type.field(i)->name())};
    const auto& reflection = place.reflection();
    const bool is_set = place.field.is_repeated() ? reflection.FieldSize(message, &place.field) > 0
                                                  : reflection.HasField(message, &place.field);
    // The good request is that for a first page.
    if (!is_set && place.field.name() != "page_token") continue;
    DeriveOf(place);
    if (place.field.message_type() == nullptr || IsValue(place.field.message_type())) continue;
    Walk(MutableMessage(place), place.path + ".");
  }
}

void Deriver::DeriveOf(const Place& place) {
  const bool is_text = place.field.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
  if (is_text && RuleOf(place.field.name()) == nullptr) {
    ADD_FAILURE() << place.path << " is a string; say in bad_values.cc what it takes";
    return;
  }
  if (required_.contains(place.path)) {
    Add(place, Flaw::kEmpty, "is missing", [](const Place& at) {
      at.reflection().ClearField(&at.message, &at.field);
    }).is_name = IsName(place.field);
  }
  if (place.field.is_repeated()) DeriveCount(place);
  switch (place.field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return DeriveString(place);
    case FieldDescriptor::CPPTYPE_ENUM:
      return DeriveEnum(place);
    case FieldDescriptor::CPPTYPE_BOOL:
      return;  // both are good
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return DeriveNumber(place);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (place.field.message_type() == Timestamp::descriptor()) return DeriveTime(place);
      if (place.field.message_type() == Duration::descriptor()) return DeriveDuration(place);
      if (place.field.message_type() == FieldMask::descriptor()) return DeriveMask(place);
      return;  // its fields are derived from one by one
    default:
      ADD_FAILURE() << place.path << " is of a type that no bad value is known of";
  }
}

void Deriver::DeriveCount(const Place& place) {
  const CountRule* const rule = CountRuleOf(place.field.name());
  if (rule == nullptr) {
    ADD_FAILURE() << place.path << " is repeated; say in bad_values.cc how many it takes";
    return;
  }
  if (rule->max > 0) {
    const int over = rule->max + 1;
    BadField& row = Add(place, Flaw::kOversized, absl::StrCat("has ", over, " elements"),
                        [&](const Place& at) { Grow(at, over); });
    row.bound = absl::StrCat(rule->max);
  }
  if (rule->each_once) Add(place, Flaw::kMalformed, "has an element twice", RepeatFirst);
}

void Deriver::DeriveString(const Place& place) {
  const StringRule* const rule = RuleOf(place.field.name());
  const std::string good = GetString(place);
  const bool is_name = rule->form == Form::kName;
  for (const Wrong<std::string>& wrong : MalformedOf(rule->form, good)) {
    AddString(place, Flaw::kMalformed, wrong.what, wrong.value).is_name = is_name;
  }
  if (is_name && place.field.is_repeated()) {
    AddString(place, Flaw::kMalformed, "is empty", "").is_name = true;
  }
  for (const Wrong<std::string>& wrong : TooLongOf(*rule, good)) {
    BadField& row = AddString(place, Flaw::kOversized, wrong.what, wrong.value);
    row.is_name = is_name;
    if (rule->max_bytes > 0) row.bound = absl::StrCat(rule->max_bytes);
  }
  if (is_name) DeriveName(place, good);
}

void Deriver::DeriveName(const Place& place, const std::string& good) {
  const std::string own_form = FormOf(good);
  for (const auto& [form, names] : names_) {
    if (form != own_form) {
      AddString(place, Flaw::kWrongType, form, names.ours).is_name = true;
      continue;
    }
    if (names.theirs.empty() || names.theirs == good) continue;
    const std::string absent_bytes =
        AddString(place, Flaw::kOtherTenant, names.absent, names.absent).bytes;
    rows_.pop_back();
    BadField& row = AddString(place, Flaw::kOtherTenant, form, names.theirs);
    row.is_name = true;
    row.theirs = names.theirs;
    row.absent = names.absent;
    row.absent_bytes = absent_bytes;
  }
}

void Deriver::DeriveNumber(const Place& place) {
  for (const Wrong<std::int64_t>& wrong : BadNumbers(place.field)) {
    Add(place, Flaw::kOutOfRange, wrong.what, [&](const Place& at) { SetNumber(at, wrong.value); });
  }
}

void Deriver::DeriveEnum(const Place& place) {
  for (const int number : {99, -1}) {
    Add(place, Flaw::kUnknownValue, absl::StrCat("is ", number),
        [number](const Place& at) { SetEnum(at, number); });
  }
  if (!place.field.is_repeated()) return;
  Add(place, Flaw::kUnknownValue, "is 0", [](const Place& at) { SetEnum(at, 0); });
}

void Deriver::DeriveTime(const Place& place) {
  const auto good = static_cast<const Timestamp&>(MutableMessage(place));
  for (const Wrong<Timestamp>& wrong : BadTimes(place.field.name(), good)) {
    Add(place, Flaw::kOutOfRange, wrong.what,
        [&](const Place& at) { MutableMessage(at).CopyFrom(wrong.value); });
  }
}

void Deriver::DeriveDuration(const Place& place) {
  const auto good = static_cast<const Duration&>(MutableMessage(place));
  for (const Wrong<Duration>& wrong : BadDurations(good)) {
    Add(place, Flaw::kOutOfRange, wrong.what,
        [&](const Place& at) { MutableMessage(at).CopyFrom(wrong.value); });
  }
}

void Deriver::DeriveMask(const Place& place) {
  const std::vector<Wrong<std::string>> paths = {
      {"", "has an empty path"},
      {"nothing", "has a path of no field"},
      {"name", "has a path of a field that never changes"},
      {"*", "has a star"},
      {"display_name\n", "has a line break"},
      {std::string(kBadUtf8), "is no UTF-8"}};
  const auto add = [](const Place& at, const std::string& path) {
    static_cast<FieldMask&>(MutableMessage(at)).add_paths(path);
  };
  for (const Wrong<std::string>& wrong : paths) {
    Add(place, Flaw::kMalformed, wrong.what, [&](const Place& at) { add(at, wrong.value); });
  }
  Add(place, Flaw::kOversized, "has a path of 10000 bytes",
      [&](const Place& at) { add(at, std::string(10'000, 'x')); });
  Add(place, Flaw::kOversized, "has 10000 paths of no field", [&](const Place& at) {
    for (int i = 0; i < 10'000; ++i) add(at, "x");
  });
}

}  // namespace

const char* NameOf(Flaw flaw) {
  switch (flaw) {
    case Flaw::kEmpty:
      return "empty";
    case Flaw::kMalformed:
      return "malformed";
    case Flaw::kOversized:
      return "oversized";
    case Flaw::kWrongType:
      return "wrong type";
    case Flaw::kUnknownValue:
      return "unknown value";
    case Flaw::kOutOfRange:
      return "out of range";
    case Flaw::kOtherTenant:
      return "other tenant";
  }
  return "";
}

std::string FormOf(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  std::string form;
  for (std::size_t i = 0; i < parts.size(); i += 2) {
    absl::StrAppend(&form, i == 0 ? "" : "/", parts[i]);
  }
  return form;
}

std::vector<BadField> BadFieldsOf(const Message& good, const std::set<std::string>& required,
                                  const NamesByForm& names) {
  return Deriver(good, required, names).Derive();
}

std::vector<std::string> FieldsOf(const Descriptor& type, const std::set<std::string>& skip) {
  std::vector<std::string> paths;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL || skip.contains(field.name())) continue;
    if (field.message_type() == nullptr || IsValue(field.message_type())) {
      paths.push_back(field.name());
      continue;
    }
    std::set<std::string> inner;
    for (const std::string& path : skip) {
      const std::pair<std::string, std::string> parts =
          absl::StrSplit(path, absl::MaxSplits('.', 1));
      if (parts.first == field.name()) inner.insert(parts.second);
    }
    for (const std::string& path : FieldsOf(*field.message_type(), inner)) {
      paths.push_back(absl::StrCat(field.name(), ".", path));
    }
  }
  return paths;
}

}  // namespace latchkey::testing
