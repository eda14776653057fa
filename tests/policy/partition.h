#ifndef LATCHKEY_TESTS_POLICY_PARTITION_H_
#define LATCHKEY_TESTS_POLICY_PARTITION_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace latchkey::policy {

// A function of several small variables, as a table of all its values.
struct Grid {
  // A set of values of one variable.
  using Values = std::uint64_t;

  struct Axis {
    std::size_t variable = 0;
    std::vector<Values> steps;  // disjoint; what one step along the axis stands for
  };

  std::vector<Axis> axes;
  std::vector<std::uint16_t> cells;  // row-major: the last axis is fastest
};

// One part of a grid, on which the function is constant.
struct Box {
  std::vector<Grid::Values> where;  // by variable; 0: the variable does not matter
  std::uint16_t value = 0;
};

// Cuts a grid into few boxes that do not overlap and together cover it. Deterministic; the boxes
// are few rather than fewest. `variables` is more than the greatest variable of an axis.
std::vector<Box> Partition(const Grid& grid, std::size_t variables);

}  // namespace latchkey::policy

#endif  // LATCHKEY_TESTS_POLICY_PARTITION_H_
