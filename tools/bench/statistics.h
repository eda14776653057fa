#ifndef LATCHKEY_TOOLS_BENCH_STATISTICS_H_
#define LATCHKEY_TOOLS_BENCH_STATISTICS_H_

#include <cmath>
#include <limits>
#include <vector>

namespace latchkey::benchmark {

// What several rounds showed. All 0 where there was none.
struct Spread {
  double median = 0;
  double min = 0;
  double max = 0;

  // Of what could not be measured: all NaN.
  static Spread NotMeasured() {
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    return {kNone, kNone, kNone};
  }
  bool measured() const { return !std::isnan(median); }
};

// The median of an even number of values is the mean of the middle two.
Spread SpreadOf(std::vector<double> values);

// Returns the smallest value that at least the share `q` (0 to 1) of the values do not exceed; 0 of
// none. Reorders the values.
double QuantileOf(std::vector<float>& values, double q);

}  // namespace latchkey::benchmark

#endif  // LATCHKEY_TOOLS_BENCH_STATISTICS_H_
