#include "server/authority/actions.h"

#include "google/protobuf/descriptor.h"

namespace latchkey {

v1::Outcome ToProto(policy::Outcome outcome) {
  switch (outcome) {
    case policy::Outcome::kAllow:
      return v1::OUTCOME_ALLOWED;
    case policy::Outcome::kDeny:
      return v1::OUTCOME_DENIED;
    case policy::Outcome::kNeedsApproval:
      return v1::OUTCOME_NEEDS_APPROVAL;
  }
  return v1::OUTCOME_DENIED;
}

v1::Decision ToProto(const policy::Decision& decision) {
  v1::Decision proto;
  proto.set_outcome(ToProto(decision.outcome));
  proto.set_rule(std::string(decision.rule));
  proto.set_reason(std::string(decision.reason));
  return proto;
}

const v1::ActionInfo& InfoOf(v1::Action action) {
  const auto* const value = v1::Action_descriptor()->FindValueByNumber(action);
  return value == nullptr ? v1::ActionInfo::default_instance()
                          : value->options().GetExtension(v1::action_info);
}

const std::string& ActionName(v1::Action action) { return InfoOf(action).name(); }

absl::Time FromProto(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

google::protobuf::Timestamp ToProto(absl::Time time) {
  google::protobuf::Timestamp timestamp;
  const std::int64_t seconds = absl::ToUnixSeconds(time);
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(
      static_cast<std::int32_t>((time - absl::FromUnixSeconds(seconds)) / absl::Nanoseconds(1)));
  return timestamp;
}

absl::Duration FromProto(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

google::protobuf::Duration ToProto(absl::Duration duration) {
  google::protobuf::Duration proto;
  const std::int64_t seconds = absl::ToInt64Seconds(duration);
  proto.set_seconds(seconds);
  proto.set_nanos(
      static_cast<std::int32_t>((duration - absl::Seconds(seconds)) / absl::Nanoseconds(1)));
  return proto;
}

}  // namespace latchkey
