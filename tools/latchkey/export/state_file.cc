#include "tools/latchkey/export/state_file.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "server/base/status_macros.h"
#include "tools/latchkey/export/files.h"

namespace latchkey::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;

Json ToJson(const ExportState& state) {
  return {{"version", kVersion},
          {"output", state.output},
          {"format", state.format},
          {"source", state.source},
          {"filter", state.filter},
          {"position", state.position},
          {"bytes", state.bytes},
          {"part", state.part},
          {"first", state.first},
          {"last", state.last},
          {"opened_millis", state.opened_millis},
          {"finished", state.finished}};
}

absl::Status NoState(const std::string& path) {
  return absl::InvalidArgumentError(absl::StrCat(path, " is no state of an export"));
}

absl::StatusOr<ExportState> FromJson(const std::string& path, const std::string& text) {
  try {
    const Json json = Json::parse(text);
    if (json.at("version").get<int>() != kVersion) return NoState(path);
    ExportState state;
    state.output = json.at("output").get<std::string>();
    state.format = json.at("format").get<std::string>();
    state.source = json.at("source").get<std::string>();
    state.filter = json.at("filter").get<std::string>();
    state.position = json.at("position").get<std::uint64_t>();
    state.bytes = json.at("bytes").get<std::uint64_t>();
    state.part = json.at("part").get<std::string>();
    state.first = json.at("first").get<std::uint64_t>();
    state.last = json.at("last").get<std::uint64_t>();
    state.opened_millis = json.at("opened_millis").get<std::int64_t>();
    state.finished = json.at("finished").get<std::string>();
    return state;
  } catch (const Json::exception&) {
    return NoState(path);
  }
}

bool IsText(const std::string& bytes) {
  try {
    return !Json(bytes).dump().empty();
  } catch (const Json::exception&) {
    return false;
  }
}

// The output however it is spelled, so that a state can be used from any folder.
std::string WholePath(const std::string& output) {
  if (output.empty() || output == "-") return output;
  std::error_code error;
  std::filesystem::path whole = std::filesystem::absolute(output, error);
  if (!error) whole = std::filesystem::weakly_canonical(whole, error);
  if (error) return output;
  // A folder of another name than text could not be kept.
  return IsText(whole.string()) ? whole.string() : output;
}

absl::Status CheckSame(const std::string& path, const char* what, const std::string& kept,
                       const std::string& given) {
  if (kept == given) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(path, " is the state of an export with ", what,
                                                 " '", kept, "', and not '", given,
                                                 "'; give each export a state of its own"));
}

}  // namespace

absl::StatusOr<StateFile> StateFile::Open(std::string path, ExportState initial) {
  initial.output = WholePath(initial.output);
  StateFile file(std::move(path), std::move(initial));
  LATCHKEY_RETURN_IF_ERROR(file.Reload());
  return file;
}

absl::Status StateFile::Reload() {
  if (path_.empty()) return absl::OkStatus();
  if (::access(path_.c_str(), F_OK) != 0) {
    return errno == ENOENT ? absl::OkStatus() : FileError(path_, "read");
  }
  LATCHKEY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path_));
  LATCHKEY_ASSIGN_OR_RETURN(ExportState kept, FromJson(path_, text));
  kept.output = WholePath(kept.output);
  LATCHKEY_RETURN_IF_ERROR(CheckSame(path_, "the output", kept.output, state_.output));
  LATCHKEY_RETURN_IF_ERROR(CheckSame(path_, "--format", kept.format, state_.format));
  LATCHKEY_RETURN_IF_ERROR(CheckSame(path_, "--source", kept.source, state_.source));
  LATCHKEY_RETURN_IF_ERROR(CheckSame(path_, "the filter", kept.filter, state_.filter));
  // One that has no place is no more than a beginning, which may be somewhere else by now.
  has_place_ = kept.position > 0 || kept.bytes > 0 || !kept.part.empty();
  if (!has_place_) kept.position = state_.position;
  state_ = std::move(kept);
  resumed_ = true;
  return absl::OkStatus();
}

absl::Status StateFile::Save() {
  if (path_.empty()) return absl::OkStatus();
  return ReplaceFile(path_, absl::StrCat(ToJson(state_).dump(), "\n"));
}

}  // namespace latchkey::cli
