#include "storage/engine/file_checksum.h"

#include <libdeflate.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace latchkey::engine {
namespace {

constexpr char kName[] = "LatchkeyCrc32";

class Crc32Generator final : public rocksdb::FileChecksumGenerator {
 public:
  void Update(const char* data, std::size_t size) override {
    crc_ = libdeflate_crc32(crc_, data, size);
  }
  void Finalize() override {}
  std::string GetChecksum() const override {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) {
      bytes.push_back(static_cast<char>(static_cast<unsigned char>(crc_ >> shift)));
    }
    return bytes;
  }
  const char* Name() const override { return kName; }

 private:
  std::uint32_t crc_ = 0;
};

class Crc32Factory final : public rocksdb::FileChecksumGenFactory {
 public:
  std::unique_ptr<rocksdb::FileChecksumGenerator> CreateFileChecksumGenerator(
      const rocksdb::FileChecksumGenContext& context) override {
    // Who asks for another function, to check a file of another program, gets none.
    if (!context.requested_checksum_func_name.empty() &&
        context.requested_checksum_func_name != kName) {
      return nullptr;
    }
    return std::make_unique<Crc32Generator>();
  }
  const char* Name() const override { return "LatchkeyCrc32Factory"; }
};

}  // namespace

std::shared_ptr<rocksdb::FileChecksumGenFactory> NewFileChecksums() {
  return std::make_shared<Crc32Factory>();
}

}  // namespace latchkey::engine
