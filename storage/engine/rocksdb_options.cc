#include "storage/engine/rocksdb_options.h"

#include <array>
#include <cstdarg>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "rocksdb/cache.h"
#include "rocksdb/env.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/slice_transform.h"
#include "rocksdb/table.h"
#include "storage/engine/file_checksum.h"

namespace latchkey::engine {
namespace {

constexpr int kBloomBitsPerKey = 10;
constexpr std::uint64_t kBytesPerSync = 1 << 20;
constexpr std::size_t kBlockSize = 8 << 10;

// Hands RocksDB's own log to ours. Never to a file in the store's folder: a full disk there would
// end the process in the distribution's RocksDB, which is built with assertions.
class InfoLog final : public rocksdb::Logger {
 public:
  explicit InfoLog(latchkey::Logger& logger)
      : rocksdb::Logger(rocksdb::InfoLogLevel::WARN_LEVEL), logger_(logger) {}

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    Logv(rocksdb::InfoLogLevel::WARN_LEVEL, format, arguments);
  }
  void Logv(const rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
    if (level < rocksdb::InfoLogLevel::WARN_LEVEL || level == rocksdb::InfoLogLevel::HEADER_LEVEL) {
      return;
    }
    std::array<char, 1024> text{};
    std::vsnprintf(text.data(), text.size(), format, arguments);
    logger_.Log(level == rocksdb::InfoLogLevel::WARN_LEVEL ? LogLevel::kWarning : LogLevel::kError,
                "rocksdb", {{"text", text.data()}});
  }

 private:
  latchkey::Logger& logger_;
};

rocksdb::BlockBasedTableOptions TableOptions(std::size_t cache_bytes) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(cache_bytes);
  table.block_size = kBlockSize;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey));
  table.whole_key_filtering = true;
  // Bounded memory whatever the number of files; the top of the indexes stays in.
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.pin_top_level_index_and_filter = true;
  table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
  table.format_version = 5;
  // The distribution's RocksDB has no fast CRC-32C.
  table.checksum = rocksdb::ChecksumType::kXXH3;
  return table;
}

}  // namespace

rocksdb::Options MakeRocksdbOptions(const RocksdbEngine::Options& options, rocksdb::Env* env) {
  rocksdb::Options o;
  o.env = env;
  o.create_if_missing = options.create_if_missing;
  o.info_log = std::make_shared<InfoLog>(options.logger);
  o.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  // The default mode drops, without a word, everything after a damaged record, synced or not. This
  // one forgives nothing but a torn end; a log cut at a record's end is what ANCHOR is for.
  o.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  o.recycle_log_file_num = 0;  // clashes with that mode
  o.paranoid_checks = true;
  o.file_checksum_gen_factory = NewFileChecksums();
  o.write_buffer_size = options.write_buffer_bytes;
  o.max_write_buffer_number = 3;
  // Never together with DeleteRange(): this version would take a hint of one table for the other
  // (rocksdb#12558). There is one writer. Much of what it writes follows, in its table, on what it
  // wrote before: with a hint for each table byte the search begins there and not at the top.
  o.allow_concurrent_memtable_write = false;
  o.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(1));
  o.max_background_jobs = 2;
  o.max_open_files = options.max_open_files;
  o.level_compaction_dynamic_level_bytes = true;
  o.compression = rocksdb::kLZ4Compression;
  // A small store has one level below the first, which each compaction writes whole: the fewer of
  // them, the less is written again, and a reader asks more filters. Writers are slowed down no
  // sooner than a compaction that has begun can be done.
  o.level0_file_num_compaction_trigger = 16;
  o.level0_slowdown_writes_trigger = 40;
  o.level0_stop_writes_trigger = 60;
  o.bytes_per_sync = kBytesPerSync;
  o.max_total_wal_size = options.write_buffer_bytes * 4;
  o.avoid_unnecessary_blocking_io = true;
  o.table_factory.reset(
      rocksdb::NewBlockBasedTableFactory(TableOptions(options.block_cache_bytes)));
  return o;
}

absl::Status FromRocksdb(const rocksdb::Status& status, absl::string_view path) {
  if (status.ok()) return absl::OkStatus();
  const std::string text = status.ToString();
  // RocksDB has no code for these two; tests see to it that the words are still its own.
  if (absl::StartsWith(text, "IO error: While lock file")) {
    return absl::FailedPreconditionError(
        absl::StrCat("the folder ", path, " is in use by another process"));
  }
  if (absl::StartsWith(text, "IO error: lock hold by current process")) {
    return absl::FailedPreconditionError(
        absl::StrCat("the folder ", path, " is already in use by this process"));
  }
  if (status.IsCorruption()) {
    return absl::DataLossError(absl::StrCat("the store in ", path, " is damaged: ", text));
  }
  return absl::UnavailableError(absl::StrCat("the store in ", path, " fails: ", text));
}

}  // namespace latchkey::engine
