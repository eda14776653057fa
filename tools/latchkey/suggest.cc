#include "tools/latchkey/suggest.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace latchkey::cli {
namespace {

constexpr std::size_t kLongestWord = 64;

// The number of insertions, removals, changes and swaps of neighbours between two words.
std::size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::string ClosestTo(absl::string_view word, const std::vector<std::string>& known) {
  if (word.empty() || word.size() > kLongestWord) return "";
  std::string best;
  std::size_t least = word.size() <= 3 ? 1 : word.size() <= 7 ? 2 : 3;
  for (const std::string& candidate : known) {
    if (word.size() >= 3 && absl::StartsWith(candidate, word)) return candidate;
    const std::size_t distance = Distance(word, candidate);
    if (distance < least || (distance == least && best.empty())) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

std::string DidYouMean(absl::string_view word, const std::vector<std::string>& known) {
  const std::string closest = ClosestTo(word, known);
  return closest.empty() ? "" : absl::StrCat(" Did you mean '", closest, "'?");
}

}  // namespace latchkey::cli
