#ifndef LATCHKEY_TOOLS_LATCHKEY_EXPORT_SINK_H_
#define LATCHKEY_TOOLS_LATCHKEY_EXPORT_SINK_H_

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "tools/latchkey/export/state_file.h"

namespace latchkey::cli {

// Where the lines of an export go. A kill at any time loses no line and repeats none, where there
// is a state to go on from and the output can be cut back. Used by one thread. Any error ends the
// export.
class Sink {
 public:
  virtual ~Sink() = default;

  // Makes ready for the line after the state's position; cuts off what lies beyond it. Called once,
  // first. FAILED_PRECONDITION: the output is not as the state has it, or is in the way.
  virtual absl::Status Open() = 0;

  // Takes the line of an event. Sequences grow.
  virtual absl::Status Write(std::uint64_t sequence, absl::string_view line) = 0;

  // Lets others read what was taken. Ends a file whose time is over.
  virtual absl::Status Flush() = 0;

  // Makes what was taken durable, and keeps that everything up to `position` was.
  virtual absl::Status Checkpoint(std::uint64_t position) = 0;

  // The same at the end of the export.
  virtual absl::Status Finish(std::uint64_t position) = 0;
};

// Each sink works on `state`, which must outlive it.

// Lines on a stream, which must outlive the sink: durable only as far as its reader makes them so.
std::unique_ptr<Sink> MakeStreamSink(std::ostream& out, StateFile& state);

// Lines at the end of the file that the state names.
std::unique_ptr<Sink> MakeFileSink(StateFile& state);

// When a file in a folder is complete: before it would have more bytes (a longer line has a file
// for itself), or at this age.
struct Rotation {
  std::uint64_t bytes = 0;
  absl::Duration age;
};

// Files in the folder that the state names, made where it is not there: each appears as a whole
// under a name that says its first and last event. `clock` must outlive the sink.
std::unique_ptr<Sink> MakeFolderSink(StateFile& state, const Rotation& rotation,
                                     const Clock& clock);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_EXPORT_SINK_H_
