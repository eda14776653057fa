#ifndef LATCHKEY_STORAGE_ENGINE_ROCKSDB_SNAPSHOT_H_
#define LATCHKEY_STORAGE_ENGINE_ROCKSDB_SNAPSHOT_H_

#include <memory>

#include "storage/engine/engine.h"
#include "storage/engine/reader_gate.h"

namespace latchkey::engine {

// A snapshot that shows the state in `pass`; it holds the pass for as long as it lives. Where the
// pass has no state every read is UNAVAILABLE.
std::unique_ptr<Snapshot> NewRocksdbSnapshot(ReaderGate::Pass pass);

}  // namespace latchkey::engine

#endif  // LATCHKEY_STORAGE_ENGINE_ROCKSDB_SNAPSHOT_H_
