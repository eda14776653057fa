#include "server/rpc/message_bytes.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"
#include "grpcpp/support/slice.h"
#include "server/authority/errors.h"
#include "server/authority/utf8.h"

namespace latchkey::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;

constexpr int kMaxDepth = 16;

// Returns the path of the first string in `bytes` that is not UTF-8; "" where there is none before
// the bytes end, or are no message.
std::string FindBadString(const Descriptor& type, absl::string_view bytes, int depth) {
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                            static_cast<int>(bytes.size()));
  while (const std::uint32_t tag = in.ReadTag()) {
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (!WireFormatLite::SkipField(&in, tag)) return "";
      continue;
    }
    std::uint32_t size = 0;
    if (!in.ReadVarint32(&size)) return "";
    const absl::string_view value =
        bytes.substr(static_cast<std::size_t>(in.CurrentPosition()), size);
    if (value.size() != size || !in.Skip(static_cast<int>(size))) return "";
    const FieldDescriptor* field = type.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
    if (field == nullptr) continue;
    if (field->type() == FieldDescriptor::TYPE_STRING && !IsUtf8(value)) return field->name();
    if (field->type() != FieldDescriptor::TYPE_MESSAGE || depth == kMaxDepth) continue;
    const std::string inner = FindBadString(*field->message_type(), value, depth + 1);
    if (!inner.empty()) return absl::StrCat(field->name(), ".", inner);
  }
  return "";
}

}  // namespace

absl::Status MalformedRequestError(const google::protobuf::Message& request,
                                   const grpc::ByteBuffer& bytes) {
  grpc::Slice slice;
  std::string field;
  if (bytes.DumpToSingleSlice(&slice).ok()) {
    field = FindBadString(*request.GetDescriptor(),
                          {reinterpret_cast<const char*>(slice.begin()), slice.size()}, 0);
  }
  if (field.empty()) {
    return InvalidFieldError(
        "request", absl::StrCat("has bytes that are no ", request.GetDescriptor()->full_name(),
                                "; send one, as the contract has it"));
  }
  return InvalidFieldError(field, "is not UTF-8; it takes text");
}

}  // namespace latchkey::rpc
