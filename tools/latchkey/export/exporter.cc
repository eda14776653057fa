#include "tools/latchkey/export/exporter.h"

#include <algorithm>
#include <csignal>

#include "tools/latchkey/reconnect_notice.h"

namespace latchkey::cli {
namespace {

// How often what was written is made durable, and how long a part may be late to end.
constexpr absl::Duration kCheckpointInterval = absl::Seconds(1);

}  // namespace

Exporter::Exporter(Session& session, const Client& client, const ExportOptions& options, Sink& sink)
    : session_(session),
      options_(options),
      sink_(sink),
      progress_(session, !options.quiet),
      position_(options.after),
      subscriber_(client, MakeSubscriberOptions()) {}

SubscriberOptions Exporter::MakeSubscriberOptions() {
  SubscriberOptions options;
  options.filter = options_.filter;
  options.after_revision = options_.after;
  options.heartbeat_interval = kCheckpointInterval;
  options.first_response_within = session_.settings().timeout;
  options.on_response = [this](const v1::SubscribeResponse& response) { Take(response); };
  options.on_reconnect = [this](const Reconnect& reconnect) {
    progress_.Hide();
    if (!options_.quiet) PrintReconnect(session_, reconnect, position_);
  };
  return options;
}

absl::StatusOr<ExitCode> Exporter::Run() {
  StopSignal& stop = session_.io().stop;
  stop.Listen([this] { subscriber_.Stop(); });
  const absl::Status ended = subscriber_.Run();
  stop.Listen(nullptr);
  progress_.End();
  // What never began has no place that could be kept.
  if ((began_ || options_.goes_on) && output_.ok()) output_ = sink_.Finish(position_);
  LATCHKEY_RETURN_IF_ERROR(output_);
  LATCHKEY_RETURN_IF_ERROR(ended);
  return stop.signal_number() == SIGINT ? ExitCode::kInterrupted : ExitCode::kOk;
}

void Exporter::Take(const v1::SubscribeResponse& response) {
  began_ = true;
  output_ = Put(response);
  // The end is what the first response says it is.
  if (!options_.follow && !end_.has_value()) end_ = response.newest();
  const bool reached = end_.has_value() && position_ >= *end_;
  if (!output_.ok() || reached) subscriber_.Stop();
}

absl::Status Exporter::Put(const v1::SubscribeResponse& response) {
  for (const v1::Event& event : response.events()) {
    LATCHKEY_RETURN_IF_ERROR(
        sink_.Write(event.sequence(), MakeLine(options_.format, event, options_.source)));
    // They come in order, so none that matches is left out below this one.
    position_ = std::max(position_, event.sequence());
  }
  position_ = std::max(position_, response.complete_through());
  LATCHKEY_RETURN_IF_ERROR(sink_.Flush());
  progress_.Advance(static_cast<std::uint64_t>(response.events_size()),
                    response.newest() - std::min(position_, response.newest()));
  if (!IsCheckpointDue()) return absl::OkStatus();
  checkpoint_time_ = session_.io().clock.Now();
  return sink_.Checkpoint(position_);
}

bool Exporter::IsCheckpointDue() const {
  const absl::Duration since = session_.io().clock.Now() - checkpoint_time_;
  return since >= kCheckpointInterval || since < absl::ZeroDuration();
}

}  // namespace latchkey::cli
