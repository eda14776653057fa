#include "tools/latchkey/trust_file.h"

#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "client/local_file.h"
#include "nlohmann/json.hpp"
#include "server/base/status_macros.h"
#include "tools/latchkey/export/files.h"

namespace latchkey::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;

}  // namespace

absl::StatusOr<LogTrust> ReadTrust(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) return LogTrust();
  LATCHKEY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
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
