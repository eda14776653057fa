#ifndef LATCHKEY_STORAGE_ENGINE_ROCKSDB_OPTIONS_H_
#define LATCHKEY_STORAGE_ENGINE_ROCKSDB_OPTIONS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "rocksdb/options.h"
#include "storage/engine/rocksdb_engine.h"

namespace latchkey::engine {

// The options under which RocksDB keeps this store's promises, and why, one by one.
rocksdb::Options MakeRocksdbOptions(const RocksdbEngine::Options& options, rocksdb::Env* env);

// What a RocksDB status means here. `path` is the store's.
absl::Status FromRocksdb(const rocksdb::Status& status, absl::string_view path);

}  // namespace latchkey::engine

#endif  // LATCHKEY_STORAGE_ENGINE_ROCKSDB_OPTIONS_H_
