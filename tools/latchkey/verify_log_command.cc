#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/audit_subscriber.h"
#include "client/error_details.h"
#include "client/log_proofs.h"
#include "client/log_verifier.h"
#include "nlohmann/json.hpp"
#include "tools/latchkey/audit_filter.h"
#include "tools/latchkey/commands.h"
#include "tools/latchkey/error_report.h"
#include "tools/latchkey/export/files.h"
#include "tools/latchkey/output.h"
#include "tools/latchkey/reconnect_notice.h"
#include "tools/latchkey/trust_file.h"

namespace latchkey::cli {
namespace {

// How often what was verified is kept while the log is followed.
constexpr absl::Duration kKeepInterval = absl::Seconds(10);
constexpr int kMostPutAside = 1000;

struct VerifyLogArgs {
  FilterArgs filter;
  std::uint64_t after = 0;
  std::string key;
  std::string state;
  bool follow = false;
};

void DeclareVerifyLog(Syntax& syntax, VerifyLogArgs& args) {
  DeclareFilter(syntax, args.filter);
  syntax.Number("--after", args.after, "Begin after this event; 0, the default, is the beginning");
  syntax.TextThatIsNotEmpty(
      "--key", "KEY", args.key,
      "The log's verifier key, as `latchkey audit verify-key` printed it where it was "
      "trusted [the one in --state, else the server's]");
  syntax.TextThatIsNotEmpty(
      "--state", "FILE", args.state,
      "Remember the key, the last checkpoint and how far it went, and go on from there");
  syntax.Flag("--follow", args.follow, "Go on with new events");
}

std::string Events(std::uint64_t count) {
  return absl::StrCat(count, count == 1 ? " event" : " events");
}

// Reads the log and verifies it. Used by one thread.
class LogReader {
 public:
  LogReader(Session& session, const Client& client, const VerifyLogArgs& args, LogTrust trust,
            LogVerifier& verifier)
      : session_(session),
        args_(args),
        trust_(std::move(trust)),
        begin_(args.after != 0 ? args.after : trust_.verified_through),
        is_every_event_(MakeFilter(args.filter).ByteSizeLong() == 0),
        verifier_(verifier),
        least_(verifier.trusted_size()),
        subscriber_(client, MakeOptions()) {}

  absl::StatusOr<ExitCode> Run() {
    StopSignal& stop = session_.io().stop;
    stop.Listen([this] { subscriber_.Stop(); });
    absl::Status ended = subscriber_.Run();
    stop.Listen(nullptr);
    if (absl::IsOutOfRange(ended)) ended = ExplainPosition(ended);
    // The last events came after the last checkpoint.
    if (ended.ok()) ended = verifier_.CheckNow();
    if (ended.ok() && stop.signal_number() == 0) ended = CheckEnd();
    ended.Update(Keep());
    if (ended.ok() || absl::IsDataLoss(ended)) ended.Update(KeepRejected());
    if (!ended.ok()) return ended;
    Report();
    LATCHKEY_ASSIGN_OR_RETURN(const ExitCode code, FinishOutput(session_));
    return stop.signal_number() == SIGINT ? ExitCode::kInterrupted : code;
  }

 private:
  SubscriberOptions MakeOptions() {
    SubscriberOptions options;
    options.filter = MakeFilter(args_.filter);
    options.after_revision = begin_;
    options.first_response_within = session_.settings().timeout;
    options.verifier = &verifier_;
    options.on_response = [this](const v1::SubscribeResponse& response) { Take(response); };
    options.on_reconnect = [this](const Reconnect& reconnect) {
      PrintReconnect(session_, reconnect, subscriber_.complete_through());
    };
    return options;
  }

  void Take(const v1::SubscribeResponse& response) {
    if (!args_.follow && !end_.has_value()) end_ = response.newest();
    if (end_.has_value() && response.complete_through() >= *end_) subscriber_.Stop();
    const absl::Time now = session_.io().clock.Now();
    if (now < kept_ + kKeepInterval) return;
    kept_ = now;
    if (const absl::Status kept = Keep(); !kept.ok()) {
      PrintNotice(session_, "not_kept", std::string(kept.message()));
    }
  }

