#ifndef LATCHKEY_SERVER_RPC_WAKE_PLAN_H_
#define LATCHKEY_SERVER_RPC_WAKE_PLAN_H_

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_set.h"

namespace latchkey::rpc {

class SubscribeReactor;

// When which streams are woken after commits. A stream that has nothing to send lets the first new
// event wait for others, for as long as its subscriber said or until about as many bytes as fill a
// response were published; streams of the same pace wait together, so that neither takes a timer
// for each. Used by one thread at a time.
class WakePlan {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // How long an event may wait, and for how many bytes.
  struct Pace {
    std::chrono::nanoseconds max_delay;
    std::size_t max_bytes;
    friend bool operator<(const Pace& a, const Pace& b) {
      return a.max_delay != b.max_delay ? a.max_delay < b.max_delay : a.max_bytes < b.max_bytes;
    }
  };
  using Streams = absl::flat_hash_set<SubscribeReactor*>;

  // `published` is how many bytes of events were ever published, here and below.
  void Add(SubscribeReactor* stream, const Pace& pace, std::uint64_t published);
  // Does nothing where the plan does not have it.
  void Remove(SubscribeReactor* stream, const Pace& pace);

  // Whether some streams do not wait, so that they have to be told of the next commit.
  bool listens() const;
  // Whether some streams are due.
  bool IsDue(Time now, std::uint64_t published) const;

  // Calls `wake` with each stream that is due. Where `noticed`, that is after a commit, the wait of
  // those that do not wait begins; which may be over at once.
  template <typename Wake>
  void Step(Time now, bool noticed, std::uint64_t published, const Wake& wake) {
    for (auto& [pace, group] : groups_) {
      bool due = group.IsDue(pace, now, published);
      if (!due && noticed && !group.waits) {
        group.Wait(now + pace.max_delay);
        due = group.IsDue(pace, now, published);
      }
      if (!due) continue;
      group.Pass(published);
      for (SubscribeReactor* stream : group.streams) wake(stream);
    }
  }

  // When the next are due; Time::max() where none wait.
  Time NextDue() const;
  // With how many published bytes; UINT64_MAX where none wait.
  std::uint64_t NextDueBytes() const;

 private:
  struct Group {
    Streams streams;
    bool waits = false;
    Time due{};                // where it waits
    std::uint64_t passed = 0;  // bytes that were published when it was last woken

    bool IsDue(const Pace& pace, Time now, std::uint64_t published) const {
      return waits && (now >= due || published - passed >= pace.max_bytes);
    }
    void Wait(Time until) {
      waits = true;
      due = until;
    }
    void Pass(std::uint64_t published) {
      waits = false;
      passed = published;
    }
  };

  absl::btree_map<Pace, Group> groups_;
};

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_WAKE_PLAN_H_
