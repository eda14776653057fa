#ifndef LATCHKEY_TOOLS_BENCH_STREAM_LATENCY_H_
#define LATCHKEY_TOOLS_BENCH_STREAM_LATENCY_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tools/bench/lab.h"

namespace latchkey::benchmark {

// From sending a mutation, in milliseconds; and from its reply to its event, 0 where that was
// first.
struct DeliveryTimes {
  double reply_p50 = 0;
  double reply_p99 = 0;
  double event_p50 = 0;
  double event_p99 = 0;
  double after_reply_p99 = 0;
};

// Issues `rate` tokens a second, evenly, while one subscriber with a max_delay of 0 follows the
// log. DEADLINE_EXCEEDED: the server does not keep up, or the events do not come.
absl::StatusOr<DeliveryTimes> MeasureDelivery(const Subject& subject, double rate,
                                              absl::Duration duration);

}  // namespace latchkey::benchmark

#endif  // LATCHKEY_TOOLS_BENCH_STREAM_LATENCY_H_
