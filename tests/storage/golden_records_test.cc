// The bytes of every record that a store holds, with all of its fields: a later build has to read
// what this one wrote.

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "gtest/gtest.h"
#include "latchkey/storage/v1/records.pb.h"
#include "latchkey/v1/audit_service.pb.h"
#include "storage/record_codec.h"
#include "tests/policy/reviewed_file.h"

namespace latchkey::storage {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

void FillAll(Message& message);

// Puts a value that tells the field by its number into it; two of a repeated one.
void Fill(Message& message, const FieldDescriptor& field, int number) {
  const Reflection& r = *message.GetReflection();
  const bool many = field.is_repeated();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text = absl::StrCat("s", number);
      return many ? r.AddString(&message, &field, text) : r.SetString(&message, &field, text);
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      return many ? r.AddBool(&message, &field, true) : r.SetBool(&message, &field, true);
    case FieldDescriptor::CPPTYPE_ENUM:
      return many ? r.AddEnumValue(&message, &field, 1) : r.SetEnumValue(&message, &field, 1);
    case FieldDescriptor::CPPTYPE_UINT32:
      return many ? r.AddUInt32(&message, &field, static_cast<std::uint32_t>(number))
                  : r.SetUInt32(&message, &field, static_cast<std::uint32_t>(number));
    case FieldDescriptor::CPPTYPE_UINT64:
      return many ? r.AddUInt64(&message, &field, 1000 + static_cast<std::uint64_t>(number))
                  : r.SetUInt64(&message, &field, 1000 + static_cast<std::uint64_t>(number));
    case FieldDescriptor::CPPTYPE_INT32:
      return many ? r.AddInt32(&message, &field, number) : r.SetInt32(&message, &field, number);
    case FieldDescriptor::CPPTYPE_INT64:
      return many ? r.AddInt64(&message, &field, 1000 + number)
                  : r.SetInt64(&message, &field, 1000 + number);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return FillAll(*(many ? r.AddMessage(&message, &field) : r.MutableMessage(&message, &field)));
    default:
      FAIL() << field.full_name() << " is of a type that this test does not know";
  }
}

// Of a oneof the last one stays.
void FillAll(Message& message) {
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    Fill(message, field, field.number());
    if (field.is_repeated()) Fill(message, field, field.number() + 1);
  }
}

std::string LineOf(const Descriptor& type) {
  const Message* const prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type);
  std::unique_ptr<Message> message(prototype->New());
  FillAll(*message);
  return absl::StrCat(type.full_name(), " ", absl::BytesToHexString(EncodeRecord("key", *message)),
                      "\n");
}

TEST(GoldenRecordsTest, EveryRecordHasTheBytesThatStoresHave) {
  std::string lines =
      "# Each record with a value in every field, in the stored form under the key \"key\".\n";
  const auto& records = *v1::MetaRecord::descriptor()->file();
  for (int i = 0; i < records.message_type_count(); ++i) {
    absl::StrAppend(&lines, LineOf(*records.message_type(i)));
  }
  absl::StrAppend(&lines, LineOf(*::latchkey::v1::Event::descriptor()));
  EXPECT_TRUE(policy::IsReviewed("tests/storage/golden/records.txt", lines));
}

}  // namespace
}  // namespace latchkey::storage
