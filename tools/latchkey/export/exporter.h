#ifndef LATCHKEY_TOOLS_LATCHKEY_EXPORT_EXPORTER_H_
#define LATCHKEY_TOOLS_LATCHKEY_EXPORT_EXPORTER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/audit_subscriber.h"
#include "tools/latchkey/exit_code.h"
#include "tools/latchkey/export/export_progress.h"
#include "tools/latchkey/export/line_format.h"
#include "tools/latchkey/export/sink.h"
#include "tools/latchkey/session.h"

namespace latchkey::cli {

// What an export is to do. The sink's state says where it begins.
struct ExportOptions {
  v1::EventFilter filter;
  LineFormat format = LineFormat::kJsonl;
  std::string source;
  std::uint64_t after = 0;
  // Goes on with new events, and does not end at what was the log's end when it began.
  bool follow = false;
  // Says nothing of how it goes.
  bool quiet = false;
  // Whether an earlier run got somewhere, and may have left a file to complete.
  bool goes_on = false;
};

// Writes the log's events to a sink, in order, each once. Used by one thread.
class Exporter {
 public:
  // What is referred to must outlive it. The sink is open.
  Exporter(Session& session, const Client& client, const ExportOptions& options, Sink& sink);

  // Exports until the end, a signal or an error; what came until then is kept.
  absl::StatusOr<ExitCode> Run();

  // Everything that matches is in the output up to here.
  std::uint64_t position() const { return position_; }
  // Whether the server let it begin.
  bool began() const { return began_; }
  // Whether the output could not be written.
  bool output_failed() const { return !output_.ok(); }

 private:
  SubscriberOptions MakeSubscriberOptions();
  void Take(const v1::SubscribeResponse& response);
  absl::Status Put(const v1::SubscribeResponse& response);
  bool IsCheckpointDue() const;

  Session& session_;
  const ExportOptions& options_;
  Sink& sink_;
  ExportProgress progress_;
  std::uint64_t position_;
  std::optional<std::uint64_t> end_;
  bool began_ = false;
  absl::Time checkpoint_time_ = absl::InfinitePast();
  absl::Status output_;
  AuditSubscriber subscriber_;
};

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_EXPORT_EXPORTER_H_
