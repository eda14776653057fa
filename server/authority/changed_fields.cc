#include "server/authority/changed_fields.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/timestamp.pb.h"

namespace latchkey {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Messages of one type. The contract's are small, and their bytes are the same where they are.
// Times, which most messages are, are told apart without making bytes of them.
bool SameMessage(const Message& a, const Message& b) {
  if (const auto* const time = dynamic_cast<const google::protobuf::Timestamp*>(&a)) {
    const auto& other = static_cast<const google::protobuf::Timestamp&>(b);
    return time->seconds() == other.seconds() && time->nanos() == other.nanos();
  }
  return a.SerializeAsString() == b.SerializeAsString();
}

bool SameItem(const Message& a, const Message& b, const FieldDescriptor& field, int index) {
  const Reflection& in_a = *a.GetReflection();
  const Reflection& in_b = *b.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch_a;
      std::string scratch_b;
      return in_a.GetRepeatedStringReference(a, &field, index, &scratch_a) ==
             in_b.GetRepeatedStringReference(b, &field, index, &scratch_b);
    }
    case FieldDescriptor::CPPTYPE_ENUM:
      return in_a.GetRepeatedEnumValue(a, &field, index) ==
             in_b.GetRepeatedEnumValue(b, &field, index);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return SameMessage(in_a.GetRepeatedMessage(a, &field, index),
                         in_b.GetRepeatedMessage(b, &field, index));
    default:
      return false;  // no resource has lists of other types; a change too many does no harm
  }
}

bool SameList(const Message& a, const Message& b, const FieldDescriptor& field) {
  const int size = a.GetReflection()->FieldSize(a, &field);
  if (size != b.GetReflection()->FieldSize(b, &field)) return false;
  for (int i = 0; i < size; ++i) {
    if (!SameItem(a, b, field, i)) return false;
  }
  return true;
}

// A field that is neither a list nor a message.
bool SameScalar(const Message& a, const Message& b, const FieldDescriptor& field) {
  const Reflection& in_a = *a.GetReflection();
  const Reflection& in_b = *b.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch_a;
      std::string scratch_b;
      return in_a.GetStringReference(a, &field, &scratch_a) ==
             in_b.GetStringReference(b, &field, &scratch_b);
    }
    case FieldDescriptor::CPPTYPE_ENUM:
      return in_a.GetEnumValue(a, &field) == in_b.GetEnumValue(b, &field);
    case FieldDescriptor::CPPTYPE_BOOL:
      return in_a.GetBool(a, &field) == in_b.GetBool(b, &field);
    case FieldDescriptor::CPPTYPE_INT32:
      return in_a.GetInt32(a, &field) == in_b.GetInt32(b, &field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return in_a.GetUInt32(a, &field) == in_b.GetUInt32(b, &field);
    case FieldDescriptor::CPPTYPE_INT64:
      return in_a.GetInt64(a, &field) == in_b.GetInt64(b, &field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return in_a.GetUInt64(a, &field) == in_b.GetUInt64(b, &field);
    default:
      return false;  // as above
  }
}

// Whether a message's own fields are named, and not only it.
bool IsTakenApart(const FieldDescriptor& field, bool in_both) {
  return in_both && field.message_type()->file()->package() != "google.protobuf";
}

void AddChanged(const Message& before, const Message& after, absl::string_view prefix,
                google::protobuf::FieldMask& changed);

void AddChangedMessage(const Message& before, const Message& after, const FieldDescriptor& field,
                       absl::string_view prefix, google::protobuf::FieldMask& changed) {
  const bool had = before.GetReflection()->HasField(before, &field);
  const bool has = after.GetReflection()->HasField(after, &field);
  if (!had && !has) return;
  const Message& was = before.GetReflection()->GetMessage(before, &field);
  const Message& is = after.GetReflection()->GetMessage(after, &field);
  if (prefix.empty() && IsTakenApart(field, had && has)) {
    AddChanged(was, is, absl::StrCat(field.name(), "."), changed);
  } else if (had != has || !SameMessage(was, is)) {
    changed.add_paths(absl::StrCat(prefix, field.name()));
  }
}

void AddChanged(const Message& before, const Message& after, absl::string_view prefix,
                google::protobuf::FieldMask& changed) {
  const google::protobuf::Descriptor& type = *before.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (!field.is_repeated() && field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      AddChangedMessage(before, after, field, prefix, changed);
      continue;
    }
    if (prefix.empty() && field.name() == "revision") continue;
    const bool same =
        field.is_repeated() ? SameList(before, after, field) : SameScalar(before, after, field);
    if (!same) changed.add_paths(absl::StrCat(prefix, field.name()));
  }
}

// The resource in an entity; null where there is none.
const FieldDescriptor* ResourceField(const v1::Entity& entity) {
  return entity.GetReflection()->GetOneofFieldDescriptor(entity,
                                                         entity.GetDescriptor()->oneof_decl(0));
}

}  // namespace

void SetChanged(v1::Event& event) {
  if (!event.has_before() || !event.has_after()) return;
  const FieldDescriptor* const field = ResourceField(event.before());
  if (field == nullptr || field != ResourceField(event.after())) return;
  google::protobuf::FieldMask changed;
  AddChanged(event.before().GetReflection()->GetMessage(event.before(), field),
             event.after().GetReflection()->GetMessage(event.after(), field), "", changed);
  if (!changed.paths().empty()) *event.mutable_changed() = std::move(changed);
}

}  // namespace latchkey
