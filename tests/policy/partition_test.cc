#include "tests/policy/partition.h"

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace latchkey::policy {
namespace {

// A grid of `axes` variables with three values each.
Grid ThreeByThree(std::size_t axes, const std::vector<std::uint16_t>& cells) {
  Grid grid;
  for (std::size_t i = 0; i < axes; ++i) grid.axes.push_back({i, {1, 2, 4}});
  grid.cells = cells;
  return grid;
}

bool Fits(const Box& box, const std::vector<std::size_t>& point) {
  for (std::size_t i = 0; i < point.size(); ++i) {
    if (box.where[i] != 0 && (box.where[i] >> point[i] & 1U) == 0) return false;
  }
  return true;
}

TEST(PartitionTest, AConstantIsOneBoxInWhichNothingMatters) {
  const std::vector<Box> boxes = Partition(ThreeByThree(1, {7, 7, 7}), 1);

  ASSERT_EQ(boxes.size(), 1U);
  EXPECT_THAT(boxes[0].where, testing::ElementsAre(0U));
  EXPECT_EQ(boxes[0].value, 7);
}

TEST(PartitionTest, ValuesThatDoNotDifferShareABox) {
  EXPECT_EQ(Partition(ThreeByThree(2, {1, 1, 2, 1, 1, 2, 1, 1, 2}), 2).size(), 2U);
}

TEST(PartitionTest, EveryPointFitsExactlyOneBoxWithItsValue) {
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same grids in every run
  for (int round = 0; round < 50; ++round) {
    std::vector<std::uint16_t> cells(27);
    for (std::uint16_t& cell : cells) cell = static_cast<std::uint16_t>(random() % 3);
    const std::vector<Box> boxes = Partition(ThreeByThree(3, cells), 3);
    for (std::size_t cell = 0; cell < cells.size(); ++cell) {
      const std::vector<std::size_t> point = {cell / 9, cell / 3 % 3, cell % 3};
      int fitting = 0;
      for (const Box& box : boxes) {
        if (!Fits(box, point)) continue;
        ++fitting;
        EXPECT_EQ(box.value, cells[cell]);
      }
      EXPECT_EQ(fitting, 1);
    }
  }
}

}  // namespace
}  // namespace latchkey::policy
