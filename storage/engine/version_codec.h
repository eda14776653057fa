#ifndef LATCHKEY_STORAGE_ENGINE_VERSION_CODEC_H_
#define LATCHKEY_STORAGE_ENGINE_VERSION_CODEC_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "storage/engine/engine.h"

namespace latchkey::engine {

// A version as it lies before each value: little-endian base 128, seven bits a byte, the high bit
// set on every byte but the last; 1 to 10 bytes.
inline std::string EncodeVersion(Version version) {
  std::string bytes;
  for (; version >= 0x80; version >>= 7) {
    bytes.push_back(static_cast<char>(static_cast<unsigned char>(version | 0x80)));
  }
  bytes.push_back(static_cast<char>(static_cast<unsigned char>(version)));
  return bytes;
}

// Removes a version from the front of `bytes`. DATA_LOSS: there is none.
inline absl::Status TakeVersion(absl::string_view& bytes, Version& version) {
  version = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    if (shift == 63 && byte > 1) break;  // more than 64 bits
    version |= static_cast<Version>(byte & 0x7f) << shift;
    if (byte < 0x80) return absl::OkStatus();
  }
  return absl::DataLossError("a stored value has no version");
}

}  // namespace latchkey::engine

#endif  // LATCHKEY_STORAGE_ENGINE_VERSION_CODEC_H_
