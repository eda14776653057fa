#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "latchkey/bench/v1/echo.pb.h"
#include "latchkey/bench/v1/fleet.pb.h"
#include "latchkey/v1/admin_service.grpc.pb.h"
#include "latchkey/v1/audit_service.pb.h"
#include "server/base/status_macros.h"
#include "tools/bench/channels.h"
#include "tools/bench/experiments.h"
#include "tools/bench/fleet_process.h"
#include "tools/bench/loads.h"
#include "tools/bench/stream_fleet.h"
#include "tools/bench/stream_latency.h"

namespace latchkey::benchmark {
namespace {

constexpr char kSubscribe[] = "/latchkey.v1.AuditService/Subscribe";
constexpr std::uint32_t kNeverReads = 10;  // one in so many
// Streams that are not read from stand still once their process has grown by no more than so much
// in each of two looks: with all of them moving it is some MB for each of them.
constexpr absl::Duration kLook = absl::Seconds(1);
constexpr int kMostLooks = 60;
constexpr double kGrowthKibibytes = 2048;
constexpr double kGrowthKibibytesOfEach = 64;
constexpr std::size_t kSome = 20;
constexpr std::size_t kReaders = 100;  // that the rate of delivery is measured with
constexpr std::size_t kFromMemory = 15'000;
constexpr absl::Duration kLongest = absl::Minutes(5);

StreamFleet::Options Subscribers(const Subject& subject, std::size_t count,
                                 const v1::SubscribeRequest& request) {
  StreamFleet::Options options;
  options.method = kSubscribe;
  options.metadata = subject.as_operator;
  options.count = count;
  options.request = [bytes = request.SerializeAsString()](std::size_t) { return bytes; };
  return options;
}

StreamFleet::Options BareStreams(const Subject& subject, std::size_t count,
                                 const std::string& response, std::uint32_t responses) {
  StreamFleet::Options options;
  options.method = "/latchkey.bench.v1.EchoService/Stream";
  options.metadata = subject.as_operator;
  options.count = count;
  bench::v1::StreamRequest request;
  request.set_response(response);
  request.set_count(responses);
  options.request = [bytes = request.SerializeAsString()](std::size_t) { return bytes; };
  return options;
}

v1::SubscribeRequest FromNow() {
  v1::SubscribeRequest request;
  request.set_from_now(true);
  return request;
}

double ResidentKibibytes(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/statm"));
  double pages = 0;
  file >> pages >> pages;
  return pages * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1024;
}

absl::StatusOr<std::uint64_t> NewestOf(const Subject& subject) {
  v1::AdminService::Stub admin(subject.channels.front());
  LATCHKEY_ASSIGN_OR_RETURN(const v1::GetStatusResponse status,
                            CallOnce(admin, &v1::AdminService::Stub::GetStatus, subject.as_operator,
                                     v1::GetStatusRequest()));
  return status.newest_revision();
}

// The memory that each of so many streams takes which get nothing but their first response.
absl::StatusOr<double> MemoryOfIdle(const Channels& channels, pid_t pid,
                                    const StreamFleet::Options& options) {
  const double before = ResidentKibibytes(pid);
  LATCHKEY_ASSIGN_OR_RETURN(const auto fleet, StreamFleet::Open(channels, options));
  absl::SleepFor(absl::Milliseconds(500));
  return (ResidentKibibytes(pid) - before) / static_cast<double>(options.count);
}

absl::Status MeasureMemory(Lab& lab, const Subject& subject) {
  const auto count = static_cast<std::size_t>(lab.options.streams);
  // What a server gets once, with the first streams, is no stream's.
  LATCHKEY_RETURN_IF_ERROR(
      StreamFleet::Open(subject.channels, Subscribers(subject, kSome, FromNow())).status());
  LATCHKEY_RETURN_IF_ERROR(
      StreamFleet::Open(lab.echo.channels(), BareStreams(subject, kSome, "x", 1)).status());
  LATCHKEY_ASSIGN_OR_RETURN(
      const double ours,
      MemoryOfIdle(subject.channels, subject.pid, Subscribers(subject, count, FromNow())));
  LATCHKEY_ASSIGN_OR_RETURN(const double bare,
                            MemoryOfIdle(lab.echo.channels(), lab.echo.pid(),
                                         BareStreams(subject, count, std::string(16, 'x'), 1)));
  lab.report.findings.push_back(
      {absl::StrCat(count, " idle subscribers: memory of each"), "KiB", SpreadOf({ours})});
  lab.report.findings.push_back({"the same beyond that of a bare stream", "KiB",
                                 SpreadOf({std::max(0.0, ours - bare)}), Goal::kAtMost, 40});
  return absl::OkStatus();
}

absl::StatusOr<Sample> RunOnce(const Lab& lab, Load& load, absl::Duration warm_up) {
  LoopOptions loop;
  loop.outstanding = lab.options.outstanding;
  loop.warm_up = warm_up;
  loop.measure = lab.options.measure;
  return RunClosedLoop(load, loop);
}

// Runs the load until the streams of a process that never read stand still: gRPC's window grows, so
// that each takes megabytes before.
absl::Status LetStandStill(const Lab& lab, Load& load, FleetProcess& fleet, std::uint32_t silent) {
  LoopOptions loop;
  loop.outstanding = lab.options.outstanding;
  loop.measure = kLook;
  double before = ResidentKibibytes(fleet.pid());
  for (int look = 0, quiet = 0; look < kMostLooks; ++look) {
    LATCHKEY_RETURN_IF_ERROR(RunClosedLoop(load, loop).status());
    LATCHKEY_RETURN_IF_ERROR(fleet.Check());
    const double now = ResidentKibibytes(fleet.pid());
    quiet = now - before < kGrowthKibibytes + silent * kGrowthKibibytesOfEach ? quiet + 1 : 0;
    if (quiet == 2) return absl::OkStatus();
    before = now;
  }
  return absl::DeadlineExceededError("streams that are not read from take ever more memory");
}

// The sum of the load's rates in two turns beside streams.
absl::StatusOr<double> RateBeside(Lab& lab, Load& load, const bench::v1::FleetSpec& streams) {
  LATCHKEY_ASSIGN_OR_RETURN(
      const auto fleet,
      FleetProcess::Start(streams, lab.cores.client, lab.folder.path() + "/fleet.log"));
  LATCHKEY_RETURN_IF_ERROR(
      LetStandStill(lab, load, *fleet, streams.streams() / streams.silent_one_in()));
  LATCHKEY_ASSIGN_OR_RETURN(const Sample first, RunOnce(lab, load, lab.options.warm_up));
  LATCHKEY_ASSIGN_OR_RETURN(const Sample second, RunOnce(lab, load, lab.options.warm_up));
  LATCHKEY_RETURN_IF_ERROR(fleet->Stop());
  return first.calls_per_second + second.calls_per_second;
}

// Runs the load without, with, with, and without streams, so that neither side gains much by what
// grows from turn to turn; returns its rates with over those without.
absl::StatusOr<Spread> CompareBeside(Lab& lab, Load& load, const bench::v1::FleetSpec& streams) {
  std::vector<double> ratios;
  for (int round = 0; round < lab.options.rounds; ++round) {
    LATCHKEY_ASSIGN_OR_RETURN(const Sample before, RunOnce(lab, load, lab.options.warm_up));
    LATCHKEY_ASSIGN_OR_RETURN(const double beside, RateBeside(lab, load, streams));
    LATCHKEY_ASSIGN_OR_RETURN(const Sample after, RunOnce(lab, load, lab.options.warm_up));
    ratios.push_back(beside / (before.calls_per_second + after.calls_per_second));
  }
  return SpreadOf(std::move(ratios));
}

absl::Status MeasureWriters(Lab& lab, const Subject& subject, Load& issue) {
  const auto count = static_cast<std::uint32_t>(lab.options.streams);
  v1::SubscribeRequest of_elsewhere = FromNow();
  of_elsewhere.mutable_filter()->set_workspace("workspaces/elsewhere");
  bench::v1::FleetSpec streams;
  streams.set_address(subject.address);
  streams.set_ca_file(lab.options.ca_file);
  streams.set_connections(static_cast<std::uint32_t>(lab.options.channels));
  streams.set_secret(subject.as_operator.secret);
  streams.set_method(kSubscribe);
  streams.set_streams(count);
  streams.set_silent_one_in(kNeverReads);
  streams.set_silent_request(FromNow().SerializeAsString());
  streams.set_request(of_elsewhere.SerializeAsString());
  LATCHKEY_ASSIGN_OR_RETURN(const Spread elsewhere, CompareBeside(lab, issue, streams));
  lab.report.findings.push_back(
      {absl::StrCat("IssueToken beside ", count, " subscribers of another workspace, but ",
                    count / kNeverReads, " of all that never read: rate over that alone"),
       "x", elsewhere, Goal::kAtLeast, 0.95});
  streams.set_request(FromNow().SerializeAsString());
  LATCHKEY_ASSIGN_OR_RETURN(const Spread all, CompareBeside(lab, issue, streams));
  lab.report.findings.push_back({"the same where the others get every event", "x", all});
  return absl::OkStatus();
}

// Events a second to a fleet which gets so many in all.
absl::StatusOr<double> DeliveryRate(const Channels& channels, const StreamFleet::Options& options,
                                    std::uint64_t events) {
  const auto start = std::chrono::steady_clock::now();
  LATCHKEY_ASSIGN_OR_RETURN(const auto fleet, StreamFleet::Open(channels, options));
  LATCHKEY_RETURN_IF_ERROR(fleet->WaitForEvents(events, kLongest));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  return static_cast<double>(events) / took.count();
}

absl::Status MeasureDelivered(Lab& lab, const Subject& subject) {
  const std::size_t streams = std::min(kReaders, static_cast<std::size_t>(lab.options.streams));
  LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t newest, NewestOf(subject));
  v1::SubscribeRequest request;
  request.set_after_revision(newest - std::min<std::uint64_t>(newest, kFromMemory));
  const std::uint64_t each = newest - request.after_revision();
  const StreamFleet::Options subscribers = Subscribers(subject, streams, request);
  // A response of the server's own, for the bare stream to send.
  LATCHKEY_ASSIGN_OR_RETURN(const auto one,
                            StreamFleet::Open(subject.channels, Subscribers(subject, 1, request)));
  const std::string response = one->StopAndTakeResponse();
  const std::size_t batch = std::max<std::size_t>(1, CountEvents(response));
  const auto responses = static_cast<std::uint32_t>((each + batch - 1) / batch);
  const StreamFleet::Options bare = BareStreams(subject, streams, response, responses);
  std::vector<double> ratios;
  std::vector<double> rates;
  for (int round = 0; round < lab.options.rounds; ++round) {
    LATCHKEY_ASSIGN_OR_RETURN(const double ours,
                              DeliveryRate(subject.channels, subscribers, each * streams));
    LATCHKEY_ASSIGN_OR_RETURN(const double theirs,
                              DeliveryRate(lab.echo.channels(), bare, responses * batch * streams));
    rates.push_back(ours);
    ratios.push_back(ours / theirs);
  }
  lab.report.findings.push_back({absl::StrCat("events to ", streams, " subscribers, from memory"),
                                 "1/s", SpreadOf(std::move(rates))});
  lab.report.findings.push_back({"the same over those of a bare stream of the same bytes", "x",
                                 SpreadOf(std::move(ratios)), Goal::kAtLeast, 0.7});
  return absl::OkStatus();
}

absl::Status MeasureCatchUp(Lab& lab, const Subject& subject) {
  LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t newest, NewestOf(subject));
  std::vector<double> rates;
  for (int round = 0; round < lab.options.rounds; ++round) {
    LATCHKEY_ASSIGN_OR_RETURN(const double rate,
                              DeliveryRate(subject.channels, Subscribers(subject, 1, {}), newest));
    rates.push_back(rate);
  }
  lab.report.findings.push_back(
      {absl::StrCat("events to one subscriber that catches up on ", newest), "1/s",
       SpreadOf(std::move(rates)), Goal::kAtLeast, 200'000});
  return absl::OkStatus();
}

absl::Status MeasureDelay(Lab& lab, const Subject& subject, Load& issue) {
  LATCHKEY_ASSIGN_OR_RETURN(const Sample most, RunOnce(lab, issue, lab.options.warm_up));
  std::vector<double> beyond;
  std::vector<double> after;
  for (int round = 0; round < lab.options.rounds; ++round) {
    LATCHKEY_ASSIGN_OR_RETURN(
        const DeliveryTimes times,
        MeasureDelivery(subject, most.calls_per_second / 2, lab.options.measure));
    beyond.push_back(std::max(0.0, times.event_p99 - times.reply_p99));
    after.push_back(times.after_reply_p99);
  }
  lab.report.findings.push_back(
      {"IssueToken at half its rate: p99 to the event beyond that to the reply", "ms",
       SpreadOf(std::move(beyond)), Goal::kAtMost, 5});
  lab.report.findings.push_back(
      {"the same: p99 from the reply to the event", "ms", SpreadOf(std::move(after))});
  return absl::OkStatus();
}

absl::Status MeasureAll(Lab& lab, const Subject& subject) {
  LATCHKEY_RETURN_IF_ERROR(MeasureMemory(lab, subject));
  const auto issue = MakeIssueLoad(subject.channels, subject.tenant, {});
  LATCHKEY_RETURN_IF_ERROR(MeasureDelay(lab, subject, *issue));
  LATCHKEY_RETURN_IF_ERROR(MeasureWriters(lab, subject, *issue));
  LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t newest, NewestOf(subject));
  if (newest < lab.options.stream_events) {
    LATCHKEY_RETURN_IF_ERROR(
        IssueTokens(lab, subject, lab.options.stream_events - newest, "").status());
  }
  LATCHKEY_RETURN_IF_ERROR(MeasureDelivered(lab, subject));
  return MeasureCatchUp(lab, subject);
}

}  // namespace

absl::Status MeasureStreams(Lab& lab) {
  LATCHKEY_ASSIGN_OR_RETURN(Subject subject,
                            MakeSubject(lab.options, lab.cores, lab.folder, "streams"));
  absl::Status status = MeasureAll(lab, subject);
  status.Update(EndSubject(subject));
  return status;
}

}  // namespace latchkey::benchmark
