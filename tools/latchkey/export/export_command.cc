#include <cstdint>
#include <optional>

#include "absl/strings/str_cat.h"
#include "tools/latchkey/audit_filter.h"
#include "tools/latchkey/commands.h"
#include "tools/latchkey/error_report.h"
#include "tools/latchkey/export/exporter.h"
#include "tools/latchkey/output.h"
#include "tools/latchkey/reconnect_notice.h"

namespace latchkey::cli {
namespace {

constexpr std::uint64_t kDefaultRotateBytes = std::uint64_t{64} << 20;

struct ExportArgs {
  FilterArgs filter;
  std::string format = "jsonl";
  std::string source = "/latchkey";
  std::uint64_t after = 0;
  bool from_oldest = false;
  std::string state;
  std::string to = "-";
  std::string dir;
  std::optional<std::uint64_t> rotate_bytes;
  std::optional<std::string> rotate_every;
  bool follow = false;
  bool quiet = false;
};

void DeclareExport(Syntax& syntax, ExportArgs& args) {
  DeclareFilter(syntax, args.filter);
  syntax.Text("--format", "FORMAT", args.format,
              "jsonl (the default), cloudevents, ocsf or slack; see docs/export.md");
  syntax.Text("--source", "URI", args.source,
              "The log's name in formats that have a place for it; /latchkey by default");
  syntax.Number("--after", args.after,
                "Begin after this event, where no state says otherwise; 0, the default, is the "
                "beginning");
  syntax.Flag(
      "--oldest", args.from_oldest,
      "Begin with the oldest event that is kept, whatever was before it, where no state says "
      "otherwise");
  syntax.TextThatIsNotEmpty("--state", "FILE", args.state,
                            "Keep here how far the export is, and go on from there");
  syntax.Text("--to", "FILE", args.to,
              "Write to the end of this file; -, the default, is standard output");
  syntax.TextThatIsNotEmpty(
      "--dir", "PATH", args.dir,
      "Write files into this folder, each of which appears when it is complete");
  syntax.Number("--rotate-bytes", args.rotate_bytes,
                "With --dir: how large a file may be; 64 MiB by default");
  syntax.Text("--rotate-every", "TIME", args.rotate_every,
              "With --dir: at what age a file is complete; 5m by default");
  syntax.Flag("--follow", args.follow,
              "Go on with new events; else it ends at what was the log's end when it began");
  syntax.Flag("--quiet", args.quiet, "Say nothing of how it goes");
}

absl::StatusOr<Rotation> RotationOf(const ExportArgs& args) {
  Rotation rotation;
  rotation.bytes = args.rotate_bytes.value_or(kDefaultRotateBytes);
  if (rotation.bytes == 0) return absl::InvalidArgumentError("--rotate-bytes is 0; it takes 1 up");
  const absl::StatusOr<absl::Duration> age = ParseTimeSpan(args.rotate_every.value_or("5m"));
  if (!age.ok()) return WithNote(age.status(), "--rotate-every");
  rotation.age = *age;
  return rotation;
}

ExportState InitialState(const ExportArgs& args, const ExportOptions& options) {
  ExportState state;
  state.output = args.dir.empty() ? args.to : args.dir;
  // "out/" and "out" are one folder; a file's name never ends so.
  while (!args.dir.empty() && state.output.size() > 1 && state.output.back() == '/') {
    state.output.pop_back();
  }
  state.format = args.format;
  state.source = args.source;
  state.filter = ToJson(options.filter, /*one_line=*/true);
  state.filter.pop_back();  // the line's end
  state.position = args.after;
  return state;
}

absl::StatusOr<std::unique_ptr<Sink>> MakeSink(Session& session, const ExportArgs& args,
                                               StateFile& state) {
  if (!args.dir.empty()) {
    LATCHKEY_ASSIGN_OR_RETURN(const Rotation rotation, RotationOf(args));
    return MakeFolderSink(state, rotation, session.io().clock);
  }
  if (args.to == "-") return MakeStreamSink(session.io().out, state);
  return MakeFileSink(state);
}

absl::StatusOr<ExitCode> RunExport(Session& session, const ExportArgs& args) {
  if (!args.dir.empty() && args.to != "-") {
    return absl::InvalidArgumentError("--to and --dir exclude each other");
  }
  if (args.dir.empty() && (args.rotate_bytes.has_value() || args.rotate_every.has_value())) {
    return absl::InvalidArgumentError(
        "--rotate-bytes and --rotate-every go with --dir, whose files they complete");
  }
  if (args.from_oldest && args.after != 0) {
    return absl::InvalidArgumentError("--oldest and --after exclude each other");
  }
  if (args.source.empty()) {
    return absl::InvalidArgumentError("--source is empty; it takes the log's name, a URI");
  }
  ExportOptions options;
  options.filter = MakeFilter(args.filter);
  LATCHKEY_ASSIGN_OR_RETURN(options.format, ParseLineFormat(args.format));
  options.source = args.source;
  options.follow = args.follow;
  options.quiet = args.quiet;
  LATCHKEY_ASSIGN_OR_RETURN(StateFile state,
                            StateFile::Open(args.state, InitialState(args, options)));
  LATCHKEY_ASSIGN_OR_RETURN(const std::unique_ptr<Sink> sink, MakeSink(session, args, state));
  LATCHKEY_ASSIGN_OR_RETURN(const Client* const client, session.client());
  LATCHKEY_RETURN_IF_ERROR(sink->Open());
  for (;;) {
    options.after = state.state().position;
    options.goes_on = state.has_place();
    Exporter exporter(session, *client, options, *sink);
    const auto code = exporter.Run();
    const bool to_stream = args.dir.empty() && args.to == "-";
    if (exporter.output_failed() && to_stream) return FinishOutput(session);
    const bool moved = exporter.position() != options.after;
    const std::optional<std::uint64_t> oldest = OldestKept(code.status());
    // What lies between a kept place and the oldest event would be a gap that nobody was told of.
    const bool is_later = oldest.has_value() && *oldest - 1 > options.after;
    if (args.from_oldest && !state.has_place() && !exporter.began() && is_later) {
      if (!args.quiet) PrintSkipped(session, options.after, *oldest);
      state.state().position = *oldest - 1;
      continue;
    }
    if (code.ok() || state.keeps() || !moved) return code;
    return WithNote(code.status(), absl::StrCat("go on with --after ", exporter.position()));
  }
}

}  // namespace

std::vector<Command> ExportCommands() {
  return {MakeCommand("audit", "export", "Write the log for other programs, in their forms",
                      DeclareExport, RunExport)};
}

}  // namespace latchkey::cli
