#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "latchkey/v1/admin_service.grpc.pb.h"
#include "server/base/status_macros.h"
#include "tools/bench/disk_cost.h"
#include "tools/bench/experiments.h"
#include "tools/bench/loads.h"
#include "tools/bench/tree_cost.h"

namespace latchkey::benchmark {
namespace {

// An echo load that stands for `load`, whose sizes are known.
std::unique_ptr<Load> EchoOf(const EchoProcess& echo, const Metadata& metadata, const Load& load) {
  return MakeEchoLoad(echo.channels(), metadata, load.request_bytes(), load.response_bytes());
}

absl::StatusOr<v1::GetStatusResponse> StatusOf(const Subject& subject) {
  v1::AdminService::Stub admin(subject.channels.front());
  return CallOnce(admin, &v1::AdminService::Stub::GetStatus, subject.as_operator,
                  v1::GetStatusRequest());
}

// How many mutations the server makes durable by one commit while `turn` runs.
absl::StatusOr<Spread> MutationsPerCommit(Lab& lab, const Subject& subject, const Turn& turn) {
  LATCHKEY_ASSIGN_OR_RETURN(const v1::GetStatusResponse before, StatusOf(subject));
  LoopOptions loop;
  loop.outstanding = turn.outstanding;
  loop.measure = lab.options.measure;
  LATCHKEY_RETURN_IF_ERROR(RunClosedLoop(*turn.load, loop).status());
  LATCHKEY_ASSIGN_OR_RETURN(const v1::GetStatusResponse after, StatusOf(subject));
  const auto commits = static_cast<double>(after.commits() - before.commits());
  const auto mutations = static_cast<double>(after.mutations() - before.mutations());
  return SpreadOf({commits > 0 ? mutations / commits : 0});
}

void AddVerifyFindings(Lab& lab, const std::vector<Figure>& figures) {
  const Figure& verify = figures[0];
  const Figure& echo = figures[1];
  const Figure& batch = figures[3];
  const double tokens = lab.options.batch;
  lab.report.findings.push_back({"Verify: server CPU over the bare echo's", "x",
                                 RatioOf(verify, echo, ServerCpu), Goal::kAtMost, 1.3});
  Spread more = RatioOf(batch, verify, CallsPerSecond);
  for (double* value : {&more.median, &more.min, &more.max}) *value *= tokens;
  lab.report.findings.push_back(
      {absl::StrCat("BatchVerify of ", lab.options.batch, ": tokens/s over Verify's"), "x", more,
       Goal::kAtLeast, 5});
  std::vector<double> rates;
  for (const Sample& sample : batch.rounds) rates.push_back(sample.calls_per_second * tokens);
  lab.report.findings.push_back(
      {absl::StrCat("BatchVerify of ", lab.options.batch, ": tokens"), "1/s", SpreadOf(rates)});
}

// What the Merkle tree takes of a mutation's CPU.
absl::Status AddTreeCost(Lab& lab, const Subject& subject, const Figure& issue) {
  LATCHKEY_ASSIGN_OR_RETURN(Spread cost, TreeCostOfEvent(lab, subject));
  std::vector<Finding>& findings = lab.report.findings;
  findings.push_back({"Merkle tree: CPU for the event of an IssueToken", "us", cost});
  std::vector<double> cpu;
  for (const Sample& sample : issue.rounds) cpu.push_back(ServerCpu(sample));
  const double whole = SpreadOf(cpu).median;
  if (whole <= 0) return absl::OkStatus();  // of a server whose process is not known
  for (double* value : {&cost.median, &cost.min, &cost.max}) *value /= whole;
  findings.push_back(
      {"Merkle tree: its CPU over that of an IssueToken", "x", cost, Goal::kAtMost, 0.1});
  return absl::OkStatus();
}

Spread RateOver(const Figure& figure, double most) {
  std::vector<double> shares;
  for (const Sample& sample : figure.rounds) shares.push_back(sample.calls_per_second / most);
  return SpreadOf(std::move(shares));
}

// What the disk by itself would allow for commits as large as those of the IssueTokens.
absl::Status AddDiskCost(Lab& lab, const Subject& subject, const Figure& many, const Figure& one,
                         double group) {
  if (subject.process == nullptr) return absl::OkStatus();  // its disk may be another one
  // By how much the write-ahead log was seen to grow for each.
  constexpr double kLogBytesOfToken = 1200;
  LATCHKEY_ASSIGN_OR_RETURN(const DiskCost disk,
                            MeasureDisk(lab, static_cast<std::size_t>(kLogBytesOfToken * group)));
  const double syncs = disk.syncs_per_second.median;
  std::vector<Finding>& findings = lab.report.findings;
  findings.push_back(
      {"disk: write and fdatasync of such a commit's bytes, p50", "ms", disk.p50_ms});
  findings.push_back({"disk: the same, one after another", "1/s", disk.syncs_per_second});
  findings.push_back(
      {"IssueToken: commits over what the disk gives", "x", RateOver(many, syncs * group)});
  findings.push_back(
      {"IssueToken, one by one: over what the disk gives", "x", RateOver(one, syncs)});
  return absl::OkStatus();
}

}  // namespace

absl::Status DescribeServer(Lab& lab, const Subject& subject) {
  LATCHKEY_ASSIGN_OR_RETURN(const v1::GetStatusResponse status, StatusOf(subject));
  lab.report.setting.emplace_back("server", absl::StrCat("latchkeyd ", status.version(),
                                                         ", store format ", status.store_format()));
  return absl::OkStatus();
}

absl::Status MeasureVerify(Lab& lab, const Subject& subject) {
  const Options& options = lab.options;
  LATCHKEY_ASSIGN_OR_RETURN(const std::vector<std::string> secrets,
                            IssueTokens(lab, subject, options.verify_tokens, ""));
  const Picker pick = PickAny(secrets.size());
  const auto verify = MakeVerifyLoad(subject.channels, subject.tenant, secrets, pick);
  const auto batch =
      MakeBatchVerifyLoad(subject.channels, subject.tenant, secrets, pick, options.batch);
  LATCHKEY_RETURN_IF_ERROR(Probe(*verify));
  const auto echo = EchoOf(lab.echo, subject.tenant.as_service, *verify);
  const auto callback_echo = EchoOf(lab.callback_echo, subject.tenant.as_service, *verify);
  LATCHKEY_ASSIGN_OR_RETURN(
      const std::vector<Figure> figures,
      RunInTurns(lab, {{"Verify", verify.get(), options.outstanding, subject.pid},
                       {"echo of Verify's sizes", echo.get(), options.outstanding, lab.echo.pid()},
                       {"the same echo by callbacks", callback_echo.get(), options.outstanding,
                        lab.callback_echo.pid()},
                       {absl::StrCat("BatchVerify of ", options.batch), batch.get(),
                        options.batch_outstanding, subject.pid}}));
  AddVerifyFindings(lab, figures);
  return absl::OkStatus();
}

absl::Status MeasureMutations(Lab& lab, const Subject& subject) {
  const int outstanding = lab.options.outstanding;
  const auto issue = MakeIssueLoad(subject.channels, subject.tenant, {});
  IssueOptions identified;
  identified.request_ids = true;
  const auto issue_by_id = MakeIssueLoad(subject.channels, subject.tenant, identified);
  LATCHKEY_RETURN_IF_ERROR(Probe(*issue));
  const Metadata& metadata = subject.tenant.on_behalf_of_member;
  const auto echo = EchoOf(lab.echo, metadata, *issue);
  const auto callback_echo = EchoOf(lab.callback_echo, metadata, *issue);
  const Turn many{"IssueToken", issue.get(), outstanding, subject.pid};
  LATCHKEY_ASSIGN_OR_RETURN(
      const std::vector<Figure> figures,
      RunInTurns(lab,
                 {many,
                  {"echo of IssueToken's sizes", echo.get(), outstanding, lab.echo.pid()},
                  {"IssueToken, one by one", issue.get(), 1, subject.pid},
                  {"IssueToken with a request id", issue_by_id.get(), outstanding, subject.pid},
                  {"IssueToken's echo by callbacks", callback_echo.get(), outstanding,
                   lab.callback_echo.pid()}}));
  std::vector<Finding>& findings = lab.report.findings;
  findings.push_back({"IssueToken: rate over the bare echo's", "x",
                      RatioOf(figures[0], figures[1], CallsPerSecond), Goal::kAtLeast, 0.4});
  findings.push_back({"IssueToken: rate over that one by one", "x",
                      RatioOf(figures[0], figures[2], CallsPerSecond), Goal::kAtLeast, 4});
  findings.push_back({"IssueToken: server CPU over the bare echo's", "x",
                      RatioOf(figures[0], figures[1], ServerCpu)});
  findings.push_back({"IssueToken with a request id: rate over the bare echo's", "x",
                      RatioOf(figures[3], figures[1], CallsPerSecond)});
  LATCHKEY_ASSIGN_OR_RETURN(const Spread group, MutationsPerCommit(lab, subject, many));
  findings.push_back({"IssueToken: mutations that share a commit", "", group});
  LATCHKEY_RETURN_IF_ERROR(
      AddDiskCost(lab, subject, figures[0], figures[2], std::max(group.median, 1.0)));
  return AddTreeCost(lab, subject, figures[0]);
}

}  // namespace latchkey::benchmark
