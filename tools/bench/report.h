#ifndef LATCHKEY_TOOLS_BENCH_REPORT_H_
#define LATCHKEY_TOOLS_BENCH_REPORT_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "tools/bench/closed_loop.h"
#include "tools/bench/statistics.h"

namespace latchkey::benchmark {

// What one load showed, over its rounds.
struct Figure {
  std::string name;
  int outstanding = 0;
  std::size_t request_bytes = 0;
  std::size_t response_bytes = 0;
  std::vector<Sample> rounds;
};

// Which side of its target a finding should be on.
enum class Goal { kNone, kAtMost, kAtLeast };

// One number that the benchmark is run for.
struct Finding {
  std::string name;
  std::string unit;  // "x" for a ratio
  Spread value;
  Goal goal = Goal::kNone;
  double target = 0;

  // False also where nothing was measured.
  bool met() const;
};

struct Report {
  std::vector<std::pair<std::string, std::string>> setting;  // machine, versions, options
  std::vector<Figure> figures;
  std::vector<Finding> findings;
  bool quick = false;
};

// For people. Medians, with the least and the most of the rounds.
std::string ToText(const Report& report);

// The same and each round, as one JSON object: setting, loads, findings.
std::string ToJson(const Report& report);

}  // namespace latchkey::benchmark

#endif  // LATCHKEY_TOOLS_BENCH_REPORT_H_
