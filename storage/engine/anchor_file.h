#ifndef LATCHKEY_STORAGE_ENGINE_ANCHOR_FILE_H_
#define LATCHKEY_STORAGE_ENGINE_ANCHOR_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rocksdb/file_system.h"
#include "storage/engine/engine.h"

namespace latchkey::engine {

// The file ANCHOR in a store's folder: a version that was acknowledged, written beside the
// database so that a database which lost its tail is noticed. One line, "latchkey-anchor 1
// <version> <crc32 of the line before it, 8 hexadecimal digits>".

// Replaces the file, durably and in one step. UNAVAILABLE: the disk refuses; the old one stays.
absl::Status WriteAnchorFile(rocksdb::FileSystem& file_system, const std::string& folder,
                             Version version);

// Returns the version; 0 where there is no file. DATA_LOSS: it does not read back.
absl::StatusOr<Version> ReadAnchorFile(rocksdb::FileSystem& file_system, const std::string& folder);

}  // namespace latchkey::engine

#endif  // LATCHKEY_STORAGE_ENGINE_ANCHOR_FILE_H_
