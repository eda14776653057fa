#include "tools/latchkey/trust_file.h"

#include <cerrno>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "tools/latchkey/export/files.h"

namespace latchkey::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;

}  // namespace

absl::StatusOr<LogTrust> ReadTrust(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (errno == ENOENT) return LogTrust();
    return FileError(path, "read");
  }
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  try {
    const Json json = Json::parse(text);
    if (json.at("version").get<int>() == kVersion) {
      LogTrust trust;
      trust.verifier_key = json.at("verifier_key").get<std::string>();
      trust.checkpoint = json.at("checkpoint").get<std::string>();
      trust.filter = json.at("filter").get<std::string>();
      trust.verified_through = json.at("verified_through").get<std::uint64_t>();
      return trust;
    }
  } catch (const Json::exception&) {
    // Told below.
  }
  return absl::InvalidArgumentError(
      absl::StrCat(path, " is not what `latchkey audit verify --state` keeps"));
}

absl::Status WriteTrust(const std::string& path, const LogTrust& trust) {
  const Json json = {{"version", kVersion},
                     {"verifier_key", trust.verifier_key},
                     {"checkpoint", trust.checkpoint},
                     {"filter", trust.filter},
                     {"verified_through", trust.verified_through}};
  return ReplaceFile(path, absl::StrCat(json.dump(2), "\n"));
}

}  // namespace latchkey::cli
