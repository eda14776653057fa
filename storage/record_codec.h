#ifndef LATCHKEY_STORAGE_RECORD_CODEC_H_
#define LATCHKEY_STORAGE_RECORD_CODEC_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message_lite.h"

namespace latchkey::storage {

// How a record's bytes lie in the engine (docs/storage_format.md): one byte of format, the payload,
// and a CRC-32 of key, format and payload, so that a record which was damaged, or came to lie under
// another key, is told from a good one.

// The only format there is.
inline constexpr unsigned char kRecordFormat = 1;

// Returns the stored form of `payload` under `key`.
std::string EncodePayload(absl::string_view key, absl::string_view payload);

// Returns the payload of a stored record; the view lies in `stored`.
// DATA_LOSS: too short, of another format, or the checksum does not match. Names the table, not the
// bytes.
absl::StatusOr<absl::string_view> DecodePayload(absl::string_view key, absl::string_view stored);

// Returns the payload of `record`. The same record gives the same bytes.
std::string EncodeMessage(const google::protobuf::MessageLite& record);

// Returns the stored form of `record` under `key`: that of its payload.
std::string EncodeRecord(absl::string_view key, const google::protobuf::MessageLite& record);

// Parses a stored record into `record`. DATA_LOSS: as DecodePayload, or the payload does not parse.
absl::Status DecodeRecord(absl::string_view key, absl::string_view stored,
                          google::protobuf::MessageLite& record);

}  // namespace latchkey::storage

#endif  // LATCHKEY_STORAGE_RECORD_CODEC_H_
