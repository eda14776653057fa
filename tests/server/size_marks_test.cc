// Where the newest events of a workspace of some bytes begin, against a count of each event.
#include "server/authority/size_marks.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "server/policy/plan_limits.h"

namespace latchkey {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

// Events as somebody remembers them who has the memory.
struct Events {
  std::vector<std::uint64_t> sequences;
  std::vector<std::uint64_t> bytes_before;
  std::uint64_t total = 0;
  std::uint64_t largest = 0;

  void Add(std::uint64_t sequence, std::uint64_t bytes) {
    sequences.push_back(sequence);
    bytes_before.push_back(total);
    total += bytes;
    largest = std::max(largest, bytes);
  }
  // Where the newest events begin that have no more than `max_bytes`; 0: all have no more.
  std::uint64_t ExactlyWithin(std::uint64_t max_bytes) const {
    if (total <= max_bytes) return 0;
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      if (total - bytes_before[i] <= max_bytes) return sequences[i];
    }
    return sequences.back() + 1;
  }
  std::uint64_t BytesFrom(std::uint64_t sequence) const {
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      if (sequences[i] >= sequence) return total - bytes_before[i];
    }
    return 0;
  }
};

SizeMarks Stored(const SizeMarks& marks) { return SizeMarks(marks.ToRecord(0)); }

void ExpectBoundsMet(const SizeMarks& marks, const Events& events) {
  for (std::uint64_t plan = 2 * kMarkBytes; plan <= 1024 * kMiB; plan *= 2) {
    const std::uint64_t oldest = marks.OldestWithin(plan);
    EXPECT_LE(oldest, events.ExactlyWithin(plan)) << "hides what is within " << plan;
    EXPECT_LE(events.BytesFrom(oldest), plan + plan / 64 + kMarkBytes + events.largest) << plan;
  }
}

TEST(SizeMarksTest, NothingIsHiddenThatIsWithinAndLittleIsShownThatIsBeyond) {
  std::mt19937_64 random(7);
  for (const std::uint64_t largest : {2000, 100'000, 3'000'000}) {
    SCOPED_TRACE(largest);
    SizeMarks marks({});
    Events events;
    std::uint64_t sequence = 0;
    for (int batch = 0; batch < 200 && events.total < 600 * kMiB; ++batch) {
      const std::uint64_t count = 1 + random() % 400;
      for (std::uint64_t i = 0; i < count; ++i) {
        sequence += 1 + random() % 5;
        const std::uint64_t bytes = 1 + random() % largest;
        marks.Count(sequence, bytes);
        events.Add(sequence, bytes);
      }
      marks.Thin(1);
      marks = Stored(marks);
      if (batch % 20 == 0) ExpectBoundsMet(marks, events);
    }
    ExpectBoundsMet(marks, events);
  }
}

TEST(SizeMarksTest, MarksAreFewHoweverMuchThereIs) {
  SizeMarks marks({});
  const std::uint64_t largest = policy::AllPlanLimits().back().max_audit_bytes;
  std::uint64_t sequence = 0;
  for (std::uint64_t total = 0; total < 3 * largest; total += kMarkBytes) {
    marks.Count(++sequence, kMarkBytes);
    if (sequence % 1000 == 0) marks.Thin(1);
  }
  marks.Thin(1);

  const storage::v1::EventSizesRecord record = marks.ToRecord(0);
  EXPECT_LE(record.mark_sequences_size(), 64 * 13);
  EXPECT_LE(record.ByteSizeLong(), 8000u);
  // Those that are left serve every plan.
  for (const policy::PlanLimits& plan : policy::AllPlanLimits()) {
    const std::uint64_t shown = (sequence + 1 - marks.OldestWithin(plan.max_audit_bytes));
    EXPECT_GE(shown * kMarkBytes, plan.max_audit_bytes) << plan.name;
    EXPECT_LE(shown * kMarkBytes, plan.max_audit_bytes * 33 / 32) << plan.name;
  }
}

TEST(SizeMarksTest, WhatTheLogNoLongerHasLeavesNoMarks) {
  SizeMarks marks({});
  for (std::uint64_t sequence = 1; sequence <= 100; ++sequence) marks.Count(sequence, kMarkBytes);
  marks.Thin(60);

  EXPECT_EQ(marks.ToRecord(100).mark_sequences_size(), 40);
  EXPECT_EQ(marks.ToRecord(100).mark_sequences(0), 61u);
  EXPECT_EQ(marks.OldestWithin(30 * kMarkBytes), 71u);
  marks.Thin(100);
  EXPECT_EQ(marks.OldestWithin(30 * kMarkBytes), 0u);
}

TEST(SizeMarksTest, AnEventIsCountedOnce) {
  SizeMarks marks({});
  marks.Count(5, 10);
  marks = SizeMarks(marks.ToRecord(8));
  for (const std::uint64_t sequence : {5, 8}) marks.Count(sequence, 10);
  EXPECT_EQ(marks.ToRecord(8).total_bytes(), 10u);
  marks.Count(9, 10);
  EXPECT_EQ(marks.ToRecord(9).total_bytes(), 20u);
}

}  // namespace
}  // namespace latchkey
