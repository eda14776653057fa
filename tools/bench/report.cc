#include "tools/bench/report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"

namespace latchkey::benchmark {
namespace {

using Json = nlohmann::ordered_json;

Spread Over(const Figure& figure, double Sample::*field) {
  std::vector<double> values;
  for (const Sample& sample : figure.rounds) values.push_back(sample.*field);
  return SpreadOf(values);
}

std::string Show(const Spread& spread, int digits) {
  if (!spread.measured()) return "not measured";
  return absl::StrFormat("%.*f (%.*f-%.*f)", digits, spread.median, digits, spread.min, digits,
                         spread.max);
}

std::string Line(const Figure& figure) {
  const Spread server = Over(figure, &Sample::server_cpu_us);
  return absl::StrFormat(
      "%-34s %4d %5d %5d  %-26s %-8.3f %-8.3f %-20s %-20s\n", figure.name, figure.outstanding,
      figure.request_bytes, figure.response_bytes, Show(Over(figure, &Sample::calls_per_second), 0),
      Over(figure, &Sample::p50_ms).median, Over(figure, &Sample::p99_ms).median,
      server.max > 0 ? Show(server, 1) : "-", Show(Over(figure, &Sample::client_cpu_us), 1));
}

std::string Verdict(const Finding& finding, bool quick) {
  if (finding.goal == Goal::kNone) return "";
  const std::string target = absl::StrFormat(
      "target: at %s %g", finding.goal == Goal::kAtMost ? "most" : "least", finding.target);
  if (quick) return absl::StrCat(target, ", not judged");
  if (!finding.value.measured()) return absl::StrCat(target, ", NOT MEASURED");
  return absl::StrCat(target, finding.met() ? ", met" : ", MISSED");
}

std::string Line(const Finding& finding, bool quick) {
  return absl::StrFormat("%-52s %-28s %-6s %s\n", finding.name,
                         Show(finding.value, finding.value.median < 100 ? 3 : 0), finding.unit,
                         Verdict(finding, quick));
}

Json ToJson(const Spread& spread) {
  return {{"median", spread.median}, {"min", spread.min}, {"max", spread.max}};
}

Json ToJson(const Figure& figure) {
  Json rounds = Json::array();
  for (const Sample& sample : figure.rounds) {
    rounds.push_back({{"calls", sample.calls},
                      {"seconds", sample.seconds},
                      {"calls_per_second", sample.calls_per_second},
                      {"p50_ms", sample.p50_ms},
                      {"p99_ms", sample.p99_ms},
                      {"server_cpu_us", sample.server_cpu_us},
                      {"client_cpu_us", sample.client_cpu_us}});
  }
  return {{"name", figure.name},
          {"outstanding", figure.outstanding},
          {"request_bytes", figure.request_bytes},
          {"response_bytes", figure.response_bytes},
          {"calls_per_second", ToJson(Over(figure, &Sample::calls_per_second))},
          {"p50_ms", ToJson(Over(figure, &Sample::p50_ms))},
          {"p99_ms", ToJson(Over(figure, &Sample::p99_ms))},
          {"server_cpu_us", ToJson(Over(figure, &Sample::server_cpu_us))},
          {"client_cpu_us", ToJson(Over(figure, &Sample::client_cpu_us))},
          {"rounds", rounds}};
}

Json ToJson(const Finding& finding, bool quick) {
  Json json{{"name", finding.name}, {"unit", finding.unit}, {"value", ToJson(finding.value)}};
  if (finding.goal != Goal::kNone) {
    json[finding.goal == Goal::kAtMost ? "at_most" : "at_least"] = finding.target;
    if (!quick) json["met"] = finding.met();
  }
  return json;
}

}  // namespace

bool Finding::met() const {
  switch (goal) {
    case Goal::kNone:
      return true;
    case Goal::kAtMost:
      return value.median <= target;
    case Goal::kAtLeast:
      return value.median >= target;
  }
  return false;
}

std::string ToText(const Report& report) {
  std::string text;
  for (const auto& [name, value] : report.setting)
    absl::StrAppendFormat(&text, "%-12s %s\n", name, value);
  absl::StrAppendFormat(&text, "\n%-34s %4s %5s %5s  %-26s %-8s %-8s %-20s %-20s\n", "load", "out",
                        "req B", "res B", "calls/s", "p50 ms", "p99 ms", "server CPU us/call",
                        "client CPU us/call");
  for (const Figure& figure : report.figures) absl::StrAppend(&text, Line(figure));
  text += '\n';
  for (const Finding& finding : report.findings) {
    absl::StrAppend(&text, Line(finding, report.quick));
  }
  if (report.quick) text += "\nA quick run: it shows that the benchmark works, and no more.\n";
  return text;
}

std::string ToJson(const Report& report) {
  Json setting = Json::object();
  for (const auto& [name, value] : report.setting) setting[name] = value;
  Json loads = Json::array();
  for (const Figure& figure : report.figures) loads.push_back(ToJson(figure));
  Json findings = Json::array();
  for (const Finding& finding : report.findings) findings.push_back(ToJson(finding, report.quick));
  const Json json{
      {"setting", setting}, {"quick", report.quick}, {"loads", loads}, {"findings", findings}};
  return json.dump(2) + "\n";
}

}  // namespace latchkey::benchmark
