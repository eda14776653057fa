#ifndef LATCHKEY_SERVER_AUTHORITY_SIZE_MARKS_H_
#define LATCHKEY_SERVER_AUTHORITY_SIZE_MARKS_H_

#include <cstdint>
#include <vector>

#include "latchkey/storage/v1/records.pb.h"

namespace latchkey {

// Marks are this far apart where they are nearest to each other.
inline constexpr std::uint64_t kMarkBytes = std::uint64_t{512} << 10;

// How many bytes the events of a workspace have, and where in the log so many of the newest lie. It
// knows that by marks, which are 512 KiB and an event apart at the end, and a 64th of their
// distance from it farther back: some 800 for 64 GiB.
class SizeMarks {
 public:
  explicit SizeMarks(const storage::v1::EventSizesRecord& record);

  // Adds the next event of the workspace, of so many bytes. One that was counted is passed over.
  // Returns whether it became a mark.
  bool Count(std::uint64_t sequence, std::uint64_t bytes);

  // Drops marks that are nearer to each other than they have to be, and those that say nothing any
  // more: of what is before `oldest`, where the log begins, or beyond what any plan takes.
  void Thin(std::uint64_t oldest);

  // Returns where the newest events of `max_bytes` begin, 0 where all that was counted has no more.
  // That is at the border or before it, by a 64th of `max_bytes` and 512 KiB and an event at most,
  // but for what was not counted yet.
  std::uint64_t OldestWithin(std::uint64_t max_bytes) const;

  // The record to keep once every event of the log up to `counted` was counted or is another
  // workspace's.
  storage::v1::EventSizesRecord ToRecord(std::uint64_t counted) const;

 private:
  struct Mark {
    std::uint64_t sequence = 0;
    std::uint64_t bytes_before = 0;
  };

  std::uint64_t total_;
  std::uint64_t counted_;
  std::vector<Mark> marks_;
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_SIZE_MARKS_H_
