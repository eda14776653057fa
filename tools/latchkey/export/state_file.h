#ifndef LATCHKEY_TOOLS_LATCHKEY_EXPORT_STATE_FILE_H_
#define LATCHKEY_TOOLS_LATCHKEY_EXPORT_STATE_FILE_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace latchkey::cli {

// How far an export is, and what it is an export of.
struct ExportState {
  // What must stay the same over runs.
  std::string output;  // a file's or folder's name; "-" is standard output
  std::string format;
  std::string source;
  std::string filter;  // as JSON

  // Every event that matches is in the output up to here.
  std::uint64_t position = 0;
  // How much of the file that is written counts.
  std::uint64_t bytes = 0;

  // Where the output is a folder: the file that is written; empty: none.
  std::string part;
  std::uint64_t first = 0;  // the first and last event in it
  std::uint64_t last = 0;
  std::int64_t opened_millis = 0;
  // What it is to be called; not empty: it is complete.
  std::string finished;
};

// Keeps a state in a file, which is replaced as a whole. Used by one thread.
class StateFile {
 public:
  // Reads the state at `path`; begins with `initial`, where there is no file. With an
  // empty path nothing is kept.
  // INVALID_ARGUMENT: the file is of another export, which it names, or is no state.
  static absl::StatusOr<StateFile> Open(std::string path, ExportState initial);

  // Reads the file again, where there is one: what another export kept meanwhile. Called with the
  // output locked. Errors are those of Open().
  absl::Status Reload();

  ExportState& state() { return state_; }
  const ExportState& state() const { return state_; }
  // Whether the state is of an earlier run.
  bool resumed() const { return resumed_; }
  // Whether that run got anywhere.
  bool has_place() const { return has_place_; }
  bool keeps() const { return !path_.empty(); }

  // Puts the state into the file. When it returns, it survives a crash.
  absl::Status Save();

 private:
  StateFile(std::string path, ExportState initial)
      : path_(std::move(path)), state_(std::move(initial)) {}

  std::string path_;
  ExportState state_;
  bool resumed_ = false;
  bool has_place_ = false;
};

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_EXPORT_STATE_FILE_H_
