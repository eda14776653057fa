#include "storage/record_codec.h"

#include <libdeflate.h>

#include <cstddef>
#include <cstdint>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "server/base/status_macros.h"

namespace latchkey::storage {
namespace {

constexpr std::size_t kChecksumSize = 4;

std::uint32_t Checksum(absl::string_view key, absl::string_view body) {
  return libdeflate_crc32(libdeflate_crc32(0, key.data(), key.size()), body.data(), body.size());
}

void AppendChecksum(absl::string_view key, std::string& stored) {
  const std::uint32_t crc = Checksum(key, stored);
  for (unsigned shift = 0; shift < 32; shift += 8) {
    stored.push_back(static_cast<char>(static_cast<unsigned char>(crc >> shift)));
  }
}

std::uint32_t LoadChecksum(absl::string_view bytes) {
  std::uint32_t crc = 0;
  for (unsigned i = 0; i < kChecksumSize; ++i) {
    crc |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return crc;
}

absl::Status Damaged(absl::string_view key, absl::string_view what) {
  return absl::DataLossError(
      absl::StrCat("a record of table '", absl::CHexEscape(key.substr(0, 1)), "' ", what));
}

// Writes the `size` bytes of a record whose ByteSizeLong() was just asked.
void Serialize(const google::protobuf::MessageLite& record, char* bytes, std::size_t size) {
  google::protobuf::io::ArrayOutputStream stream(bytes, static_cast<int>(size));
  google::protobuf::io::CodedOutputStream out(&stream);
  out.SetSerializationDeterministic(true);
  record.SerializeWithCachedSizes(&out);
}

}  // namespace

std::string EncodePayload(absl::string_view key, absl::string_view payload) {
  std::string stored;
  stored.reserve(1 + payload.size() + kChecksumSize);
  stored.push_back(static_cast<char>(kRecordFormat));
  stored.append(payload.data(), payload.size());
  AppendChecksum(key, stored);
  return stored;
}

absl::StatusOr<absl::string_view> DecodePayload(absl::string_view key, absl::string_view stored) {
  if (stored.size() < 1 + kChecksumSize) return Damaged(key, "is too short");
  const absl::string_view body = stored.substr(0, stored.size() - kChecksumSize);
  if (LoadChecksum(stored.substr(body.size())) != Checksum(key, body)) {
    return Damaged(key, "does not match its checksum");
  }
  if (static_cast<unsigned char>(body[0]) != kRecordFormat) {
    return Damaged(key, absl::StrCat("has format ", static_cast<unsigned char>(body[0]),
                                     ", this program reads ", kRecordFormat));
  }
  return body.substr(1);
}

std::string EncodeMessage(const google::protobuf::MessageLite& record) {
  std::string bytes(record.ByteSizeLong(), '\0');
  Serialize(record, bytes.data(), bytes.size());
  return bytes;
}

std::string EncodeRecord(absl::string_view key, const google::protobuf::MessageLite& record) {
  const std::size_t size = record.ByteSizeLong();
  std::string stored;
  stored.reserve(1 + size + kChecksumSize);
  stored.push_back(static_cast<char>(kRecordFormat));
  stored.resize(1 + size);
  Serialize(record, stored.data() + 1, size);
  AppendChecksum(key, stored);
  return stored;
}

absl::Status DecodeRecord(absl::string_view key, absl::string_view stored,
                          google::protobuf::MessageLite& record) {
  LATCHKEY_ASSIGN_OR_RETURN(const absl::string_view payload, DecodePayload(key, stored));
  if (!record.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return Damaged(key, "does not parse");
  }
  return absl::OkStatus();
}

}  // namespace latchkey::storage
