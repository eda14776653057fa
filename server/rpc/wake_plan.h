#ifndef LATCHKEY_SERVER_RPC_WAKE_PLAN_H_
#define LATCHKEY_SERVER_RPC_WAKE_PLAN_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"

namespace latchkey::rpc {

class SubscribeReactor;

// Which streams are woken after commits, and when. A stream that has nothing to send lets the first
// new event wait for others, for as long as its subscriber said or until about as many bytes as
// fill a response were published; streams of the same pace wait together, so that none takes a
// timer of its own. Those of one workspace are found by its name, so that what is committed
// elsewhere costs nothing for each of them. Used by one thread at a time.
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
  // Where a stream is found.
  struct Place {
    Pace pace;
    std::string workspace;  // the only one whose events it may send, by name; empty: it sends any
  };
  // How far the log is.
  struct LogEnd {
    std::uint64_t newest;  // the last event
    std::uint64_t bytes;   // published ever
  };
  // What was committed.
  struct News {
    bool for_all = false;                         // every stream is to look
    absl::flat_hash_set<std::string> workspaces;  // else those of these, and those that send any
  };
  // Says what was committed after an event, up to the log's end that is given beside it.
  using NewsSince = absl::FunctionRef<News(std::uint64_t after)>;
  // Wakes a stream. If it has nothing to send, then nothing up to `passed` is for it.
  using Wake = absl::FunctionRef<void(SubscribeReactor*, std::uint64_t passed)>;

  // The next pace of some dozens that is no slower, so that there are few whatever is asked for.
  static Pace Rounded(const Pace& pace);

  void Add(SubscribeReactor* stream, const Place& place, const LogEnd& end);
  // Does nothing where the plan does not have it.
  void Remove(SubscribeReactor* stream, const Place& place);

  // Whether some streams do not wait, so that they have to be told of the next commit.
  bool listens() const;
  // Whether some streams are due.
  bool IsDue(Time now, const LogEnd& end) const;

  // Wakes what is due and concerned by the news. Where `noticed`, that is after a commit, the wait
  // of those that do not wait begins; which may be over at once.
  void Step(Time now, bool noticed, const LogEnd& end, NewsSince news_since, Wake wake);

  // Calls `wake` for every stream.
  void ForEach(Wake wake) const;

  // When the next are due; Time::max() where none wait.
  Time NextDue() const;
  // With how many published bytes; UINT64_MAX where none wait.
  std::uint64_t NextDueBytes() const;

 private:
  using Streams = absl::flat_hash_set<SubscribeReactor*>;

  struct Group {
    absl::flat_hash_map<std::string, Streams> streams;  // by workspace
    bool waits = false;
    Time due{};       // where it waits
    LogEnd passed{};  // when it was last due
    std::size_t max_bytes = 0;

    bool IsDue(Time now, const LogEnd& end) const {
      return waits && (now >= due || end.bytes - passed.bytes >= max_bytes);
    }
  };

  static void WakeGroup(const Group& group, const News& news, Wake wake);
  static void WakeThose(const Group& group, const std::string& workspace, Wake wake);

  absl::btree_map<Pace, Group> groups_;
};

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_WAKE_PLAN_H_