  // Why the log does not have the position. That it has less than what was signed comes first.
  absl::Status ExplainPosition(const absl::Status& error) {
    LATCHKEY_RETURN_IF_ERROR(verifier_.CheckNow());
    const std::uint64_t position = subscriber_.complete_through();
    if (position > verifier_.trusted_size()) {
      return absl::OutOfRangeError(absl::StrCat(
          "the log ends at event ", verifier_.trusted_size(), ", before event ", position,
          args_.after != 0 ? ", which --after names" : ", up to which it was verified"));
    }
    const auto info = GetErrorDetail<google::rpc::ErrorInfo>(error);
    std::uint64_t oldest = 0;
    const bool is_known = info.has_value() && info->metadata().contains("oldest") &&
                          absl::SimpleAtoi(info->metadata().at("oldest"), &oldest);
    if (!is_known || oldest <= position + 1) return error;
    return absl::OutOfRangeError(
        absl::StrCat("the events ", position + 1, " to ", oldest - 1,
                     " are not retained any more, and cannot be verified; begin with --after ",
                     oldest - 1, args_.state.empty() ? "" : " and another --state"));
  }

  // That what came is all that was to come, where every event was.
  absl::Status CheckEnd() const {
    if (!end_.has_value() || !is_every_event_) return absl::OkStatus();
    const std::uint64_t end = std::max(*end_, least_);
    const std::uint64_t through = verifier_.verified_through();
    if (through >= end) return absl::OkStatus();
    return absl::DataLossError(absl::StrCat("the server left out the events ", through + 1, " to ",
                                            end, ", which the log has"));
  }

  // Keeps what was proven, never what was found wrong; and nothing where nothing was proven.
  absl::Status Keep() {
    const bool has_events = verifier_.verified_count() != 0;
    if (!has_events && trust_.checkpoint == verifier_.trusted_checkpoint()) return absl::OkStatus();
    trust_.checkpoint = verifier_.trusted_checkpoint();
    if (has_events) {
      trust_.verified_through = std::max(trust_.verified_through, verifier_.verified_through());
    }
    return args_.state.empty() ? absl::OkStatus() : WriteTrust(args_.state, trust_);
  }

  // The file is of the last run that came to a result, so that it is evidence with the state.
  absl::Status KeepRejected() {
    if (args_.state.empty()) return absl::OkStatus();
    const std::string path = absl::StrCat(args_.state, ".rejected");
    if (verifier_.rejected_checkpoint().empty()) return PutAside(path);
    LATCHKEY_RETURN_IF_ERROR(ReplaceFile(path, verifier_.rejected_checkpoint()));
    PrintNotice(session_, "rejected_checkpoint",
                absl::StrCat("kept the signed checkpoint that was refused in ", path,
                             "; keep it together with the trusted one, which is in ", args_.state));
    return absl::OkStatus();
  }

  absl::Status PutAside(const std::string& path) {
    std::string aside = absl::StrCat(path, ".old");
    // What was put aside before may be evidence too.
    for (int number = 2;
         ::renameat2(AT_FDCWD, path.c_str(), AT_FDCWD, aside.c_str(), RENAME_NOREPLACE) != 0;
         ++number) {
      if (errno == ENOENT) return absl::OkStatus();
      if (errno != EEXIST || number > kMostPutAside) return FileError(path, "renamed");
      aside = absl::StrCat(path, ".old", number);
    }
    PrintNotice(session_, "rejected_checkpoint_is_old",
                absl::StrCat(path, " was of an earlier run and says nothing of this one; it is ",
                             aside, " now"));
    return absl::OkStatus();
  }

