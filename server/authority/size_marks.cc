#include "server/authority/size_marks.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "server/policy/plan_limits.h"

namespace latchkey {
namespace {

// How much farther than from each other marks are from the end.
constexpr std::uint64_t kDistancePerGap = 64;

std::uint64_t LargestSize() {
  std::uint64_t largest = 0;
  for (const policy::PlanLimits& row : policy::AllPlanLimits()) {
    largest = std::max(largest, row.max_audit_bytes);
  }
  return largest;
}

// The gap that marks so far from the end may have. A power of two, so that what was thinned at one
// distance is thinned further at the next, without a hole.
std::uint64_t GapAt(std::uint64_t distance) {
  return std::max(kMarkBytes, std::bit_floor(distance / kDistancePerGap));
}

}  // namespace

SizeMarks::SizeMarks(const storage::v1::EventSizesRecord& record)
    : total_(record.total_bytes()), counted_(record.counted_sequence()) {
  const int count = std::min(record.mark_sequences_size(), record.mark_bytes_size());
  marks_.reserve(static_cast<std::size_t>(count));
  Mark mark;
  for (int i = 0; i < count; ++i) {
    mark.sequence += record.mark_sequences(i);
    mark.bytes_before += record.mark_bytes(i);
    marks_.push_back(mark);
  }
}

bool SizeMarks::Count(std::uint64_t sequence, std::uint64_t bytes) {
  if (sequence <= counted_) return false;
  counted_ = sequence;
  const std::uint64_t last = marks_.empty() ? 0 : marks_.back().bytes_before;
  const bool is_mark = total_ / kMarkBytes > last / kMarkBytes;
  if (is_mark) marks_.push_back({sequence, total_});
  total_ += bytes;
  return is_mark;
}

void SizeMarks::Thin(std::uint64_t oldest) {
  // The last one beyond the largest plan is where that begins.
  const std::uint64_t largest = LargestSize();
  const auto beyond = [&](const Mark& mark) { return total_ - mark.bytes_before >= largest; };
  auto first = std::partition_point(marks_.begin(), marks_.end(), beyond);
  if (first != marks_.begin()) --first;
  first = std::find_if(first, marks_.end(),
                       [oldest](const Mark& mark) { return mark.sequence > oldest; });
  std::vector<Mark> kept;
  for (; first != marks_.end(); ++first) {
    const std::uint64_t gap = GapAt(total_ - first->bytes_before);
    // The first in each stretch of that length.
    if (kept.empty() || first->bytes_before / gap > kept.back().bytes_before / gap) {
      kept.push_back(*first);
    }
  }
  marks_ = std::move(kept);
}

std::uint64_t SizeMarks::OldestWithin(std::uint64_t max_bytes) const {
  if (total_ < max_bytes) return 0;
  const std::uint64_t border = total_ - max_bytes;
  const auto after = std::partition_point(
      marks_.begin(), marks_.end(), [&](const Mark& mark) { return mark.bytes_before <= border; });
  return after == marks_.begin() ? 0 : std::prev(after)->sequence;
}

storage::v1::EventSizesRecord SizeMarks::ToRecord(std::uint64_t counted) const {
  storage::v1::EventSizesRecord record;
  record.set_total_bytes(total_);
  record.set_counted_sequence(std::max(counted, counted_));
  Mark last;
  for (const Mark& mark : marks_) {
    record.add_mark_sequences(mark.sequence - last.sequence);
    record.add_mark_bytes(mark.bytes_before - last.bytes_before);
    last = mark;
  }
  return record;
}

}  // namespace latchkey
