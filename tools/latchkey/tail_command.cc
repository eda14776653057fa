#include <csignal>
#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "client/audit_subscriber.h"
#include "tools/latchkey/audit_filter.h"
#include "tools/latchkey/commands.h"
#include "tools/latchkey/error_report.h"
#include "tools/latchkey/output.h"
#include "tools/latchkey/reconnect_notice.h"
#include "tools/latchkey/settings.h"

namespace latchkey::cli {
namespace {

struct TailArgs {
  std::string consumer;
  FilterArgs filter;
  std::uint64_t after = 0;
  std::string since;
  bool from_now = false;
  bool from_oldest = false;
  std::uint64_t max = 0;
  bool until_newest = false;
  std::string heartbeat;
  std::string max_delay;
  std::uint64_t max_bytes = 0;
};

void DeclareTail(Syntax& syntax, TailArgs& args) {
  syntax.Name("--consumer", NameKind::kConsumer, args.consumer,
              "Go on where this consumer is, with its filter, and acknowledge what was printed");
  DeclareFilter(syntax, args.filter);
  syntax.Number("--after", args.after, "Begin after this event; 0, the default, is the beginning");
  syntax.TextThatIsNotEmpty(
      "--since", "TIME", args.since,
      "Begin with the first event of this time, such as 2030-01-31T12:00:00Z, or of so long "
      "ago, such as 90m or 2d");
  syntax.Flag("--now,--from-now", args.from_now, "Begin at the log's end");
  syntax.Flag("--oldest", args.from_oldest,
              "Begin with the oldest event that is kept, whatever was before it");
  syntax.Number("--max", args.max, "End after so many events; 0, the default, is never");
  syntax.Flag("--until-newest", args.until_newest, "End at what was the log's end when this began");
  syntax.TextThatIsNotEmpty(
      "--heartbeat", "SPAN", args.heartbeat,
      "How often the server says that it is there: 1s to 60s, 10s by default. A silence of three "
      "times as long is a broken connection");
  syntax.TextThatIsNotEmpty(
      "--max-delay", "SPAN", args.max_delay,
      "How long an event may wait for others to come with it: 0 to 1s, 2ms by default");
  syntax.Number(
      "--max-bytes", args.max_bytes,
      "How many bytes of events come at once: 1024 to 1048576; 0, the default, is 262144");
}

// How the stream comes.
struct Pace {
  absl::Duration heartbeat = SubscriberOptions().heartbeat_interval;
  std::optional<absl::Duration> max_delay;
  std::uint32_t max_bytes = 0;
};

// Reads a span of `least` to `most`, which 0 may be.
absl::StatusOr<absl::Duration> ParseSpanWithin(absl::string_view flag, const std::string& text,
                                               absl::Duration least, absl::Duration most) {
  const absl::StatusOr<absl::Duration> span = ParseTimeSpanOrZero(text);
  if (span.ok() && *span >= least && *span <= most) return span;
  return absl::InvalidArgumentError(
      absl::StrCat(flag, " is '", text, "'; it takes a time span from ",
                   absl::FormatDuration(least), " to ", absl::FormatDuration(most)));
}

absl::StatusOr<Pace> MakePace(const TailArgs& args) {
  constexpr std::uint64_t kLeastBytes = 1 << 10;
  constexpr std::uint64_t kMostBytes = 1 << 20;
  Pace pace;
  if (!args.heartbeat.empty()) {
    LATCHKEY_ASSIGN_OR_RETURN(pace.heartbeat, ParseSpanWithin("--heartbeat", args.heartbeat,
                                                              absl::Seconds(1), absl::Minutes(1)));
  }
  if (!args.max_delay.empty()) {
    LATCHKEY_ASSIGN_OR_RETURN(
        pace.max_delay,
        ParseSpanWithin("--max-delay", args.max_delay, absl::ZeroDuration(), absl::Seconds(1)));
  }
  if (args.max_bytes != 0 && (args.max_bytes < kLeastBytes || args.max_bytes > kMostBytes)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--max-bytes is ", args.max_bytes, "; it takes 1024 to 1048576, or 0"));
  }
  pace.max_bytes = static_cast<std::uint32_t>(args.max_bytes);
  return pace;
}

// One line for people.
std::string EventLine(const v1::Event& event) {
  std::string line =
      absl::StrFormat("%6d  %s  %-14s %-18s %-22s %s", event.sequence(), FieldText(event, "time"),
                      FieldText(event, "decision.outcome"), FieldText(event, "action"),
                      event.decision().rule(), event.actor().principal());
  if (!event.actor().delegate().empty()) absl::StrAppend(&line, " by ", event.actor().delegate());
  if (!event.resource().empty()) absl::StrAppend(&line, " -> ", event.resource());
  if (event.has_summary()) absl::StrAppend(&line, " x", event.summary().count());
  if (event.decision().outcome() != v1::OUTCOME_ALLOWED && !event.decision().reason().empty()) {
    absl::StrAppend(&line, ": ", event.decision().reason());
  }
  return EscapeForTerminal(line);
}

// Follows the log and prints it. Used by one thread.
class Tail {
 public:
  Tail(Session& session, const Client& client, const TailArgs& args, const Pace& pace,
       std::optional<absl::Time> since)
      : session_(session), args_(args), subscriber_(client, MakeOptions(pace, since)) {}

  // Whether the server let it begin.
  bool began() const { return began_; }

