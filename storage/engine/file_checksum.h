#ifndef LATCHKEY_STORAGE_ENGINE_FILE_CHECKSUM_H_
#define LATCHKEY_STORAGE_ENGINE_FILE_CHECKSUM_H_

#include <memory>

#include "rocksdb/file_checksum.h"

namespace latchkey::engine {

// Returns what gives every file of a store a checksum, CRC-32 (IEEE 802.3) as 4 bytes big-endian,
// in RocksDB's manifest under the name "LatchkeyCrc32". RocksDB's own takes ten times as long in
// the distribution's build, which has no fast CRC-32C. Thread-safe.
std::shared_ptr<rocksdb::FileChecksumGenFactory> NewFileChecksums();

}  // namespace latchkey::engine

#endif  // LATCHKEY_STORAGE_ENGINE_FILE_CHECKSUM_H_
