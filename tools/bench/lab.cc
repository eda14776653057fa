#include "tools/bench/lab.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/base/status_macros.h"
#include "tools/bench/loads.h"

namespace latchkey::benchmark {
namespace {

constexpr int kFillOutstanding = 256;
constexpr absl::Duration kLongest = absl::Hours(1);  // of filling a store

absl::StatusOr<std::string> ReadSecret(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return absl::NotFoundError(absl::StrCat(path, " holds no line"));
  return std::string(absl::StripAsciiWhitespace(line));
}

}  // namespace

absl::StatusOr<Subject> MakeSubject(const Options& options, const Cores& cores,
                                    const WorkFolder& folder, const std::string& name) {
  Subject subject;
  subject.address = options.target;
  if (!options.latchkeyd.empty()) {
    LATCHKEY_ASSIGN_OR_RETURN(subject.process,
                              Latchkeyd::Start(options, cores.server, folder.path(), name));
    subject.address = subject.process->address();
    subject.pid = subject.process->pid();
    subject.as_operator = subject.process->as_operator();
  } else {
    subject.pid = options.server_pid;
    LATCHKEY_ASSIGN_OR_RETURN(subject.as_operator.secret, ReadSecret(options.token_file));
  }
  LATCHKEY_ASSIGN_OR_RETURN(subject.channels,
                            OpenChannels(subject.address, options.ca_file, options.channels));
  LATCHKEY_ASSIGN_OR_RETURN(subject.tenant, MakeTenant(subject.channels, subject.as_operator));
  return subject;
}

absl::Status StopSubject(Subject& subject) {
  subject.channels.clear();
  return subject.process->Stop();
}

absl::Status EndSubject(Subject& subject) {
  if (subject.process != nullptr) return StopSubject(subject);
  return RetireTenant(subject.channels, subject.as_operator, subject.tenant);
}

absl::StatusOr<std::vector<std::string>> IssueTokens(Lab& lab, const Subject& subject,
                                                     std::size_t count, const std::string& figure) {
  std::vector<std::string> secrets;
  secrets.reserve(count);
  IssueOptions issue;
  issue.one_app = true;
  issue.secrets = &secrets;
  const auto load = MakeIssueLoad(subject.channels, subject.tenant, issue);
  LoopOptions loop;
  loop.outstanding = static_cast<int>(std::min<std::size_t>(count, kFillOutstanding));
  loop.measure = kLongest;
  loop.max_calls = count;
  loop.server_pid = subject.pid;
  LATCHKEY_ASSIGN_OR_RETURN(const Sample sample, RunClosedLoop(*load, loop));
  if (secrets.size() != count) return absl::DeadlineExceededError("issuing tokens took too long");
  if (!figure.empty()) {
    lab.report.figures.push_back(
        {figure, loop.outstanding, load->request_bytes(), load->response_bytes(), {sample}});
  }
  return secrets;
}

absl::StatusOr<std::vector<Figure>> RunInTurns(Lab& lab, const std::vector<Turn>& turns) {
  std::vector<Figure> figures;
  figures.reserve(turns.size());
  for (const Turn& turn : turns) figures.push_back({turn.name, turn.outstanding, 0, 0, {}});
  for (int round = 0; round < lab.options.rounds; ++round) {
    for (std::size_t i = 0; i < turns.size(); ++i) {
      std::fprintf(stderr, "round %d of %d: %s\n", round + 1, lab.options.rounds,
                   turns[i].name.c_str());
      LoopOptions loop;
      loop.outstanding = turns[i].outstanding;
      if (turns[i].max_calls == UINT64_MAX) loop.warm_up = lab.options.warm_up;
      loop.measure = lab.options.measure;
      loop.max_calls = turns[i].max_calls;
      loop.server_pid = turns[i].server_pid;
      LATCHKEY_ASSIGN_OR_RETURN(const Sample sample, RunClosedLoop(*turns[i].load, loop));
      figures[i].rounds.push_back(sample);
      figures[i].request_bytes = turns[i].load->request_bytes();
      figures[i].response_bytes = turns[i].load->response_bytes();
    }
  }
  for (const Figure& figure : figures) lab.report.figures.push_back(figure);
  return figures;
}

absl::Status Probe(Load& load) {
  LoopOptions loop;
  loop.measure = kCallTimeout;
  loop.max_calls = 1;
  return RunClosedLoop(load, loop).status();
}

Spread RatioOf(const Figure& a, const Figure& b, const ValueOf& value) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < a.rounds.size() && i < b.rounds.size(); ++i) {
    const double dividend = value(a.rounds[i]);
    const double divisor = value(b.rounds[i]);
    if (dividend > 0 && divisor > 0) ratios.push_back(dividend / divisor);
  }
  // CPU time is 0 where no process is known that took it.
  if (ratios.empty()) return Spread::NotMeasured();
  return SpreadOf(std::move(ratios));
}

double CallsPerSecond(const Sample& sample) { return sample.calls_per_second; }
double ServerCpu(const Sample& sample) { return sample.server_cpu_us; }

}  // namespace latchkey::benchmark
