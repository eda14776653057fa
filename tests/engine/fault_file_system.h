#ifndef LATCHKEY_TESTS_ENGINE_FAULT_FILE_SYSTEM_H_
#define LATCHKEY_TESTS_ENGINE_FAULT_FILE_SYSTEM_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "rocksdb/file_system.h"
#include "server/base/mutex.h"

namespace latchkey::engine {

// The machine's file system, but for the faults that a test asks for: a power loss that takes
// whatever was not synced, and a disk that is full. Thread-safe.
class FaultFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  FaultFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}

  const char* Name() const override { return "FaultFileSystem"; }

  // After `operations` more appends and syncs each one fails with "no space left", an append after
  // half of its bytes. Negative: they succeed again.
  void FailAfter(int operations);
  // Whether any failed since FailAfter().
  bool failed() const;

  // Says that the disk has so many bytes free; negative: as many as it has.
  void SetFree(std::int64_t bytes);
  // How often that was asked for.
  int free_asked() const;

  // Cuts every file back to what was synced of it. The engine must be closed, or be left for dead.
  void LosePower();

  // From rocksdb::FileSystem.
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFreeSpace(const std::string& path, const rocksdb::IOOptions& options,
                                 std::uint64_t* bytes, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

 private:
  class File;

  // Counts one operation; returns whether it is to fail.
  bool Fails();
  void Written(const std::string& path, std::uint64_t bytes);
  void Synced(const std::string& path);

  struct Size {
    std::uint64_t written = 0;
    std::uint64_t synced = 0;
  };
  mutable Mutex mu_;
  int left_ ABSL_GUARDED_BY(mu_) = -1;
  bool failed_ ABSL_GUARDED_BY(mu_) = false;
  std::int64_t free_ ABSL_GUARDED_BY(mu_) = -1;
  int free_asked_ ABSL_GUARDED_BY(mu_) = 0;
  std::map<std::string, Size> sizes_ ABSL_GUARDED_BY(mu_);
};

}  // namespace latchkey::engine

#endif  // LATCHKEY_TESTS_ENGINE_FAULT_FILE_SYSTEM_H_