  absl::StatusOr<ExitCode> Run() {
    StopSignal& stop = session_.io().stop;
    stop.Listen([this] { subscriber_.Stop(); });
    const absl::Status ended = subscriber_.Run();
    stop.Listen(nullptr);
    const int signal = stop.signal_number();
    // What was printed last comes again, as after any end without an acknowledgement.
    const bool only_unacknowledged = signal != 0 && IsWithoutAnswer(ended);
    if (!ended.ok() && !only_unacknowledged) return WithPosition(ended);
    if (only_unacknowledged) PrintNotice(session_, "not_acknowledged", ended.message());
    if (output_failed_) return FinishOutput(session_);
    return signal == SIGINT ? ExitCode::kInterrupted : ExitCode::kOk;
  }

 private:
  SubscriberOptions MakeOptions(const Pace& pace, std::optional<absl::Time> since) {
    SubscriberOptions options;
    options.consumer = args_.consumer;
    options.filter = MakeFilter(args_.filter);
    options.after_revision = args_.after;
    options.start_time = since;
    options.from_now = args_.from_now;
    options.heartbeat_interval = pace.heartbeat;
    options.max_delay = pace.max_delay;
    options.max_bytes = pace.max_bytes;
    options.first_response_within = session_.settings().timeout;
    options.on_response = [this](const v1::SubscribeResponse& response) { Print(response); };
    options.on_reconnect = [this](const Reconnect& reconnect) {
      PrintReconnect(session_, reconnect, subscriber_.complete_through());
    };
    return options;
  }

  void Print(const v1::SubscribeResponse& response) {
    began_ = true;
    std::ostream& out = session_.io().out;
    std::uint64_t handled = response.complete_through();
    for (const v1::Event& event : response.events()) {
      out << (session_.json() ? ToJson(event, /*one_line=*/true)
                              : absl::StrCat(EventLine(event), "\n"));
      if (++printed_ == args_.max) {
        handled = event.sequence();
        break;
      }
    }
    out << std::flush;
    // Also where nothing was written, as on a heartbeat: nobody waits for the next event.
    const std::function<bool()>& gone = session_.io().reader_has_gone;
    output_failed_ = !out || (gone && gone());
    if (!output_failed_) subscriber_.Acknowledge(handled);
    // The end is what the first response says it is.
    if (args_.until_newest && !end_.has_value()) end_ = response.newest();
    const bool reached = end_.has_value() && response.complete_through() >= *end_;
    const bool enough = args_.max != 0 && printed_ >= args_.max;
    if (output_failed_ || reached || enough) subscriber_.Stop();
  }

  // Adds how to go on to an error, with its details.
  absl::Status WithPosition(const absl::Status& ended) const {
    if (!args_.consumer.empty()) return absl::IsOutOfRange(ended) ? WithAck(ended) : ended;
    const std::uint64_t position = subscriber_.complete_through();
    const bool lost_the_right = absl::IsPermissionDenied(ended) || absl::IsUnauthenticated(ended);
    // OUT_OF_RANGE says itself where to begin.
    if (absl::IsOutOfRange(ended)) return ended;
    if (position == 0 || (position == args_.after && !lost_the_right)) return ended;
    return WithNote(ended, absl::StrCat("go on with --after ", position));
  }

  // Adds how a consumer goes on without the events that are gone.
  absl::Status WithAck(const absl::Status& ended) const {
    const std::optional<std::uint64_t> oldest = OldestKept(ended);
    return WithHint(
        ended, absl::StrCat("What it is to begin with is gone; to go on without it: latchkey audit "
                            "consumer ack ",
                            args_.consumer, " ",
                            oldest.has_value() ? absl::StrCat(*oldest - 1)
                                               : "N, with the number before the oldest event"));
  }

  Session& session_;
  const TailArgs& args_;
  AuditSubscriber subscriber_;
  std::uint64_t printed_ = 0;
  std::optional<std::uint64_t> end_;
  bool began_ = false;
  bool output_failed_ = false;
};

absl::StatusOr<ExitCode> RunTail(Session& session, const TailArgs& args) {
  const int starts = (args.from_now ? 1 : 0) + (args.from_oldest ? 1 : 0) +
                     (args.after != 0 ? 1 : 0) + (args.since.empty() ? 0 : 1);
  if (starts > 1) {
    return absl::InvalidArgumentError("--now, --oldest, --after and --since exclude each other");
  }
  std::optional<absl::Time> since;
  if (!args.since.empty()) {
    LATCHKEY_ASSIGN_OR_RETURN(since, ParseSince(args.since, absl::Now()));
  }
  const bool narrows = MakeFilter(args.filter).ByteSizeLong() > 0;
  if (!args.consumer.empty() && (starts > 0 || narrows)) {
    return absl::InvalidArgumentError(
        "--consumer has its own start and filter: drop --after, --since, --now, --oldest and what "
        "filters");
  }
  LATCHKEY_ASSIGN_OR_RETURN(const Pace pace, MakePace(args));
  LATCHKEY_ASSIGN_OR_RETURN(const Client* const client, session.client());
  TailArgs from = args;
  for (;;) {
    Tail tail(session, *client, from, pace, since);
    absl::StatusOr<ExitCode> code = tail.Run();
    const std::optional<std::uint64_t> oldest = OldestKept(code.status());
    // More may be removed while it asks.
    const bool is_later = oldest.has_value() && *oldest - 1 > from.after;
    if (!args.from_oldest || tail.began() || !is_later) return code;
    PrintSkipped(session, from.after, *oldest);
    from.after = *oldest - 1;
  }
}

}  // namespace

std::vector<Command> TailCommands() {
  return {MakeCommand("audit", "tail",
                      "Follow the log, over restarts of the server too, without a gap or a repeat",
                      DeclareTail, RunTail)};
}

}  // namespace latchkey::cli
