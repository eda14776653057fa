#include "tests/policy/partition.h"

#include <algorithm>
#include <utility>

namespace latchkey::policy {
namespace {

// The cells of an axis: cell = (outer * steps + step) * stride + inner.
struct Layout {
  std::size_t outer = 1;
  std::size_t steps = 1;
  std::size_t stride = 1;
};

Layout LayoutOf(const Grid& grid, std::size_t axis) {
  Layout layout;
  for (std::size_t i = 0; i < grid.axes.size(); ++i) {
    const std::size_t steps = grid.axes[i].steps.size();
    (i < axis ? layout.outer : i == axis ? layout.steps : layout.stride) *= steps;
  }
  return layout;
}

bool SameSlice(const Grid& grid, const Layout& layout, std::size_t a, std::size_t b) {
  for (std::size_t outer = 0; outer < layout.outer; ++outer) {
    const auto base =
        grid.cells.begin() + static_cast<std::ptrdiff_t>(outer * layout.steps * layout.stride);
    const auto first = base + static_cast<std::ptrdiff_t>(a * layout.stride);
    const auto second = base + static_cast<std::ptrdiff_t>(b * layout.stride);
    if (!std::equal(first, first + static_cast<std::ptrdiff_t>(layout.stride), second))
      return false;
  }
  return true;
}

// Keeps the steps of an axis that `keep` names, in its order.
Grid Select(const Grid& grid, std::size_t axis, const std::vector<std::size_t>& keep) {
  const Layout layout = LayoutOf(grid, axis);
  Grid selected;
  selected.axes = grid.axes;
  selected.axes[axis].steps.clear();
  for (const std::size_t step : keep) {
    selected.axes[axis].steps.push_back(grid.axes[axis].steps[step]);
  }
  selected.cells.reserve(layout.outer * keep.size() * layout.stride);
  for (std::size_t outer = 0; outer < layout.outer; ++outer) {
    for (const std::size_t step : keep) {
      const auto from = grid.cells.begin() +
                        static_cast<std::ptrdiff_t>((outer * layout.steps + step) * layout.stride);
      selected.cells.insert(selected.cells.end(), from,
                            from + static_cast<std::ptrdiff_t>(layout.stride));
    }
  }
  return selected;
}

// Merges the steps of an axis that do not differ.
Grid MergeSteps(const Grid& grid, std::size_t axis) {
  const Layout layout = LayoutOf(grid, axis);
  std::vector<std::size_t> keep;
  std::vector<Grid::Values> merged;
  for (std::size_t step = 0; step < layout.steps; ++step) {
    std::size_t same = 0;
    while (same < keep.size() && !SameSlice(grid, layout, keep[same], step)) ++same;
    if (same == keep.size()) {
      keep.push_back(step);
      merged.push_back(0);
    }
    merged[same] |= grid.axes[axis].steps[step];
  }
  if (keep.size() == layout.steps) return grid;
  Grid result = Select(grid, axis, keep);
  result.axes[axis].steps = merged;
  return result;
}

Grid Simplify(Grid grid) {
  for (std::size_t axis = grid.axes.size(); axis-- > 0;) {
    grid = MergeSteps(grid, axis);
    if (grid.axes[axis].steps.size() == 1) {
      grid.axes.erase(grid.axes.begin() + static_cast<std::ptrdiff_t>(axis));
    }
  }
  return grid;
}

struct Cut {
  std::size_t axis = 0;
  std::size_t step = 0;
};

// Every way to cut one step of an axis off the others.
std::vector<Cut> CutsOf(const Grid& grid) {
  std::vector<Cut> cuts;
  for (std::size_t axis = 0; axis < grid.axes.size(); ++axis) {
    const std::size_t steps = grid.axes[axis].steps.size();
    // Two steps are cut in one way only.
    for (std::size_t step = 0; step < (steps == 2 ? 1 : steps); ++step)
      cuts.push_back({axis, step});
  }
  return cuts;
}

std::pair<Grid, Grid> Apply(const Grid& grid, const Cut& cut) {
  std::vector<std::size_t> others;
  for (std::size_t step = 0; step < grid.axes[cut.axis].steps.size(); ++step) {
    if (step != cut.step) others.push_back(step);
  }
  return {Select(grid, cut.axis, {cut.step}), Select(grid, cut.axis, others)};
}

// How often each value occurs in a set of cells, by the value.
using Histogram = std::vector<std::uint64_t>;

// Measures in integers, and so alike everywhere, how mixed cells are: the chance that two of them
// differ, times their number.
std::uint64_t Mixture(const Histogram& histogram) {
  std::uint64_t size = 0;
  std::uint64_t squares = 0;
  for (const std::uint64_t count : histogram) {
    size += count;
    squares += count * count;
  }
  return (size * size - squares) * 1024 / size;
}

// Returns the histogram of each step of an axis.
std::vector<Histogram> HistogramsOf(const Grid& grid, std::size_t axis, std::size_t values) {
  const Layout layout = LayoutOf(grid, axis);
  std::vector<Histogram> histograms(layout.steps, Histogram(values));
  const std::uint16_t* cell = grid.cells.data();
  for (std::size_t outer = 0; outer < layout.outer; ++outer) {
    for (Histogram& histogram : histograms) {
      std::uint64_t* const counts = histogram.data();
      for (const std::uint16_t* const end = cell + layout.stride; cell != end; ++cell) {
        ++counts[*cell];
      }
    }
  }
  return histograms;
}

// The cut that leaves the two sides least mixed.
Cut GreedyCut(const Grid& grid) {
  const std::size_t values =
      *std::max_element(grid.cells.begin(), grid.cells.end()) + std::size_t{1};
  Histogram whole(values);
  for (const std::uint16_t value : grid.cells) ++whole[value];
  Cut best;
  std::uint64_t best_mixture = ~std::uint64_t{0};
  for (std::size_t axis = 0; axis < grid.axes.size(); ++axis) {
    const std::vector<Histogram> parts = HistogramsOf(grid, axis, values);
    for (std::size_t step = 0; step < parts.size(); ++step) {
      Histogram rest = whole;
      for (std::size_t value = 0; value < values; ++value) rest[value] -= parts[step][value];
      const std::uint64_t mixture = Mixture(parts[step]) + Mixture(rest);
      if (mixture >= best_mixture) continue;
      best = {axis, step};
      best_mixture = mixture;
    }
  }
  return best;
}

std::size_t CountGreedy(const Grid& unmerged) {
  const Grid grid = Simplify(unmerged);
  if (grid.axes.empty()) return 1;
  const auto [part, rest] = Apply(grid, GreedyCut(grid));
  return CountGreedy(part) + CountGreedy(rest);
}

// The cut after which greedy cuts leave the fewest boxes.
Cut BestCut(const Grid& grid) {
  Cut best;
  std::size_t best_count = ~std::size_t{0};
  for (const Cut& cut : CutsOf(grid)) {
    const auto [part, rest] = Apply(grid, cut);
    const std::size_t count = CountGreedy(part) + CountGreedy(rest);
    if (count < best_count) {
      best = cut;
      best_count = count;
    }
  }
  return best;
}

void CutUp(const Grid& unmerged, const std::vector<Grid::Values>& where, std::vector<Box>& boxes) {
  const Grid grid = Simplify(unmerged);
  if (grid.axes.empty()) {
    boxes.push_back({where, grid.cells.front()});
    return;
  }
  const Cut cut = BestCut(grid);
  const auto [part, rest] = Apply(grid, cut);
  for (const Grid& side : {part, rest}) {
    std::vector<Grid::Values> here = where;
    Grid::Values& values = here[grid.axes[cut.axis].variable];
    values = 0;
    for (const Grid::Values step : side.axes[cut.axis].steps) values |= step;
    CutUp(side, here, boxes);
  }
}

}  // namespace

std::vector<Box> Partition(const Grid& grid, std::size_t variables) {
  std::vector<Box> boxes;
  CutUp(grid, std::vector<Grid::Values>(variables, 0), boxes);
  return boxes;
}

}  // namespace latchkey::policy
