#ifndef LATCHKEY_SERVER_AUTHORITY_ACTIONS_H_
#define LATCHKEY_SERVER_AUTHORITY_ACTIONS_H_

#include <string>

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "latchkey/v1/annotations.pb.h"
#include "latchkey/v1/common.pb.h"
#include "latchkey/v1/directory_service.pb.h"
#include "server/policy/plan_limits.h"
#include "server/policy/policy.h"

namespace latchkey {

// Conversions between the public contract's vocabulary and the policy module's, whose enums have
// the same numbers.

inline v1::Action ToProto(policy::Action action) {
  return static_cast<v1::Action>(static_cast<int>(action));
}
inline policy::Role ToPolicy(v1::Role role) { return static_cast<policy::Role>(role); }
inline policy::AppKind ToPolicy(v1::AppKind kind) { return static_cast<policy::AppKind>(kind); }
inline policy::TokenKind ToPolicy(v1::TokenKind kind) {
  return static_cast<policy::TokenKind>(kind);
}
inline policy::Plan ToPolicy(v1::Plan plan) { return static_cast<policy::Plan>(plan); }
inline v1::Plan ToProto(policy::Plan plan) { return static_cast<v1::Plan>(static_cast<int>(plan)); }
v1::Outcome ToProto(policy::Outcome outcome);
v1::Decision ToProto(const policy::Decision& decision);

// What the contract's table says of an action; empty for a number that it does not have.
const v1::ActionInfo& InfoOf(v1::Action action);

// The stable name of an action: "token.issue".
const std::string& ActionName(v1::Action action);

// google.protobuf.Timestamp to and from absl::Time, to the nanosecond.
absl::Time FromProto(const google::protobuf::Timestamp& timestamp);
google::protobuf::Timestamp ToProto(absl::Time time);
google::protobuf::Duration ToProto(absl::Duration duration);
absl::Duration FromProto(const google::protobuf::Duration& duration);

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_ACTIONS_H_
