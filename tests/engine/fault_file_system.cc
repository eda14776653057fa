#include "tests/engine/fault_file_system.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "gtest/gtest.h"

namespace latchkey::engine {

class FaultFileSystem::File final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(FaultFileSystem& owner, std::string path, std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), owner_(owner), path_(std::move(path)) {}

  using FSWritableFileOwnerWrapper::Append;
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
    rocksdb::Slice part = data;
    const bool fails = owner_.Fails();
    if (fails) part = rocksdb::Slice(data.data(), data.size() / 2);
    rocksdb::IOStatus status = FSWritableFileOwnerWrapper::Append(part, options, debug);
    if (!status.ok()) return status;
    owner_.Written(path_, part.size());
    return fails ? Full() : status;
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo& /*verification*/,
                           rocksdb::IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                         rocksdb::IODebugContext* debug) override {
    return Mark(FSWritableFileOwnerWrapper::Sync(options, debug));
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* debug) override {
    return Mark(FSWritableFileOwnerWrapper::Fsync(options, debug));
  }

 private:
  static rocksdb::IOStatus Full() { return rocksdb::IOStatus::NoSpace("no space left"); }

  rocksdb::IOStatus Mark(rocksdb::IOStatus status) {
    if (owner_.Fails()) return Full();
    if (status.ok()) owner_.Synced(path_);
    return status;
  }

  FaultFileSystem& owner_;
  const std::string path_;
};

void FaultFileSystem::FailAfter(int operations) {
  MutexLock lock(mu_);
  left_ = operations;
  failed_ = false;
}

void FaultFileSystem::SetFree(std::int64_t bytes) {
  MutexLock lock(mu_);
  free_ = bytes;
}

int FaultFileSystem::free_asked() const {
  MutexLock lock(mu_);
  return free_asked_;
}

rocksdb::IOStatus FaultFileSystem::GetFreeSpace(const std::string& path,
                                                const rocksdb::IOOptions& options,
                                                std::uint64_t* bytes,
                                                rocksdb::IODebugContext* debug) {
  {
    MutexLock lock(mu_);
    ++free_asked_;
    if (free_ >= 0) {
      *bytes = static_cast<std::uint64_t>(free_);
      return rocksdb::IOStatus::OK();
    }
  }
  return FileSystemWrapper::GetFreeSpace(path, options, bytes, debug);
}

bool FaultFileSystem::failed() const {
  MutexLock lock(mu_);
  return failed_;
}

bool FaultFileSystem::Fails() {
  MutexLock lock(mu_);
  if (left_ < 0) return false;
  if (left_ > 0) {
    --left_;
    return false;
  }
  failed_ = true;
  return true;
}

void FaultFileSystem::Written(const std::string& path, std::uint64_t bytes) {
  MutexLock lock(mu_);
  sizes_[path].written += bytes;
}

void FaultFileSystem::Synced(const std::string& path) {
  MutexLock lock(mu_);
  sizes_[path].synced = sizes_[path].written;
}

void FaultFileSystem::LosePower() {
  MutexLock lock(mu_);
  for (auto& [path, size] : sizes_) {
    if (size.synced == size.written) continue;
    std::error_code error;
    std::filesystem::resize_file(path, size.synced, error);
    EXPECT_FALSE(error) << path << ": " << error.message();
    size.written = size.synced;
  }
}

rocksdb::IOStatus FaultFileSystem::NewWritableFile(const std::string& path,
                                                   const rocksdb::FileOptions& options,
                                                   std::unique_ptr<rocksdb::FSWritableFile>* file,
                                                   rocksdb::IODebugContext* debug) {
  rocksdb::IOStatus status = FileSystemWrapper::NewWritableFile(path, options, file, debug);
  if (!status.ok()) return status;
  {
    MutexLock lock(mu_);
    sizes_[path] = Size();
  }
  *file = std::make_unique<File>(*this, path, std::move(*file));
  return status;
}

rocksdb::IOStatus FaultFileSystem::ReopenWritableFile(
    const std::string& path, const rocksdb::FileOptions& options,
    std::unique_ptr<rocksdb::FSWritableFile>* file, rocksdb::IODebugContext* debug) {
  rocksdb::IOStatus status = FileSystemWrapper::ReopenWritableFile(path, options, file, debug);
  if (status.ok()) *file = std::make_unique<File>(*this, path, std::move(*file));
  return status;
}

rocksdb::IOStatus FaultFileSystem::RenameFile(const std::string& from, const std::string& to,
                                              const rocksdb::IOOptions& options,
                                              rocksdb::IODebugContext* debug) {
  rocksdb::IOStatus status = FileSystemWrapper::RenameFile(from, to, options, debug);
  MutexLock lock(mu_);
  if (status.ok() && sizes_.count(from) != 0) {
    sizes_[to] = sizes_[from];
    sizes_.erase(from);
  }
  return status;
}

rocksdb::IOStatus FaultFileSystem::DeleteFile(const std::string& path,
                                              const rocksdb::IOOptions& options,
                                              rocksdb::IODebugContext* debug) {
  rocksdb::IOStatus status = FileSystemWrapper::DeleteFile(path, options, debug);
  MutexLock lock(mu_);
  if (status.ok()) sizes_.erase(path);
  return status;
}

}  // namespace latchkey::engine
