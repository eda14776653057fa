#include "server/authority/subscription.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/authority/actions.h"
#include "server/authority/audit_filter.h"
#include "server/authority/errors.h"
#include "server/authority/validate.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

constexpr absl::Duration kDefaultInterval = absl::Seconds(10);
constexpr absl::Duration kShortestInterval = absl::Seconds(1);
constexpr absl::Duration kLongestInterval = absl::Seconds(60);
constexpr absl::Duration kDefaultDelay = absl::Milliseconds(2);
constexpr absl::Duration kLongestDelay = absl::Seconds(1);
constexpr std::uint32_t kLeastBytes = 1 << 10;
constexpr std::uint32_t kMostBytes = 1 << 20;

// What of a request says where to begin.
std::vector<std::string> StartsOf(const v1::SubscribeRequest& request) {
  std::vector<std::string> starts;
  if (request.after_revision() != 0) starts.emplace_back("after_revision");
  if (request.from_now()) starts.emplace_back("from_now");
  if (request.has_start_time()) starts.emplace_back("start_time");
  if (!request.consumer().empty()) starts.emplace_back("consumer");
  return starts;
}

void CheckStart(const v1::SubscribeRequest& request, Validator& validator) {
  const std::vector<std::string> starts = StartsOf(request);
  if (starts.size() > 1) {
    validator.Add(starts[0],
                  absl::StrCat("is set beside ", starts[1], "; a stream takes one start"));
  }
  // The bounds of google.protobuf.Timestamp.
  constexpr std::int64_t kFirstSecond = -62'135'596'800;
  constexpr std::int64_t kLastSecond = 253'402'300'799;
  const auto& time = request.start_time();
  validator.Check(time.seconds() >= kFirstSecond && time.seconds() <= kLastSecond &&
                      time.nanos() >= 0 && time.nanos() <= 999'999'999,
                  "start_time", "is no time; it takes the years 1 to 9999 and nanos to 999999999");
}

}  // namespace

absl::StatusOr<SubscriptionTerms> ReadTerms(const v1::SubscribeRequest& request) {
  SubscriptionTerms terms;
  Validator validator;
  CheckFilter(request.filter(), validator);
  CheckStart(request, validator);
  terms.heartbeat_interval = kDefaultInterval;
  if (request.has_heartbeat_interval()) {
    terms.heartbeat_interval = FromProto(request.heartbeat_interval());
    validator.Span("heartbeat_interval", request.heartbeat_interval(), kShortestInterval,
                   kLongestInterval);
  }
  terms.max_delay = kDefaultDelay;
  if (request.has_max_delay()) {
    terms.max_delay = FromProto(request.max_delay());
    validator.Span("max_delay", request.max_delay(), absl::ZeroDuration(), kLongestDelay);
  }
  if (request.max_bytes() != 0) {
    terms.limits.max_bytes = request.max_bytes();
    validator.Check(request.max_bytes() >= kLeastBytes && request.max_bytes() <= kMostBytes,
                    "max_bytes",
                    absl::StrCat("is ", request.max_bytes(), "; it takes 0, or ", kLeastBytes,
                                 " to ", kMostBytes));
  }
  LATCHKEY_RETURN_IF_ERROR(validator.status());
  if (request.serialized()) terms.field = EventField::kSerializedEvents;
  terms.selector = SelectorOf(request.filter());
  return terms;
}

absl::StatusOr<std::uint64_t> StartOf(const v1::SubscribeRequest& request, const EventHub& hub) {
  if (request.from_now()) return hub.newest();
  if (request.has_start_time()) {
    LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t first, hub.FirstSince(request.start_time()));
    return first - 1;
  }
  return request.after_revision();
}

}  // namespace latchkey