  void Report() {
    std::ostream& out = session_.io().out;
    if (session_.json()) {
      const nlohmann::ordered_json report = {{"verified_events", verifier_.verified_count()},
                                             {"every_event", is_every_event_},
                                             {"verified_through", verifier_.verified_through()},
                                             {"tree_size", verifier_.trusted_size()},
                                             {"checkpoint", trust_.checkpoint}};
      out << report.dump(2) << "\n";
      return;
    }
    out << "Verified " << Events(verifier_.verified_count()) << ", through "
        << verifier_.verified_through() << ", against the checkpoint of "
        << Events(verifier_.trusted_size()) << ":\n"
        << trust_.checkpoint;
    if (!is_every_event_) {
      out << "\nThese are of the events that the server selected by the filter. That it left none "
             "out is proven without a filter only.\n";
    }
  }

  Session& session_;
  const VerifyLogArgs& args_;
  LogTrust trust_;
  const std::uint64_t begin_;  // after this event
  const bool is_every_event_;  // no filter selects
  LogVerifier& verifier_;
  const std::uint64_t least_;  // what the log had when it was verified before
  std::optional<std::uint64_t> end_;
  absl::Time kept_ = absl::InfinitePast();
  AuditSubscriber subscriber_;
};

// What is known of the log before it is read.
absl::StatusOr<LogTrust> TrustOf(Session& session, const Client& client,
                                 const VerifyLogArgs& args) {
  LogTrust trust;
  if (!args.state.empty()) {
    LATCHKEY_ASSIGN_OR_RETURN(trust, ReadTrust(args.state));
  }
  std::string filter = ToJson(MakeFilter(args.filter), /*one_line=*/true);
  filter.pop_back();  // the line's end
  if (!trust.verifier_key.empty() && trust.filter != filter) {
    return absl::InvalidArgumentError(
        absl::StrCat("--state ", args.state, " is of events by the filter ", trust.filter,
                     "; it takes those alone, so give another filter a file of its own"));
  }
  trust.filter = filter;
  if (!args.key.empty() && !trust.verifier_key.empty() && args.key != trust.verifier_key) {
    return absl::InvalidArgumentError(
        absl::StrCat("--key is not the key in ", args.state, ", ", trust.verifier_key));
  }
  if (args.after != 0 && trust.verified_through != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("--after ", args.after, ": ", args.state, " goes on after event ",
                     trust.verified_through, ", and what it says must have no gap; leave one out"));
  }
  if (!args.key.empty()) trust.verifier_key = args.key;
  if (!trust.verifier_key.empty()) return trust;
  v1::GetCheckpointRequest request;
  request.set_workspace(args.filter.workspace);
  request.set_organization(args.filter.organization);
  LATCHKEY_ASSIGN_OR_RETURN(const v1::GetCheckpointResponse response,
                            client.Call(std::move(request)));
  trust.verifier_key = response.verifier_key();
  PrintNotice(session, "key_of_server",
              absl::StrCat("took the log's key from the server itself; compare it once with what "
                           "was printed where the server was set up: ",
                           trust.verifier_key));
  return trust;
}

absl::StatusOr<ExitCode> VerifyLog(Session& session, const VerifyLogArgs& args) {
  LATCHKEY_ASSIGN_OR_RETURN(const Client* const client, session.client());
  LATCHKEY_ASSIGN_OR_RETURN(LogTrust trust, TrustOf(session, *client, args));
  ServerProofs proofs(*client, args.filter.workspace, args.filter.organization);
  LATCHKEY_ASSIGN_OR_RETURN(LogVerifier verifier,
                            LogVerifier::Create(proofs, trust.verifier_key, trust.checkpoint));
  return LogReader(session, *client, args, std::move(trust), verifier).Run();
}

}  // namespace

std::vector<Command> VerifyLogCommands() {
  return {
      MakeCommand("audit", "verify",
                  "Read the log, and prove that nothing in it was altered, removed or rewritten; "
                  "with a filter, that each event that came is the log's, not that none was left "
                  "out",
                  DeclareVerifyLog, VerifyLog)};
}

}  // namespace latchkey::cli
